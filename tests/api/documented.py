"""What docs/api.md says: its examples and its tables."""

import re
from pathlib import Path

DOCUMENT = (Path(__file__).parents[2] / 'docs' / 'api.md').read_text(encoding='utf-8')


def section(heading: str) -> str:
    """Return what stands below a heading."""
    found = re.search(rf'^## {re.escape(heading)}\n(.*?)(?=^## |\Z)', DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def example(heading: str) -> str:
    """Return the code that a section shows first."""
    found = re.search(r'^```\w+\n(.*?)^```$', section(heading), re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def table(heading: str, column: str) -> list[list[str]]:
    """Return the cells, row by row, of the tables of a section whose first column is called ``column``."""
    tables = re.findall(rf'^\| {column} \|.*\n\| ---.*\n((?:\|.*\n)+)', section(heading), re.MULTILINE)
    return [[cell.strip() for cell in row.strip('|').split(' | ')] for rows in tables for row in rows.splitlines()]
