"""The sound of a notification: two soft tones, made here."""

import io
import math
import wave
from functools import lru_cache

from fastapi import Response
from nicegui import app

ADDRESS = '/notification.wav'
RATE = 22_050  # samples a second
TONES = ((659.3, 0.0), (880.0, 0.12))  # hertz, and when each begins
LENGTH = 0.45  # s
LOUDNESS = 0.25  # of what is possible
DAY = 24 * 3600  # s


@lru_cache(maxsize=1)
def sound() -> bytes:
    """Return it as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, 'wb') as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b''.join(_sample(number / RATE) for number in range(int(LENGTH * RATE))))
    return file.getvalue()


def install() -> None:
    """Serve it."""

    @app.get(ADDRESS, include_in_schema=False)
    def serve() -> Response:
        return Response(sound(), media_type='audio/wav', headers={'Cache-Control': f'public, max-age={DAY}'})


def _sample(time: float) -> bytes:
    parts = (_tone(pitch, time - begin) for pitch, begin in TONES)
    return int(sum(parts) / len(TONES) * LOUDNESS * 32_767).to_bytes(2, 'little', signed=True)


def _tone(pitch: float, time: float) -> float:
    """Return a tone that comes softly and fades away."""
    if time < 0:
        return 0.0
    return math.sin(2 * math.pi * pitch * time) * math.exp(-12 * time) * min(time / 0.01, 1)
