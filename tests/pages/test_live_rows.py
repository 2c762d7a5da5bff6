"""Rows that come while a page is open: the same to the reader by a wire as by elements of NiceGUI."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nicegui import ui
from nicegui.testing import User

from pages import browser
from pages.live_rows import ElementRows, LiveRows, WiredRows, live_rows


class Wire:
    """Keeps what a browser would know."""

    def __init__(self) -> None:
        self.parts: dict[str, dict] = {}
        self.flushes = 0

    def put(self, key: str, part: str) -> None:
        self.parts[key] = json.loads(part)

    def put_all(self, parts: dict[str, str]) -> None:
        self.parts.update({key: json.loads(part) for key, part in parts.items()})

    def put_own(self, key: str, describe) -> None:
        self.parts[key] = describe

    def drop(self, key: str) -> None:
        del self.parts[key]

    def flush(self) -> None:
        self.flushes += 1


def shown(wire: Wire, box: ui.element) -> list[str]:
    """Return the rows in the order in which the browser shows them."""
    described = json.loads(wire.parts[str(box.id)]())
    assert described == json.loads(json.dumps(box._to_dict()))
    return [wire.parts[key]['props']['innerHTML'] for key in described['children']]


def change(rows: LiveRows, what: str, key: str, number: int, there: dict[str, None]) -> None:
    """Take a step."""
    if what == 'put':
        rows.put(key, f'<b>{number}</b>', 'message')
    elif what == 'say':
        rows.put_all(tuple((each, f'<i>{each}</i>') for each in said(number)))
    elif what == 'clear':
        rows.clear()
    elif key in there:
        rows.drop(key)


def note(there: dict[str, None], what: str, key: str, number: int) -> None:
    """Note which rows are there after a step."""
    if what == 'put':
        there[key] = None
    elif what == 'say':
        there.update(dict.fromkeys(said(number)))
    elif what == 'clear':
        there.clear()
    else:
        there.pop(key, None)


def said(number: int) -> list[str]:
    return [f'm{number}x{each}' for each in range(number % 3 + 1)]


STEPS = st.lists(st.tuples(st.sampled_from(['put', 'put', 'say', 'drop', 'drop first', 'clear']), st.integers(1, 12)))


async def test_rows_are_the_same_by_a_wire_as_by_elements(user: User) -> None:
    await user.open('/')

    @settings(max_examples=60, deadline=None)
    @given(steps=STEPS)
    def same(steps: list[tuple[str, int]]) -> None:
        wire = Wire()
        with user.client.content:
            wired, plain = WiredRows(user.client, wire, 'live'), ElementRows('live')
        there: dict[str, None] = {}
        for number, (what, place) in enumerate([('put', 1), *steps]):
            key = next(iter(there), '') if what == 'drop first' else f'm{place}'
            for rows in (wired, plain):
                change(rows, what, key, number, there)
            note(there, what, key, number)
        assert shown(wire, wired._box) == [row.content for row in plain._box]
        wired.close()
        assert wire.parts == {}

    same()


@pytest.mark.parametrize('kind', ['message', 'history', 'notice'])
async def test_only_what_was_just_said_is_announced(user: User, kind: str) -> None:
    await user.open('/')
    wire = Wire()
    with user.client.content:
        WiredRows(user.client, wire, 'live').put('m1', 'words', kind)
        plain = ElementRows('live')
        plain.put('m1', 'words', kind)
    (row,) = plain._box
    assert wire.parts['m1']['props'].get('aria-live') == row.props.get('aria-live')
    assert (row.props.get('aria-live') == 'off') == (kind != 'message')
    assert wire.parts['m1'].get('class', []) == list(row.classes) == (['notice'] if kind == 'notice' else [])


async def test_where_there_is_no_wire_rows_are_elements(user: User) -> None:
    await user.open('/')
    with user.client.content:
        assert isinstance(live_rows(user.client, None), ElementRows)


def test_no_text_of_a_user_becomes_part_of_an_expression() -> None:
    with pytest.raises(ValueError, match='letters and digits'):
        browser.keep_row_in_view(None, 'm1"); alert(1); ("')
