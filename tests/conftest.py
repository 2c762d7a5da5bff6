"""What all tests share: a chat of their own for each, in a folder that is thrown away."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_collection_finish() -> None:
    """Keep what was imported out of garbage collections: NiceGUI makes two for each simulated person."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let a server that a test starts keep its data in a folder of the test."""
    folder = tmp_path / 'data'
    monkeypatch.setenv('HEARTH_DATA', str(folder))
    monkeypatch.setenv('HEARTH_PORT', '0')  # a Hearth that runs on this machine is in nobody's way
    monkeypatch.setattr('sys.argv', ['main.py'])
    return folder
