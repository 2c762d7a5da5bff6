"""What the server measures: numbers for Prometheus, and nothing about anybody."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from api import metrics
from chat import Chat, totals
from chat.bus import Bus
from chat.room_state import Gone
from tests.api.programs import serving
from tests.chat import files
from tests.chat.people import newcomer
from tests.chat.several import eventually

Samples = dict[tuple[str, ...], float]


@pytest.fixture
async def program(chat: Chat, api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a server that measures."""
    site = FastAPI()
    api.state.chat = chat
    site.mount('/api', api)
    metrics.install(site, chat)
    transport = httpx.ASGITransport(site, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url='http://chat.test/api/v1') as client:
        yield client


async def read(program: httpx.AsyncClient) -> Samples:
    """Return the numbers by name and labels."""
    answer = await program.get('http://chat.test/metrics')
    assert answer.status_code == 200
    assert answer.headers['content-type'].startswith('text/plain')
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_what_happens_in_rooms_is_counted(program: httpx.AsyncClient, chat: Chat) -> None:
    ada = await newcomer(chat, 'Ada')
    room = await chat.rooms.find(ada, 'lobby')
    for _ in range(2):
        listener = chat.room_state.subscribe(room.id, room.revision, lambda events: None)
    await chat.room_state.caught_up(listener)
    for body in 'ab':
        await chat.messages.send(ada, 'lobby', body)
    found = await read(program)
    assert found['hearth_events_total', 'message_sent'] == 2
    assert found['hearth_events_total', 'member_joined'] == 1
    assert found['hearth_deliveries_total',] == 4
    assert found['hearth_delivery_seconds_count',] == 3
    assert (found['hearth_rooms_active',], found['hearth_listeners',]) == (1, 2)
    assert found['hearth_storage_seconds_count', 'write'] >= 4
    assert found['hearth_storage_seconds_bucket', 'write', '+Inf'] == found['hearth_storage_seconds_count', 'write']


async def test_connections_and_people_are_counted_while_they_are_there(program: httpx.AsyncClient, chat: Chat) -> None:
    ada = await newcomer(chat, 'Ada')
    async with serving(chat) as site, site.program(ada):
        found = await read(program)
        assert (found['hearth_connections', 'websocket'], found['hearth_users_online',]) == (1, 1)


async def test_answers_are_counted_by_the_template_of_their_route_and_never_by_what_was_asked(
    program: httpx.AsyncClient,
) -> None:
    for number in range(3):
        await program.get(f'/rooms/secret-{number}')
        await program.get(f'http://chat.test/nothing/{number}')
        await program.get(f'/nothing/{number}')
        await program.request(f'INVENTED{number}', '/me')
    found = await read(program)
    assert found['hearth_http_requests_total', 'GET', '/api/v1/rooms/{slug}', '401'] == 3
    counted = {labels for labels in found if labels[0] == 'hearth_http_requests_total'}
    assert len(counted) <= 5
    assert not [labels for labels in counted if 'secret' in str(labels) or 'INVENTED' in str(labels)]


async def test_what_is_stored_is_counted_now_and_then(
    program: httpx.AsyncClient, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await newcomer(chat, 'Ada')
    await chat.messages.send(ada, 'lobby', 'one')
    found = await read(program)
    assert (found['hearth_rooms',], found['hearth_messages',]) == (1, 1)
    assert (found['hearth_files',], found['hearth_file_bytes',]) == (0, 0)
    for _ in range(2):
        await files.bring(chat, ada, data=b'hello')
    await chat.messages.send(ada, 'lobby', 'two')
    assert (await read(program))['hearth_messages',] == 1
    later = monotonic() + totals.KEPT_FOR
    monkeypatch.setattr(chat.totals, '_clock', lambda: later)
    found = await read(program)
    assert found['hearth_messages',] == 2
    assert (found['hearth_files',], found['hearth_file_bytes',]) == (1, 5), 'what is shared twice is kept once'
    chat.storage.close()
    monkeypatch.setattr(chat.totals, '_clock', lambda: 2 * later)
    assert (await read(program))['hearth_messages',] == 2


async def test_it_is_not_told_when_each_number_began(program: httpx.AsyncClient) -> None:
    await program.get('/me')
    assert not [name for name, *_ in await read(program) if name.endswith('_created')]


@pytest.mark.parametrize(
    ('told', 'counted'),
    [
        ([{'type': 'websocket.http.response.start', 'status': 429}], ('hearth_websocket_refusals_total', '429')),
        ([{'type': 'websocket.close', 'code': 1008}], ('hearth_websocket_refusals_total', '403')),
        (
            [{'type': 'websocket.accept'}, {'type': 'websocket.close', 'code': 1013}],
            ('hearth_websocket_closes_total', '1013'),
        ),
        ([{'type': 'http.response.start', 'status': 404}], None),  # no door answers so, and nothing breaks of it
    ],
)
async def test_refused_websockets_are_counted_apart_from_closed_ones(
    told: list[dict[str, Any]], counted: tuple[str, str] | None
) -> None:
    registry = CollectorRegistry()

    async def door(scope: Any, receive: Any, send: Any) -> None:
        for message in told:
            await send(message)

    async def send(_: object) -> None:
        """Nobody hears it."""

    await metrics.CountAnswers(door, registry)({'type': 'websocket'}, None, send)  # type: ignore[arg-type]
    samples = [(sample.name, *sample.labels.values()) for each in registry.collect() for sample in each.samples]
    assert [each for each in samples if not each[0].endswith('_created')] == ([] if counted is None else [counted])


async def test_nothing_about_anybody_is_told(program: httpx.AsyncClient, chat: Chat) -> None:
    ada = await newcomer(chat, 'Ada Lovelace')
    await chat.rooms.create(ada, 'Hush', private=True)
    await chat.messages.send(ada, 'hush', 'unspeakable')
    text = (await program.get('http://chat.test/metrics')).text.casefold()
    assert not [word for word in ('ada', 'lovelace', 'hush', 'unspeakable', 'lobby') if word in text]


async def test_what_servers_tell_each_other_is_counted(
    program: httpx.AsyncClient, chat: Chat, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not [name for name, *_ in await read(program) if name.startswith(('hearth_bus', 'hearth_redis'))]
    here, there = Bus(redis_url), Bus(redis_url)
    monkeypatch.setattr(chat, 'bus', here)
    here.tell(Gone(1))
    found = await read(program)
    assert (found['hearth_redis_connected',], found['hearth_bus_lost_total',]) == (0, 1)
    for bus in (here, there):
        bus.start('chat')
        await eventually(lambda bus=bus: bus.is_connected_for(0))
    await eventually(lambda: here.heard == 1)  # that the other one came
    here.tell(Gone(1))
    await here._waiting.join()
    found = await read(program)
    assert found['hearth_redis_connected',] == 1
    assert (found['hearth_bus_told_total',], found['hearth_bus_heard_total',]) == (2, 1)
    for bus in (here, there):
        await bus.stop()
