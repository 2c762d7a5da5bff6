"""Telling a person why what they asked for was not done: the one place where the pages turn errors into words."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from nicegui import ui

from chat.errors import ChatError

P = ParamSpec('P')
T = TypeVar('T')


def shows_errors(action: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T | None]]:
    """Show the sentence of a ChatError instead of raising it; the result is None then."""

    @wraps(action)
    async def shown(*args: P.args, **kwargs: P.kwargs) -> T | None:
        client = ui.context.client
        try:
            return await action(*args, **kwargs)
        except ChatError as error:
            if not client.is_deleted:
                with client:
                    ui.notify(error.message, type='warning')
            return None

    return shown
