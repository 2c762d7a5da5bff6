"""The least a WebSocket server can do: one prepared text to all who are connected, for each frame that comes.

``python -m benchmarks.peers.bare_broadcast PORT FILE``
"""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
sockets: set[WebSocket] = set()
text = Path(sys.argv[2]).read_text(encoding='utf-8')


@app.get('/healthz')
def healthz() -> dict[str, str]:
    return {}


@app.websocket('/ws')
async def ws(socket: WebSocket) -> None:
    await socket.accept()
    sockets.add(socket)
    try:
        while True:
            await socket.receive_text()
            for each in sockets:
                await each.send_text(text)
    except WebSocketDisconnect:
        sockets.discard(socket)


uvicorn.run(app, host='127.0.0.1', port=int(sys.argv[1]), log_level='warning', ws_per_message_deflate=False)
