"""What nobody expected, and how its number leads to the log."""

import traceback

import pytest

from web.crashes import crash_of


@pytest.fixture
def error() -> ValueError:
    """Return an error that was raised."""
    try:
        raise ValueError('on purpose')
    except ValueError as error:
        return error


def test_the_number_is_said_and_logged_and_in_the_trace(error: ValueError, caplog: pytest.LogCaptureFixture) -> None:
    crash = crash_of(error, "GET '/'")
    number = str(crash).split()[-1].rstrip('.')
    assert (len(number), crash.code) == (8, 'internal')
    assert 'on purpose' not in str(crash)
    assert f"Crash {number} in GET '/': ValueError" in caplog.text
    assert caplog.text.count('Traceback') == 1
    assert f'This is crash {number}.' in ''.join(traceback.format_exception(error))


def test_what_the_server_logs_by_itself_is_not_logged_twice(
    error: ValueError, caplog: pytest.LogCaptureFixture
) -> None:
    crash_of(error, "GET '/'", trace=False)
    assert len(caplog.records) == 1
    assert 'Traceback' not in caplog.text
