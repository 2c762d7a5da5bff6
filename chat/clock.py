"""The time as the chat knows it: UTC, in whole milliseconds, which is also how it is stored."""

from datetime import UTC, datetime, timedelta
from time import time_ns

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = 253_370_764_800_000  # ms, the year 9999: until then lasts what has no end


def now_ms() -> int:
    """Return the milliseconds since 1970."""
    return time_ns() // 1_000_000


def moment(milliseconds: int) -> datetime:
    """Return the stored number as a UTC time."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(moment: datetime) -> int:
    """Return a time as it is stored."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
