"""What NiceGUI does for every page at a cost that is not needed (``python -m benchmarks.page_opening``).

It asks whether a method expects arguments by ``inspect.signature``, three times for each element and for every handler
at each event: a fifth of building a page. A method's signature does not change, so the answer is kept by its function,
and for functions without defaults by their code.
And it escapes the page's elements by ``str.translate``, which takes 100 ns a character if a single one is not ASCII:
a sixth, and more with more history. Replacing five characters one after the other gives the same in a tenth of it.
Where NiceGUI does not do so any more, nothing is done here.

And answers are compressed as hard as gzip can: half as hard, they are one hundredth larger, for half of the time.
"""

from collections.abc import Callable
from functools import lru_cache
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import nicegui.client
from nicegui import helpers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp

ASKS = 'expects_arguments'
TABLE = 'HTML_ESCAPE_TABLE'
COMPRESSION = 5  # of 9
FILES = ('application/octet-stream', 'application/pdf', 'text/plain')  # of any size, and given in parts of it
AS_THEY_ARE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, *FILES)


def speed_up() -> None:
    """Let NiceGUI build pages with less work; calling this twice is harmless."""
    ask = getattr(helpers, ASKS, None)
    if ask is not None and not hasattr(ask, 'asks'):
        setattr(helpers, ASKS, remembering(ask))
    table = getattr(nicegui.client, TABLE, None)
    json = getattr(nicegui.client, 'json', None)
    if table and next(iter(table)) == ord('&') and hasattr(json, 'dumps') and not isinstance(json, EscapingJson):
        nicegui.client.json = EscapingJson(json, table)  # type: ignore[attr-defined, assignment]


def compress(app: ASGIApp) -> GZipMiddleware:
    """Return what compresses the answers of ``app`` for browsers that know of it."""
    return GZipMiddleware(app, compresslevel=COMPRESSION, exclude_content_types=AS_THEY_ARE)


def remembering(ask: Callable[[Callable[..., Any]], bool]) -> Callable[[Callable[..., Any]], bool]:
    """Return the same question with a memory for methods and for simple functions, such as most handlers are."""

    @lru_cache(maxsize=1024)
    def of_method(function: Any) -> bool:
        return ask(MethodType(function, object()))

    @lru_cache(maxsize=1024)
    def of_code(code: CodeType) -> bool:
        return ask(FunctionType(code, {}, closure=tuple(CellType() for _ in code.co_freevars)))

    def expects_arguments(function: Callable[..., Any]) -> bool:
        if type(function) is MethodType:
            return of_method(function.__func__)
        # One with defaults or attributes, such as that it wraps another, has more to it than its code.
        if type(function) is FunctionType and not (function.__defaults__ or function.__kwdefaults__ or vars(function)):
            return of_code(function.__code__)
        return ask(function)

    expects_arguments.asks = ask  # type: ignore[attr-defined]
    return expects_arguments


class EscapingJson:
    """NiceGUI's JSON, whose text translates itself by ``table`` in less time."""

    def __init__(self, json: Any, table: dict[int, str]) -> None:
        self._json, self._table = json, table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._json, name)

    def dumps(self, *args: Any, **kwargs: Any) -> str:
        """Return what NiceGUI's own does."""
        text = _Text(self._json.dumps(*args, **kwargs))
        text.table = self._table
        return text


class _Text(str):
    table: dict[int, str]

    def translate(self, table: Any) -> str:
        if table is not self.table:
            return super().translate(table)
        text = str(self)
        for code, entity in self.table.items():
            text = text.replace(chr(code), entity)
        return text
