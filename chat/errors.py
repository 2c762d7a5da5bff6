"""Everything that can go wrong for a reason a person should hear about.

Each error has a stable code for programs, a sentence for people and, where one input is to blame, that field's name.
"""

from math import ceil


class ChatError(Exception):
    """Something a person asked for cannot be done; ``str(error)`` is the sentence to show."""

    code = 'error'

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(ChatError):
    """An input breaks a rule; ``field`` names it."""

    code = 'invalid'


class Unauthenticated(ChatError):
    """Nobody is signed in, or the session has ended."""

    code = 'unauthenticated'

    def __init__(self, message: str = 'Please sign in first.') -> None:
        super().__init__(message)


class Forbidden(ChatError):
    """The person is known, and may not do this."""

    code = 'forbidden'


class NotAMember(Forbidden):
    """The person may see the room, and has not joined it."""

    def __init__(self) -> None:
        super().__init__('Join the room first.')


class NotFound(ChatError):
    """It is not there, or not for this person: the two look alike on purpose."""

    code = 'not_found'


class Conflict(ChatError):
    """It clashes with what is there already."""

    code = 'conflict'


class AskFirst(Conflict):
    """All of a room would be told of a message: ``people`` of them, which is worth a question."""

    def __init__(self, people: int) -> None:
        super().__init__(
            f'This would notify all {people} people: it has to be confirmed, by programs with "confirm_all".',
            'confirm_all',
        )
        self.people = people


class NameTaken(Conflict):
    """Somebody else goes by this name; ``suggestion`` is a free one."""

    code = 'name_taken'

    def __init__(self, name: str, suggestion: str) -> None:
        super().__init__(f'Somebody else is called "{name}" here. How about "{suggestion}"?', 'name')
        self.suggestion = suggestion


class TooLarge(ChatError):
    """More bytes than the server takes at once."""

    code = 'too_large'


class RateLimited(ChatError):
    """Too much in too short a time; ``retry_after`` is in seconds."""

    code = 'rate_limited'

    def __init__(self, doing: str, retry_after: float) -> None:
        self.doing = doing
        self.retry_after = max(1, ceil(retry_after))
        unit = 'second' if self.retry_after == 1 else 'seconds'
        super().__init__(f'You are {doing} too fast. Try again in {self.retry_after} {unit}.')


class SlowMode(RateLimited):
    """The room is in slow mode, and this person has spoken a moment ago."""

    def __init__(self, retry_after: float) -> None:
        super().__init__('sending', retry_after)
        unit = 'second' if self.retry_after == 1 else 'seconds'
        self.message = f'This room is in slow mode. You can write again in {self.retry_after} {unit}.'
        self.args = (self.message,)


class Busy(RateLimited):
    """The server has too much to do just now; it is nobody's fault."""

    def __init__(self, why: str, retry_after: int = 5) -> None:
        ChatError.__init__(self, f'{why} Try again in {retry_after} seconds.')
        self.doing = ''
        self.retry_after = retry_after


class StorageFailed(ChatError):
    """The database did not take the change; nothing of it was stored."""

    code = 'storage_failed'

    def __init__(
        self,
        message: str = 'The server could not store this, so nothing was changed. Please try again in a moment.',
    ) -> None:
        super().__init__(message)


class CannotOpen(Exception):
    """The data cannot be used, so the server does not start; ``str(error)`` tells whoever started it what to do."""


class NotThere(CannotOpen):
    """The database does not answer; trying again later may help."""


class InUse(CannotOpen):
    """Another process has the data."""
