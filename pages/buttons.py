"""The kinds of buttons the pages have, so that they look and read alike everywhere."""

from collections.abc import Callable

from nicegui import ui

from pages import browser


def icon(icon_name: str, label: str, on_click: Callable[[], object] | None = None) -> ui.element:
    """Return a small button with a picture; ``label`` is what a screen reader says and a pointer sees.

    A ``ui.button`` costs twice as much, for properties to bind to that nobody needs here, and a page has several.
    """
    button = ui.element('q-btn').classes('icon-button')
    button.props.update({'icon': icon_name, 'flat': True, 'dense': True, 'aria-label': label, 'title': label})
    if on_click is not None:
        button.on('click', on_click, args=[])
    return button


def menu(icon_name: str, label: str, fill: Callable[[], object], *, anew: bool = False) -> ui.element:
    """Return a button with a menu, which ``fill`` makes the entries of when it is opened for the first time.

    ``anew``: they are made each time. A menu nobody opens would be a quarter of what a page costs.
    """
    menus: list[ui.menu] = []

    def show() -> None:
        if not menus:
            with button, entries('auto-close') as made:
                fill()
            menus.append(made)
        elif anew:
            menus[0].clear()
            with menus[0]:
                fill()
        menus[0].open()

    button = icon(icon_name, label, show)
    button.props['aria-haspopup'] = 'menu'
    return button


def entries(props: str = '') -> ui.menu:
    """Return a place for entries that opens by its ``open`` alone and knows the arrows, Home and End.

    Whatever had the focus gets it back when it closes.
    """
    return ui.menu().props(f'no-parent-event {props}').on('keydown', js_handler=browser.ARROWS_IN_MENU)


def plain(label: str, on_click: Callable[..., object]) -> ui.button:
    """Return a button for what is not the main thing to do."""
    return ui.button(label, on_click=on_click, color=None).props('flat no-caps').classes('plain-button')


def main(label: str, on_click: Callable[..., object]) -> ui.button:
    """Return the button for the main thing to do."""
    return ui.button(label, on_click=on_click, color=None).props('unelevated no-caps').classes('main-button')


def danger(label: str, on_click: Callable[..., object]) -> ui.button:
    """Return the button for what cannot be taken back."""
    return ui.button(label, on_click=on_click, color=None).props('unelevated no-caps').classes('danger-button')


def entry(label: str, on_click: Callable[..., object]) -> ui.menu_item:
    """Return an entry of a menu, which closes first: a menu that closes takes the focus back to where it was opened.

    NiceGUI would close it by an event of its own, and what ``on_click`` gave the focus to would lose it again whenever
    the browser hears of the one before the other.
    """

    def chosen() -> object:
        if made.menu is not None:
            made.menu.close()
        return on_click()

    made = ui.menu_item(label, on_click=chosen, auto_close=False).props('role=menuitem')
    return made
