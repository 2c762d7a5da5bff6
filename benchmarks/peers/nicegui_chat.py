"""NiceGUI's own way to write a chat: one list of ``ui.chat_message``, refreshed with each message.

``python -m benchmarks.peers.nicegui_chat PORT``. Every page shows the newest 50 messages; ``/bare`` shows nothing.
"""

import sys
from itertools import count

from nicegui import app, ui

SHOWN = 50
messages: list[tuple[str, str]] = []
numbers = count()


@ui.refreshable
def chat_messages(own: str) -> None:
    for user, text in messages[-SHOWN:]:
        ui.chat_message(text=text, name=user, sent=own == user)


@ui.page('/rooms/lobby')
async def room() -> None:
    user = f'Guest {next(numbers)}'

    def send() -> None:
        messages.append((user, text.value))
        text.value = ''
        chat_messages.refresh()

    chat_messages(user)
    text = ui.input().props('aria-label=Message').on('keydown.enter', send)


@ui.page('/bare')
def bare() -> None:
    pass


@app.get('/healthz')
def healthz() -> dict[str, str]:
    return {}


ui.run(host='127.0.0.1', port=int(sys.argv[1]), reload=False, show=False, show_welcome_message=False)
