"""What compose.yaml must have: Docker is not needed to read it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from chat.settings import PREFIX, Settings
from chat.version import VERSION
from main import STOPS_WITHIN
from tests.deploy.balancer import CONFIGURATION, DEPLOY, certificate, haproxy, trusted_by_servers
from tests.deploy.images import read
from web.draining import DRAIN

TEXT = (DEPLOY / 'compose.yaml').read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE['services']
EXAMPLE = (DEPLOY / '.env.example').read_text()
STORED_WITHIN = 5  # s; what waits when a server ends

each_service = pytest.mark.parametrize('service', SERVICES.values(), ids=SERVICES)


def test_there_is_all_that_several_servers_need() -> None:
    assert set(SERVICES) == {'balancer', 'hearth', 'database', 'redis'}


@each_service
def test_nobody_writes_to_their_own_program_or_gains_rights(service: dict[str, Any]) -> None:
    assert service['read_only'] is True
    assert service['cap_drop'] == ['ALL']
    assert service['security_opt'] == ['no-new-privileges:true']
    assert not service.get('privileged')
    assert not service.get('cap_add')


@each_service
def test_images_have_fixed_tags_and_logs_an_end(service: dict[str, Any]) -> None:
    name, tag = service['image'].split(':', 1)
    assert name
    assert re.search(r'[0-9]', tag)
    assert 'latest' not in tag
    assert service['logging']['options']['max-size']


@pytest.mark.parametrize('name', SERVICES)
def test_everybody_is_asked_how_they_are(name: str) -> None:
    assert name == 'hearth' or SERVICES[name]['healthcheck']['test']
    assert 'HEALTHCHECK' in {each.name for each in read((DEPLOY / 'Dockerfile').read_text())}


@pytest.mark.parametrize('name', SERVICES)
def test_only_the_balancer_is_reached_from_outside(name: str) -> None:
    service = SERVICES[name]
    assert ('ports' in service) == (name == 'balancer')
    assert 'network_mode' not in service
    for network in service['networks']:
        assert name == 'balancer' or COMPOSE['networks'][network]['internal'] is True


def test_whoever_is_trusted_to_tell_addresses_shares_no_network_with_strangers() -> None:
    assert [name for name, each in SERVICES.items() if 'doors' in each['networks']] == ['balancer', 'hearth']


def test_everybody_waits_for_those_they_need() -> None:
    for service, others in {'balancer': ['hearth'], 'hearth': ['database', 'redis']}.items():
        waits = SERVICES[service]['depends_on']
        assert {name: how['condition'] for name, how in waits.items()} == dict.fromkeys(others, 'service_healthy')


def test_a_server_has_time_to_drain_and_to_end() -> None:
    grace = int(SERVICES['hearth']['stop_grace_period'].removesuffix('s'))
    assert grace >= DRAIN + STOPS_WITHIN + STORED_WITHIN


def test_the_balancer_ends_in_time_by_itself() -> None:
    hard_stop = re.search(r'hard-stop-after (\d+)s', CONFIGURATION.read_text())
    assert hard_stop is not None
    assert int(hard_stop[1]) < int(SERVICES['balancer']['stop_grace_period'].removesuffix('s'))


def test_all_that_can_be_set_is_in_the_example_and_nothing_else_is() -> None:
    assert set(re.findall(r'\$\{(\w+)', TEXT)) == set(re.findall(r'^(\w+)=', EXAMPLE, re.MULTILINE))


def test_there_is_no_start_without_passwords() -> None:
    for name, line in re.findall(r'\$\{(\w+PASSWORD)([^}]*)\}', TEXT):
        assert line.startswith(':?'), name
        assert f'\n{name}=\n' in EXAMPLE


def test_servers_are_set_only_what_they_know() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {'FORWARDED_ALLOW_IPS'}
    assert set(SERVICES['hearth']['environment']) <= known


def test_the_balancer_is_told_all_that_it_asks_for() -> None:
    asked = set(re.findall(r'\$\{(\w+)\}', CONFIGURATION.read_text()))
    assert asked == set(SERVICES['balancer']['environment'])


@pytest.mark.parametrize('certificates', [False, True])
def test_haproxy_understands_its_configuration_with_what_compose_sets(tmp_path: Path, certificates: bool) -> None:
    environment = dict(SERVICES['balancer']['environment'])
    environment['HEARTH_CERTIFICATE'] = str(certificate(tmp_path)) if certificates else ''
    checked = [haproxy(), '-c', '-f', str(CONFIGURATION)]
    done = subprocess.run(checked, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '[WARNING]' not in done.stderr


def test_the_version_is_the_current_one() -> None:
    assert f'HEARTH_VERSION={VERSION}\n' in EXAMPLE
    assert SERVICES['hearth']['image'] == f'hearth:${{HEARTH_VERSION:-{VERSION}}}'


async def test_a_balancer_in_a_container_of_its_own_is_believed_whom_it_speaks_for() -> None:
    seen: Scope = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope)

    headers = [(b'x-forwarded-for', b'203.0.113.9'), (b'x-forwarded-proto', b'https')]
    scope = {'type': 'http', 'scheme': 'http', 'client': ('172.18.0.5', 4711), 'headers': headers}
    await ProxyHeadersMiddleware(app, trusted_by_servers())(scope, None, None)  # type: ignore[arg-type]
    assert seen['client'][0] == '203.0.113.9'
    assert seen['scheme'] == 'https'
