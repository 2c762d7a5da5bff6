"""NiceGUI gets the answers it would find itself, with less work, and pages are what they were."""

from functools import partial, partialmethod, wraps

import httpx
import nicegui.client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nicegui import helpers, json
from starlette.responses import Response

from web import page_building


class Things:
    """Methods of every kind."""

    def none(self) -> None: ...

    def one(self, _first: object) -> None: ...

    def default(self, _first: object = None) -> None: ...

    def any(self, *_args: object, **_kwargs: object) -> None: ...

    def keyword(self, *, _needed: object) -> None: ...

    async def later(self, _first: object) -> None: ...

    @classmethod
    def of_class(cls, _first: object) -> None: ...

    @staticmethod
    def static(_first: object) -> None: ...

    bound = partialmethod(one, 1)

    def __call__(self, _first: object) -> None: ...


def answers(ask) -> list[bool]:
    things = Things()
    names = ('none', 'one', 'default', 'any', 'keyword', 'later', 'of_class', 'static', 'bound')
    functions = [getattr(things, name) for name in names]
    functions += [things, things.__call__, partial(things.one, 1), lambda: None, lambda first: first, Things.one, print]

    @wraps(things.one)
    def wrapping(*args: object) -> None: ...

    functions += [
        wrapping,
        lambda first=1: first,
        lambda *, first=1: first,
        lambda first: things,
        lambda: (ask, things),
    ]
    return [ask(function) for function in functions]


def test_the_answers_are_the_same() -> None:
    ask = getattr(helpers.expects_arguments, 'asks', helpers.expects_arguments)
    assert answers(page_building.remembering(ask)) == answers(ask)


def test_each_method_is_asked_about_once_for_all_its_objects() -> None:
    asked = []
    remembering = page_building.remembering(lambda function: bool(asked.append(function)))
    for _ in range(3):
        remembering(Things().one)
        remembering(Things().none)
    assert len(asked) == 2


def test_each_piece_of_code_is_asked_about_once_for_all_functions_made_of_it() -> None:
    asked = []
    remembering = page_building.remembering(lambda function: bool(asked.append(function)))
    for place in range(3):
        remembering(lambda: asked)
        remembering(lambda first, place=place: first)
    assert len(asked) == 1 + 3


def test_keeping_twice_is_keeping_once_and_a_nicegui_without_the_question_is_left_alone(monkeypatch) -> None:
    ask = getattr(helpers.expects_arguments, 'asks', helpers.expects_arguments)
    monkeypatch.setattr(helpers, 'expects_arguments', ask)
    page_building.speed_up()
    kept = helpers.expects_arguments
    page_building.speed_up()
    assert helpers.expects_arguments is kept
    assert kept.asks is ask
    monkeypatch.delattr(helpers, 'expects_arguments')
    page_building.speed_up()
    assert not hasattr(helpers, 'expects_arguments')


TABLE = nicegui.client.HTML_ESCAPE_TABLE


@given(st.text(alphabet=st.sampled_from('&<>`$ax\'";ü👍\n')))
def test_what_is_escaped_is_the_same(text: str) -> None:
    escaping = page_building.EscapingJson(json, TABLE)
    assert escaping.dumps({'text': text}) == json.dumps({'text': text})
    assert escaping.dumps({'text': text}).translate(TABLE) == json.dumps({'text': text}).translate(TABLE)
    assert escaping.dumps(text).translate({ord('a'): 'b'}) == json.dumps(text).translate({ord('a'): 'b'})
    assert escaping.loads(json.dumps(text)) == text


@pytest.mark.parametrize('table', [None, {}, {ord('<'): '&lt;', ord('&'): '&amp;'}])
def test_a_nicegui_that_escapes_otherwise_is_left_alone(monkeypatch, table) -> None:
    monkeypatch.setattr(nicegui.client, 'json', json)
    monkeypatch.setattr(nicegui.client, 'HTML_ESCAPE_TABLE', table)
    page_building.speed_up()
    assert nicegui.client.json is json


@pytest.mark.parametrize('kind', ['text/plain; charset=utf-8', 'application/pdf', 'application/octet-stream'])
async def test_files_stay_as_they_are(kind: str) -> None:
    """The part that comes next is counted in bytes of the file, and all of it would be compressed between all else."""
    app = page_building.compress(Response('hello ' * 1000, media_type=kind))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://hearth') as client:
        answer = await client.get('/', headers={'Accept-Encoding': 'gzip'})
    assert 'content-encoding' not in answer.headers
    assert answer.headers['content-length'] == '6000'
