"""What nobody expected. It gets a number, by which what was said of it and what is in the log are found together."""

import logging
import secrets

from chat.errors import ChatError

log = logging.getLogger('hearth.web')


class Crash(ChatError):
    """The server made a mistake; ``number`` is in the log."""

    code = 'internal'

    def __init__(self, number: str) -> None:
        super().__init__(f'The server made a mistake. If you tell its operator, name it by its number, {number}.')


def crash_of(error: Exception, where: str, *, trace: bool = True) -> Crash:
    """Number an error, log it, and return what is said of it.

    Without its ``trace`` where the error is raised again: the server logs that by itself, and the number is in it.
    """
    number = secrets.token_hex(4)
    error.add_note(f'This is crash {number}.')
    log.error('Crash %s in %s: %s', number, where, type(error).__name__, exc_info=error if trace else None)
    return Crash(number)
