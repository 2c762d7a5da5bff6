"""How everything looks: the style sheet, the colors of code, the logo and the theme switch."""

import hashlib
from functools import lru_cache
from pathlib import Path

from fastapi import Response
from nicegui import app, ui

from chat import markup
from pages import chips, mention_marks

LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">'
    '<path fill="currentColor" d="M16 2c1 5 8 8.5 8 17a8 8 0 0 1-16 0c0-4 2-6.5 3.5-8 .3 2 1.2 3.2 2.5 4'
    'C13.5 10 14 5.5 16 2z"/>'
    '<path class="logo-core" d="M16 27a4 4 0 0 1-4-4c0-2.5 2-4 3.5-6 .5 2 4.5 3 4.5 6a4 4 0 0 1-4 4z"/></svg>'
)
FAVICON = '🔥'
YEAR = 365 * 24 * 3600  # seconds


@lru_cache(maxsize=1)
def style_sheet() -> tuple[str, str]:
    """Return the address of the style sheet, which changes with it, and its text."""
    css = Path(__file__).with_name('theme.css').read_text(encoding='utf-8') + '\n'.join(markup.pygments_css())
    return f'/theme-{hashlib.sha256(css.encode()).hexdigest()[:12]}.css', css


def install() -> None:
    """Serve the style sheet, and tell Quasar the colors; no bar loads across the top, as changes are over before.

    Menus, dialogs and lists to choose from come and go at once: while they do, Quasar gives the focus to nothing, and
    what waited for it is given it afterwards, wherever the focus went meanwhile.
    """
    app.config.quasar_config['loadingBar']['skipHijack'] = True
    for kind in (ui.menu, ui.dialog, ui.select):
        kind.default_props('transition-duration=0')
    app.colors(primary='#b23c17', negative='#b3261e', dark='#1f1b18', dark_page='#171412')
    address, css = style_sheet()

    @app.get(address, include_in_schema=False)
    def sheet() -> Response:
        caching = {'Cache-Control': f'public, max-age={YEAR}, immutable'}
        return Response(css, media_type='text/css', headers=caching)


def apply(choice: str | None, reader: int | None = None) -> ui.dark_mode:
    """Put the style on this page and return its theme switch; that user is marked as the reader."""
    address, _ = style_sheet()
    head = f'<link rel="stylesheet" href="{address}">'
    if reader is not None:
        # Prepared HTML is shared by all pages; whose page this is stands in these rules. The id is a number.
        you = f'.person.by-{reader:d} .name::after {{ content: " (you)"; }}'
        head += f'<style>{you} {chips.own(reader)} {mention_marks.own(reader)}</style>'
    ui.add_head_html(head)
    return ui.dark_mode(is_dark(choice))


def is_dark(choice: str | None) -> bool | None:
    """Return what a chosen theme means for the switch; None is as the system has it."""
    return None if choice is None else choice == 'dark'
