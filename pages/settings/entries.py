"""A list in the settings: what each entry is, what is known of it, and what can be done."""

from collections.abc import Callable

from nicegui import ui

from chat.models import User
from pages import buttons, rows

MOST_SHOWN = 100  # each is some elements


def entry(
    name: str,
    about: str,
    actions: Callable[[], object] | None = None,
    *,
    user: User | None = None,
    what: str = '',
) -> None:
    """Show one in a ``ul.accounts``; ``actions`` fills its menu, which is named after ``what``, or ``name``."""
    with ui.element('li').classes('account'):
        if user is not None:
            ui.html(rows.avatar(user, 'small'), sanitize=False).classes('account-avatar')
        with ui.element('div').classes('account-text'):
            ui.label(name).classes('account-name')
            ui.label(about).classes('account-kind')
        if actions is not None:
            buttons.menu('more_horiz', f'Actions for {what or name}', actions)


def part(title: str) -> None:
    """Begin a part of a section."""
    with ui.element('h2'):
        ui.label(title)


def some_of(count: int) -> str:
    """Return what is said below a list of so many, of which MOST_SHOWN are shown."""
    more = count - MOST_SHOWN
    return f'And {more:,} more.' if more > 0 else '' if count else 'None.'


def plural(count: int, one: str, more: str) -> str:
    """Return a number with its noun: "1 person", "2 people"."""
    return f'{count:,} {one if count == 1 else more}'


def size(count: int) -> str:
    """Return so many bytes as people say it."""
    number = float(count)
    for unit in ('bytes', 'kB', 'MB'):
        if number < 1000:
            return f'{number:.0f} {unit}' if unit == 'bytes' else f'{number:.1f} {unit}'
        number /= 1000
    return f'{number:.1f} GB'
