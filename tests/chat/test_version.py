import re
import tomllib
from pathlib import Path

from chat.version import VERSION

ROOT = Path(__file__).parents[2]


def test_project_and_changelog_speak_of_this_version() -> None:
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text(encoding='utf-8'))['project']
    headings = re.findall(r'^## \[([^\]]+)\]', (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8'), re.MULTILINE)
    assert project['version'] == VERSION
    assert next(heading for heading in headings if heading != 'Unreleased') == VERSION
