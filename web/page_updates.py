"""What a page tells its browser, written straight to its WebSocket; what many pages show alike is put together once.

NiceGUI's outbox is a task for each page that wakes every second, and sends an update by way of two more tasks and a
walk through its content: about 110 µs each. A ``Wire`` takes its place. It sends the same packets, in the turn of the
event loop that follows, without a task; and it carries *parts* of a page that NiceGUI does not know as elements, whose
text is shared by all pages that show them. ``python -m benchmarks.page_fanout`` says what that comes to.

It stands on private names of NiceGUI. Where they are not as expected, and where browsers are only simulated, there is
no wire: pages keep NiceGUI's outbox and show elements.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import nicegui
from nicegui import Client, core, helpers, json
from nicegui.dependencies import JsComponent
from nicegui.outbox import Outbox, deleted

from web.socket_traffic import Outgoing, PacketQueue

NICEGUI = '3.18.'  # the version whose private names are used here
NAMES = ('_emit', '_loaded_components', '_set_enqueue_event', '_should_stop', 'loop', 'message_history', 'messages')
SOCKETS = '_socket_to_document_id'  # of a client: the ids of the sockets that have shaken hands for it
GONE = 'null'  # what the browser takes for a part that is no more


def wire_of(client: Client) -> 'Wire | None':
    """Put a wire in place of the outbox of a page that is being built; None where that cannot be."""
    if not is_possible(client):
        return None
    client.outbox.stop()
    wire = Wire(client)
    client.outbox = wire
    return wire


def is_possible(client: Client, version: str = nicegui.__version__) -> bool:
    """Whether NiceGUI is as it is known here, its socket is guarded, and browsers are real."""
    has_names = hasattr(client, SOCKETS) and all(hasattr(client.outbox, name) for name in NAMES)
    is_known = version.startswith(NICEGUI) and has_names
    return is_known and core.sio.eio.create_queue is PacketQueue and not helpers.is_user_simulation()


class Parts:
    """Some parts of a page, as they are when they are sent: what is sent again after a gap must not be old."""

    __slots__ = ('keys',)

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys


class Wire(Outbox):
    """The outbox of one page, and its parts: by the key that its browser knows each by, a description as JSON."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._parts: dict[str, str] = {}
        self._own: dict[str, Callable[[], str]] = {}
        self._changed: dict[str, object] = {}  # the keys, in the order of changing
        self._kept_for = (
            client.page.resolve_reconnect_timeout() + core.sio.eio.ping_interval + core.sio.eio.ping_timeout
        )
        self._is_due = False
        self._sids: tuple[str, ...] = ()  # of the sockets that the ways lead to
        self._ways: list[Outgoing] = []
        client.on_connect(self._set_enqueue_event)

    def put(self, key: str, part: str) -> None:
        """Set a part that other pages have alike."""
        self._parts[key] = part
        self._changed[key] = None

    def put_all(self, parts: dict[str, str]) -> None:
        """Set several parts that other pages have alike."""
        self._parts.update(parts)
        self._changed.update(parts)

    def put_own(self, key: str, describe: Callable[[], str]) -> None:
        """Set a part that is this page's alone; ``describe`` is asked when it is sent."""
        self._own[key] = describe
        self._changed[key] = None

    def drop(self, key: str) -> None:
        """Remove a part."""
        self._parts.pop(key, None)
        self._own.pop(key, None)
        self._changed[key] = None

    def flush(self) -> None:
        """Send the parts that have changed: now, or when the browser is back."""
        if not self._changed:
            return
        client = self._client()
        parts = Parts(tuple(self._changed))
        self._changed.clear()
        if client is None or client.is_deleted:
            return
        ways = self._look_for_ways(client)
        if ways:
            self._send(ways, client.id, 'update', parts)
        else:
            self.enqueue_message('update', parts, client.id)

    async def loop(self) -> None:
        """Do nothing: what is to be sent asks for its turn by itself."""

    def _set_enqueue_event(self) -> None:
        """Send all that waits in the next turn of the event loop."""
        if not self._is_due and core.is_loop_running():
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send_all)

    def _send_all(self) -> None:
        self._is_due = False
        client = self._client()
        if client is None or self._should_stop or not (ways := self._look_for_ways(client)):
            return
        try:
            self._send_updates(ways, client.id)
            while self.messages:
                target, event, data = self.messages.popleft()
                self._send(ways if target == client.id else _ways_to(target), target, event, data)
        except Exception as error:  # as NiceGUI's outbox does: one bad update must not end the page
            core.app.handle_exception(error)

    def _send_updates(self, ways: list[Outgoing], target: str) -> None:
        if not self.updates:
            return
        elements = dict(self.updates)
        self.updates.clear()
        self._send_components(ways, target, elements.values())
        described = {key: None if each is deleted else each._to_dict() for key, each in elements.items()}  # type: ignore[union-attr]
        self._send(ways, target, 'update', described)

    def _send_components(self, ways: list[Outgoing], target: str, elements: Iterable[Any]) -> None:
        """Let the browser load what it needs to show elements of kinds that the page did not have before."""
        components = [each.component for each in elements if isinstance(getattr(each, 'component', None), JsComponent)]
        news = {each.name: {'key': each.key, 'tag': each.tag} for each in components}
        for name in self._loaded_components.intersection(news):
            del news[name]
        if news:
            self._send(ways, target, 'load_js_components', {'components': list(news.values())})
            self._loaded_components.update(news)

    def _send(self, ways: list[Outgoing], target: str, event: str, data: Any) -> None:
        """Write a packet, and keep it for a browser that comes back without it."""
        members = self._members(data.keys) if isinstance(data, Parts) else json.dumps(data)[1:-1].encode()
        number = self.next_message_id
        packet = b'2["%b",{%b%b"_id":%d}]' % (event.encode(), members, b',' if members else b'', number)
        for way in ways:
            way.put(packet)
        history, now = self.message_history, time.time()
        history.append((number, now, (target, event, data)))
        while history[0][1] < now - self._kept_for or len(history) > core.app.config.message_history_length:
            history.popleft()
        self.next_message_id = number + 1

    def _members(self, keys: tuple[str, ...]) -> bytes:
        """Return parts as the members of a JSON object."""
        parts, own = self._parts, self._own
        shared = _joined(tuple([(key, parts.get(key, GONE)) for key in keys if key not in own]))
        mine = ','.join([f'"{key}":{own[key]()}' for key in keys if key in own]).encode()
        return b','.join([each for each in (shared, mine) if each])

    def _look_for_ways(self, client: Client) -> list[Outgoing]:
        """Return the ways to all browsers of the page; looked for anew as soon as one has come or gone."""
        sids = tuple(client._socket_to_document_id)
        if sids != self._sids or len(sids) != len(self._ways):
            self._sids, self._ways = sids, [way for sid in sids for way in _ways_to(sid)]
        return self._ways


def _ways_to(target: str) -> list[Outgoing]:
    """Return the ways to one browser by its socket's id, or to all of a page by its client's."""
    try:
        participants = list(core.sio.manager.get_participants('/', target))
    except KeyError:  # nobody has connected yet
        return []
    sockets = core.sio.eio.sockets
    return [sockets[eio_sid].outgoing for _, eio_sid in participants if eio_sid in sockets]


@lru_cache(maxsize=256)  # one is on its way to all pages of a room at a time, and a few more to those who came late
def _joined(parts: tuple[tuple[str, str], ...]) -> bytes:
    return ','.join([f'"{key}":{part}' for key, part in parts]).encode()
