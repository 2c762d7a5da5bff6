"""Who runs the server: whoever can read a file in its folder, in which the running server puts a token."""

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

TOKEN_BYTES = 32  # 256 random bits
FILE = 'operator.token'

log = logging.getLogger('hearth.operator')


class Operator:
    """Knows the operator by a token that is made at the start and means nothing after the end."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._token: str | None = None

    def start(self) -> None:
        """Write a new token where only the operator can read it; starting twice is harmless."""
        if self._token is not None:
            return
        self._token = secrets.token_urlsafe(TOKEN_BYTES)
        try:
            _write(self._file, self._token)
        except OSError as error:  # the chat itself needs no such file
            log.warning('Commands will not reach this server: %s cannot be written: %s', self._file, error.strerror)

    def stop(self) -> None:
        """Take the token away; stopping twice, or without having started, is harmless."""
        if self._token is not None:
            self._token = None
            with suppress(OSError):  # it is worth nothing any more
                self._file.unlink(missing_ok=True)

    def is_known_by(self, token: str | None) -> bool:
        """Whether this is the operator's token."""
        if self._token is None or token is None:
            return False
        return secrets.compare_digest(token.encode('utf-8', 'replace'), self._token.encode())


def read_token(folder: Path) -> str | None:
    """Return the token of the server that runs with this folder, or None; a server that was killed leaves its own."""
    try:
        return (folder / FILE).read_text(encoding='ascii')
    except (OSError, ValueError):
        return None


def _write(file: Path, token: str) -> None:
    file.unlink(missing_ok=True)  # what a killed server left, or anybody else who could then read along
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w', encoding='ascii') as stream:
        stream.write(token)
