"""Simulated people."""

import gc

import pytest


@pytest.fixture(autouse=True)
def short_collections() -> None:
    """Keep what earlier tests left out of garbage collections: NiceGUI makes two for each simulated person."""
    gc.freeze()
