"""Answers that no cache may keep."""

from fastapi import Response

UNCACHED = {'Cache-Control': 'no-store'}


def uncached(response: Response) -> None:
    """Let no cache keep an answer: a route depends on this whose answer carries a secret."""
    response.headers.update(UNCACHED)
