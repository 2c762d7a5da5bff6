"""What comes while a page is open, in rows that are elements of their own to the browser: it announces a row alone.

A message's row is the same for all pages that show it alike, so it goes by a wire where there is one
(``web/page_updates.py``): as elements NiceGUI would make and describe it anew for each page.
"""

from functools import lru_cache
from typing import Literal, Protocol

from nicegui import Client, json, ui

from pages import browser
from web.page_updates import Wire

Kind = Literal['message', 'history', 'notice']  # only a message that just came is announced
CACHED = 4096  # descriptions of rows, about 2 KiB each


class LiveRows(Protocol):
    """Rows in the order of coming. What was put or dropped is shown by ``flush``."""

    def put(self, key: str, html: str, kind: Kind) -> None:
        """Show a row at the end, or other content in its place."""

    def put_all(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Show the keys and HTML of messages that were just said at the end."""

    def drop(self, *keys: str) -> None:
        """Take rows away."""

    def clear(self) -> None:
        """Take all rows away."""

    def keep_end_in_view(self) -> None:
        """Let the last row stay where it is when more are put below it."""

    def flush(self) -> None:
        """Show what has changed."""

    def close(self) -> None:
        """Leave nothing in the browser that goes not with the element around it."""


def live_rows(client: Client, wire: Wire | None, class_name: str = 'live') -> LiveRows:
    """Return an empty place for rows where the page is being built."""
    return ElementRows(class_name) if wire is None else WiredRows(client, wire, class_name)


class ElementRows:
    """Rows as elements of NiceGUI."""

    def __init__(self, class_name: str) -> None:
        self._box = ui.element('div').classes(class_name)
        self._rows: dict[str, ui.html] = {}

    def put(self, key: str, html: str, kind: Kind) -> None:
        """Show a row at the end, or other content in its place."""
        if key in self._rows:
            self._rows[key].content = html
            return
        with self._box:
            row = ui.html(html, sanitize=False).classes('notice' if kind == 'notice' else '')
        if kind != 'message':
            row.props('aria-live=off')
        self._rows[key] = row

    def put_all(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Show the keys and HTML of messages that were just said at the end."""
        for key, html in rows:
            self.put(key, html, 'message')

    def drop(self, *keys: str) -> None:
        """Take rows away."""
        for key in keys:
            self._rows.pop(key).delete()

    def clear(self) -> None:
        """Take all rows away."""
        self._rows.clear()
        self._box.clear()

    def keep_end_in_view(self) -> None:
        """Let the last row stay where it is when more are put below it."""
        with self._box:
            ui.element('div').run_method('scrollIntoView', {'block': 'end'})

    def flush(self) -> None:
        """Nothing to do: the page's outbox shows what has changed."""

    def close(self) -> None:
        """Nothing to do: elements go with the one around them."""


class WiredRows:
    """Rows that NiceGUI does not know: parts of a wire, and the element that holds them."""

    def __init__(self, client: Client, wire: Wire, class_name: str) -> None:
        self._client, self._wire = client, wire
        self._rows: dict[str, None] = {}
        self._box = _Box(self._rows, class_name)
        self._box_key = str(self._box.id)

    def put(self, key: str, html: str, kind: Kind) -> None:
        """Show a row at the end, or other content in its place."""
        if key not in self._rows:
            self._rows[key] = None
            self._box.add(key)
            self._wire.put_own(self._box_key, self._box.description)
        self._wire.put(key, _describe(html, kind))

    def put_all(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Show the keys and HTML of messages that were just said at the end."""
        parts = _describe_all(rows)
        self._rows.update(dict.fromkeys(parts))
        self._box.add('","'.join(parts))
        self._wire.put_all(parts)
        self._wire.put_own(self._box_key, self._box.description)

    def drop(self, *keys: str) -> None:
        """Take rows away."""
        for key in keys:
            del self._rows[key]
            self._wire.drop(key)
        if keys:
            self._box.discard('","'.join(keys))
            self._wire.put_own(self._box_key, self._box.description)

    def clear(self) -> None:
        """Take all rows away."""
        self.drop(*self._rows)

    def keep_end_in_view(self) -> None:
        """Let the last row stay where it is when more are put below it."""
        if self._rows:
            browser.keep_row_in_view(self._client, next(reversed(self._rows)))

    def flush(self) -> None:
        """Show what has changed."""
        self._wire.flush()

    def close(self) -> None:
        """Leave nothing in the browser."""
        for key in self._rows:
            self._wire.drop(key)
        self._wire.drop(self._box_key)
        self._wire.flush()


class _Box(ui.element):
    """Holds rows that NiceGUI does not know, also when NiceGUI itself describes it."""

    def __init__(self, rows: dict[str, None], class_name: str) -> None:
        self._keys, self._class_name = rows, class_name
        self._listed = ''  # the keys as JSON: put together anew for each packet they would cost more than all the rest
        super().__init__('div')
        self.classes(class_name)

    def add(self, key: str) -> None:
        """Note that a row, or several joined by ``","``, is there now, below the others."""
        self._listed += f',"{key}"' if self._listed else f'"{key}"'

    def discard(self, key: str) -> None:
        """Note that a row, or several joined by ``","``, is not there any more; mostly the first."""
        if self._listed.startswith(f'"{key}",'):
            self._listed = self._listed[len(key) + 3 :]
        else:
            self._listed = ','.join([f'"{each}"' for each in self._keys])

    def description(self) -> str:
        """Return what ``_to_dict`` describes as JSON; the keys and the class need no escapes."""
        return f'{{"tag":"div","class":["{self._class_name}"],"children":[{self._listed}]}}'

    def _to_dict(self) -> dict[str, object]:
        return {**super()._to_dict(), 'children': list(self._keys)}


@lru_cache(maxsize=64)  # what is said goes to all pages of a room at a time
def _describe_all(rows: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {key: _describe(html, 'message') for key, html in rows}


@lru_cache(maxsize=CACHED)
def _describe(html: str, kind: Kind) -> str:
    props = {'innerHTML': html} if kind == 'message' else {'innerHTML': html, 'aria-live': 'off'}
    return json.dumps({'tag': 'div', 'props': props, **({'class': ['notice']} if kind == 'notice' else {})})
