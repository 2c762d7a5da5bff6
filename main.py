"""Hearth: ``python main.py``, and people talk. Builds the parts and starts the server, nothing else."""

import sys

from nicegui import app, core, ui
from starlette.routing import Mount

import pages
from api import commands, create_api, health, hooks, metrics, socketio
from chat import Chat
from chat.errors import CannotOpen, NotThere
from chat.settings import SettingError, Settings, split_command
from pages import theme
from web import (
    answers,
    cookies,
    draining,
    headers,
    page_building,
    page_limits,
    plain_layers,
    prepared_frames,
    socket_guard,
    startup,
)
from web.requests import AnswerHead, LimitRequests

MOUNTS = ('/api', hooks.PATH, socketio.PATH)
STOPS_WITHIN = 10  # s; then whoever still waits for an answer waits in vain
NOT_THERE = 75  # exit status: whoever watches over the server may start it again
RECONNECT_TIMEOUT = 60.0  # s that a page waits for its browser, so that a gap needs no reload


def main() -> None:
    """Read the settings, put the parts together, serve until Ctrl+C; or do what a command says."""
    flags, command = split_command(sys.argv[1:])
    settings = Settings.load(flags)
    if command:
        sys.exit(commands.run(settings, command))
    startup.check_port_free(settings.host, settings.port)
    chat = Chat(settings)
    chat.open()
    install(chat)
    startup.announce(settings, stream=sys.stdout)
    ui.run(
        host=settings.host,
        port=settings.port,
        title='Hearth',
        favicon=theme.FAVICON,
        dark=None,
        language='en-US',
        reconnect_timeout=RECONNECT_TIMEOUT,
        timeout_graceful_shutdown=STOPS_WITHIN,
        tailwind=False,
        reload=False,
        show=False,
        show_welcome_message=False,
        access_log=False,  # the addresses of webhooks are secrets
        gzip_middleware_factory=page_building.compress,
        **socket_guard.UVICORN_LIMITS,
    )


def install(chat: Chat) -> None:
    """Put the doors of a chat into NiceGUI's application."""
    settings = chat.settings
    app.state.chat = chat
    page_building.speed_up()
    plain_layers.use()
    pages.install(chat)
    # Simulated users run this file again and again in one process, and mounts of the run before would answer first.
    app.routes[:] = [route for route in app.routes if not (isinstance(route, Mount) and route.path in MOUNTS)]
    app.mount('/api', create_api(chat))
    app.mount(hooks.PATH, hooks.create_door(chat))
    socketio_door = socketio.Door(chat)
    app.mount(socketio.PATH, socketio_door)
    health.install(app, chat)
    answers.install(app)
    app.add_middleware(LimitRequests, pages.FORMS, pages.LARGER)
    app.add_middleware(page_limits.LimitPageBuilds, page_limits.PageBuildLimit(enabled=settings.rate_limits))
    headers.install(app, public_url=settings.public_url)
    metrics.install(app, chat)
    app.add_middleware(AnswerHead)
    socket_guard.install(
        core.sio,
        public_url=settings.public_url,
        session_cookie_names=cookies.NAMES,
        sockets_per_address=socket_guard.SOCKETS_PER_ADDRESS if settings.rate_limits else None,
    )
    app.on_startup(lambda: socket_guard.set_pings(core.sio))
    app.on_startup(prepared_frames.use)
    app.on_startup(chat.start)
    app.on_startup(lambda: startup.announce_administrator(chat, stream=sys.stdout))
    app.on_startup(startup.calm_collector)
    if draining.is_one_of_several(settings):
        app.on_startup(lambda: draining.use(chat.readiness))
    app.on_shutdown(socketio_door.stop)
    app.on_shutdown(chat.stop)


if __name__ in {'__main__', '__mp_main__'}:
    try:
        main()
    except (SettingError, CannotOpen) as error:
        sys.stderr.write(f'{error}\n')
        sys.exit(NOT_THERE if isinstance(error, NotThere) else 2)
    except KeyboardInterrupt:  # Ctrl+C: the server has stopped in order by now
        sys.exit(130)
