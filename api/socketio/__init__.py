"""The Socket.IO door at ``/socket.io``: for front ends written for Flask-SocketIO, and for any Socket.IO client."""

from api.socketio.door import PATH, Door

__all__ = ['PATH', 'Door']
