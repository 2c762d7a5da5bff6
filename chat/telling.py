"""Telling news to those who asked for it: one that fails keeps nothing from the others, or from whoever has news."""

import logging
from collections.abc import Callable, Iterable
from typing import ParamSpec

P = ParamSpec('P')
log = logging.getLogger('hearth.telling')


def tell_each(listeners: Iterable[Callable[P, object]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call every listener, and log what one raises."""
    for listener in tuple(listeners):
        try:
            listener(*args, **kwargs)
        except Exception:
            log.exception('A listener failed')
