"""The plugin that lets no skipped test pass in CI, tried on a run of pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PASSES = 'def test_passes(): pass\n'
SKIPS = f'import pytest\n{PASSES}\n@pytest.mark.skip(reason="no browser here")\ndef test_skips(): pass\n'
SKIPS_A_PLATFORM = SKIPS.replace('no browser here', 'platform: no Windows here')
SKIPS_THE_FILE = 'import pytest\npytest.importorskip("surely_not_installed")\n'
FAILS = f'{SKIPS}\ndef test_fails(): assert False\n'


def run(folder: Path, source: str, ci: str) -> tuple[int, str]:
    """Run pytest on one file, with nothing of this repository's configuration; return status and output."""
    (folder / 'test_it.py').write_text(source)
    (folder / 'test_more.py').write_text(PASSES)
    (folder / 'pytest.ini').write_text('[pytest]\n')
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('PYTEST', 'COV_'))}
    done = subprocess.run(
        [sys.executable, '-m', 'pytest', '-p', 'tests.plugins.no_skips', '-c', folder / 'pytest.ini', folder],
        cwd=ROOT,
        env=environment | {'CI': ci, 'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1', 'PYTHONDONTWRITEBYTECODE': '1'},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ('source', 'ci', 'status'),
    [
        (PASSES, 'true', 0),
        (SKIPS, 'true', 1),
        (SKIPS, '', 0),
        (SKIPS_A_PLATFORM, 'true', 0),
        (SKIPS_THE_FILE, 'true', 1),
        (FAILS, 'true', 1),
    ],
)
def test_only_ci_fails_for_a_skip(tmp_path: Path, source: str, ci: str, status: int) -> None:
    assert run(tmp_path, source, ci)[0] == status


def test_says_what_was_skipped_and_ends_with_the_usual_line(tmp_path: Path) -> None:
    _, output = run(tmp_path, SKIPS, 'true')
    assert 'test_it.py::test_skips: no browser here' in output
    assert '2 passed, 1 skipped' in output.strip().splitlines()[-1]
