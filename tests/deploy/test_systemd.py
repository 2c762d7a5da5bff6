"""The unit for a single server, as systemd's own tools see it."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from main import STOPS_WITHIN

ROOT = Path(__file__).parents[2]
UNIT = ROOT / 'deploy' / 'hearth.service'
MOST_EXPOSED = 2.0  # by systemd's own count, of 10


@pytest.fixture
def analyze() -> str:
    """Return the tool; skips where there is none, which CI does not allow."""
    found = shutil.which('systemd-analyze')
    if found is None:
        pytest.skip('systemd-analyze is not installed')
    return found


def service() -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNIT)
    return parser['Service']


def test_systemd_understands_it(analyze: str, tmp_path: Path) -> None:
    assert verify(analyze, tmp_path, UNIT.read_text()) == ''


def test_a_mistake_in_it_would_be_noticed(analyze: str, tmp_path: Path) -> None:
    assert 'ProtectSystm' in verify(analyze, tmp_path, UNIT.read_text().replace('ProtectSystem', 'ProtectSystm'))


def test_systemd_calls_it_well_closed(analyze: str) -> None:
    done = subprocess.run([analyze, 'security', '--offline=yes', str(UNIT)], capture_output=True, text=True, check=True)
    exposed = re.search(r'Overall exposure level for hearth.service: ([0-9.]+)', done.stdout)
    assert exposed is not None
    assert float(exposed[1]) <= MOST_EXPOSED


def test_it_has_time_to_end_and_does_not_try_again_what_cannot_work() -> None:
    assert int(service()['TimeoutStopSec']) > STOPS_WITHIN + 5
    assert service()['Restart'] == 'on-failure'
    assert service()['RestartPreventExitStatus'] == '2'


def test_a_database_that_is_not_there_yet_is_tried_again(tmp_path: Path) -> None:
    address = 'postgresql://ada:geheim@127.0.0.1:9/chat'
    done = subprocess.run(
        [sys.executable, 'main.py', '--port', '0'],
        cwd=ROOT, env={**os.environ, 'HEARTH_DATA': str(tmp_path), 'HEARTH_DATABASE_URL': address},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode not in (0, int(service()['RestartPreventExitStatus']))
    assert done.stderr.startswith("Hearth cannot use the database 'chat' at 127.0.0.1")


def test_what_is_written_is_in_its_own_folder() -> None:
    assert f'HEARTH_DATA=/var/lib/{service()["StateDirectory"]}' in service()['Environment'].split()
    assert service()['ProtectSystem'] == 'strict'


def verify(analyze: str, folder: Path, text: str) -> str:
    """Return what systemd complains of, were Hearth installed where the unit says."""
    here = text.replace('/opt/hearth/.venv/bin/python', sys.executable).replace('/opt/hearth', str(ROOT))
    unit = folder / 'hearth.service'
    unit.write_text(here)
    done = subprocess.run(
        [analyze, 'verify', '--man=no', str(unit)],
        capture_output=True, text=True, check=False, env={**os.environ, 'LC_ALL': 'C.UTF-8'},
    )  # fmt: skip
    return '\n'.join(line for line in done.stderr.splitlines() if 'hearth.service' in line)
