"""Buttons and entries of menus."""

from nicegui import ui
from nicegui.testing import User

from pages import buttons
from tests.pages.people import choose


async def test_a_menu_is_closed_when_its_entry_does_what_it_says(user: User) -> None:
    """Else it would close afterwards, and take the focus away from where the entry brought it."""
    open_then: list[bool] = []

    @ui.page('/menu')
    def page() -> None:
        with ui.menu(value=True) as menu:
            buttons.entry('Edit', lambda: open_then.append(menu.value))

    await user.open('/menu')
    choose(user, 'Edit')
    assert open_then == [False]
