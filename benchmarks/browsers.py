"""Browsers without a screen: they speak the protocol of a page, and check what it tells them.

A ``Page`` holds the elements of a NiceGUI page as its own browser side does, so that what is shown, and in which order,
can be read at the end. A ``Room`` is a client of the Flask-SocketIO chat room.
"""

import asyncio
import re
import time
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

MARK = re.compile(r'msg(\d+)end')
ENTITIES = (('&lt;', '<'), ('&gt;', '>'), ('&#96;', '`'), ('&#36;', '$'), ('&amp;', '&'))
ACK_EVERY = 3.0  # s, as NiceGUI's browser side does
ZONE = 'Europe/Berlin'
numbers = count()


def mark(number: int) -> str:
    """Return what a message carries so that it is known again."""
    return f'msg{number}end'


class Browser:
    """One that listens; ``arrived`` is when each message first came, in the order of coming."""

    def __init__(self) -> None:
        self.arrived: dict[int, float] = {}
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def _connect(self, url: str, headers: dict[str, str]) -> None:
        self._socket = await connect(url, additional_headers=headers, compression=None, max_size=None)
        assert str(await self._socket.recv()).startswith('0')
        await self._socket.send('40')
        early = []  # what is told before the connection is confirmed, which Socket.IO's client keeps until then
        while not (packet := str(await self._socket.recv())).startswith('40'):
            early.append(packet)
        self._tasks.append(asyncio.create_task(self._listen(early)))

    async def _listen(self, early: list[str]) -> None:
        assert self._socket is not None
        for packet in early:
            await self._hear(packet)
        async for packet in self._socket:
            assert isinstance(packet, str)
            await self._hear(packet)

    async def _hear(self, packet: str) -> None:
        assert self._socket is not None
        if packet == '2':
            await self._socket.send('3')
        elif packet.startswith('42'):
            now = time.perf_counter()
            for number in map(int, MARK.findall(packet)):
                self.arrived.setdefault(number, now)
            await self._take(*orjson.loads(packet[2:]))

    async def _take(self, event: str, data: Any) -> None:
        raise NotImplementedError

    async def _emit(self, event: str, data: Any) -> None:
        assert self._socket is not None
        await self._socket.send(f'42{orjson.dumps([event, data]).decode()}')

    async def say(self, text: str) -> None:
        """Send a message, after those before."""
        raise NotImplementedError

    def shown(self) -> list[int]:
        """Return the marks of the messages on the page, from top to bottom."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise what went wrong, if the connection ended or something came that should not have."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise ConnectionError('The server closed the connection.')

    async def close(self) -> None:
        """Go away."""
        for task in self._tasks:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()


class Page(Browser):
    """A page that NiceGUI made, in front of somebody who reads along."""

    def __init__(self, site: str, path: str, cookie: str = '') -> None:
        super().__init__()
        self._site, self._path = site, path
        self._headers = {'Cookie': cookie} if cookie else {}
        self._elements: dict[str, Any] = {}
        self._client_id = ''
        self._next_id = self._acknowledged = 0
        self._writing = asyncio.Lock()
        self._emptied = asyncio.Event()
        self.opened_in = 0.0  # s until the page was here

    async def load(self, http: httpx.AsyncClient) -> None:
        """Read the page, without opening its socket."""
        started = time.perf_counter()
        answer = await http.get(f'{self._site}{self._path}', headers=self._headers)
        self.opened_in = time.perf_counter() - started
        assert answer.status_code == 200, (answer.status_code, answer.text[:300])
        self._client_id = re.search(r"'client_id': '([0-9a-f-]+)'", answer.text)[1]  # type: ignore[index]
        self._next_id = int(re.search(r"'next_message_id': (\d+)", answer.text)[1])  # type: ignore[index]
        raw = re.search(r'String\.raw`(.*?)`', answer.text, re.DOTALL)[1]  # type: ignore[index]
        for entity, character in ENTITIES:
            raw = raw.replace(entity, character)
        self._elements = orjson.loads(raw)

    async def open(self, http: httpx.AsyncClient) -> None:
        """Read the page and open its socket; a page of Hearth then says that it is in front."""
        await self.load(http)
        claim = {'client_id': self._client_id, 'document_id': uuid4(), 'tab_id': uuid4(), 'implicit_handshake': 'true'}
        query = urlencode({'EIO': 4, 'transport': 'websocket', 'next_message_id': self._next_id, **claim})
        site = self._site.replace('http', 'ws', 1)
        await self._connect(f'{site}/_nicegui_ws/socket.io/?{query}', {'Origin': self._site, **self._headers})
        self._tasks.append(asyncio.create_task(self._acknowledge()))
        if any(event['type'] == 'browser' for event in self._elements['0'].get('events', ())):
            await self._fire('0', 'browser', ZONE, True, '')

    async def _acknowledge(self) -> None:
        while True:
            await asyncio.sleep(ACK_EVERY)
            if self._acknowledged < self._next_id:
                await self._emit('ack', {'client_id': self._client_id, 'next_message_id': self._next_id})
                self._acknowledged = self._next_id

    async def _take(self, event: str, data: Any) -> None:
        number = data.pop('_id', None)
        if number is not None:
            assert number == self._next_id, f'packet {number} came where {self._next_id} was due'
            self._next_id += 1
        if event == 'update':
            for key, element in data.items():
                if element is None:
                    self._elements.pop(key, None)
                    continue
                self._elements[key] = element
                if _is_box(element) and not element['props'].get('value'):
                    self._emptied.set()  # as NiceGUI empties it; Hearth asks the browser to, below
        elif event == 'run_javascript' and 'request_id' in data:
            answer = {'client_id': self._client_id, 'request_id': data['request_id'], 'result': ''}
            await self._emit('javascript_response', answer)
            self._emptied.set()

    async def say(self, text: str) -> None:
        async with self._writing:  # a person writes the next one when the box is empty again
            self._emptied.clear()
            await self._write(text)
            await self._emptied.wait()

    async def _write(self, text: str) -> None:
        box = next(key for key, each in self._elements.items() if _is_box(each))
        await self._fire(box, 'update:value', text)
        await self._fire(box, 'keydown', {'isComposing': False, 'keyCode': 13}, key='enter')

    async def _fire(self, element_id: str, event: str, *args: Any, key: str | None = None) -> None:
        for listener in self._elements[element_id]['events']:
            if listener['type'] == event and (key is None or key in listener['keys']):
                values = [orjson.dumps(arg).decode() for arg in args]
                about = {'id': int(element_id), 'client_id': self._client_id, 'listener_id': listener['listener_id']}
                await self._emit('event', {**about, 'args': values})

    def shown(self) -> list[int]:
        return [int(number) for number in MARK.findall(''.join(self._texts('0')))]

    def _texts(self, key: str) -> list[str]:
        element = self._elements.get(key)
        if element is None:
            return []
        props = element.get('props', {})
        mine = [str(props[name]) for name in ('innerHTML', 'text') if name in props]
        children = [text for child in element.get('children', ()) for text in self._texts(str(child))]
        others = [
            text
            for slot in element.get('slots', {}).values()
            for child in slot['ids']
            for text in self._texts(str(child))
        ]
        return mine + children + others

    @property
    def elements(self) -> int:
        """How many elements the browser has to know."""
        return len(self._elements)


def _is_box(element: dict[str, Any]) -> bool:
    return element.get('props', {}).get('aria-label') == 'Message'


class Room(Browser):
    """A front end of the Flask-SocketIO chat room."""

    def __init__(self, site: str) -> None:
        super().__init__()
        self._site = site
        self._user = f'Guest {next(numbers)}'
        self._shown: list[int] = []

    async def open(self, http: httpx.AsyncClient) -> None:
        """Connect and join."""
        site = self._site.replace('http', 'ws', 1)
        await self._connect(f'{site}/socket.io/?EIO=4&transport=websocket', {})
        await self._emit('join', {'user': self._user})

    async def _take(self, event: str, data: Any) -> None:
        if event == 'message':
            self._shown.extend(int(number) for number in MARK.findall(data['message']))

    async def say(self, text: str) -> None:
        await self._emit('message', {'user': self._user, 'message': text})

    def shown(self) -> list[int]:
        return self._shown
