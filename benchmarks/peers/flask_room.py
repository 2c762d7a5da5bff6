"""The chat room that Hearth grew from, as far as a message goes: Flask-SocketIO tells it to everybody.

``python -m benchmarks.peers.flask_room PORT [threading|gevent]``: threading with simple-websocket is what its list of
packages comes to; gevent is the fastest that Flask-SocketIO has.
"""

import sys

PORT, MODE = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else 'threading'
if MODE == 'gevent':
    from gevent import monkey

    monkey.patch_all()

import logging  # noqa: E402 - gevent wants to be first

from flask import Flask  # noqa: E402
from flask_socketio import SocketIO  # noqa: E402

app = Flask(__name__)
socketio = SocketIO(app, cors_allowed_origins='*', async_mode=MODE)
messages: dict[str, list[str]] = {}
logging.getLogger('werkzeug').setLevel(logging.ERROR)


@app.get('/healthz')
def healthz() -> dict[str, str]:
    return {}


@socketio.on('message')
def message(data: dict[str, str]) -> None:
    print(f'Received message from {data["user"]}: {data["message"]}')
    messages.setdefault(data['user'], []).append(data['message'])
    socketio.emit('message', data)


@socketio.on('join')
def join(data: dict[str, str]) -> None:
    socketio.emit('join', {'user': data['user']})


options = {'allow_unsafe_werkzeug': True} if MODE == 'threading' else {}
socketio.run(app, host='127.0.0.1', port=PORT, **options)
