"""Every package is bounded on both sides, so no great update comes by itself, and has its reason written down."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
FILES = ('requirements.txt', 'tests/requirements.txt', 'benchmarks/requirements.txt')


def read_requirements(text: str) -> list[Requirement]:
    lines = (line.partition('#')[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith('-r ')]


def is_bounded(requirement: Requirement) -> bool:
    operators = {specifier.operator for specifier in requirement.specifier}
    return bool(operators & {'>=', '>'}) and bool(operators & {'<', '<='})


REQUIREMENTS = [each for file in FILES for each in read_requirements((ROOT / file).read_text(encoding='utf-8'))]


@pytest.mark.parametrize('requirement', REQUIREMENTS, ids=lambda each: each.name)
def test_has_a_lower_and_an_upper_bound(requirement: Requirement) -> None:
    assert is_bounded(requirement)


def test_every_package_has_its_line_and_every_line_its_package() -> None:
    explained = (ROOT / 'docs' / 'dependencies.md').read_text(encoding='utf-8').partition('## Not used')[0]
    lines = re.findall(r'^- \*\*([A-Za-z0-9_.-]+)\*\*: \S', explained, re.MULTILINE)
    assert sorted(lines, key=str.lower) == sorted({each.name for each in REQUIREMENTS}, key=str.lower)


@pytest.mark.parametrize('line', ['nh3', 'nh3>=0.3', 'nh3<1', 'nh3==0.3.1'])
def test_notices_a_missing_bound(line: str) -> None:
    assert not is_bounded(read_requirements(f'# why\n{line}  # comment\n-r other.txt\n')[0])
