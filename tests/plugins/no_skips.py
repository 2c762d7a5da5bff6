"""Fails a run in CI that skipped a test: what is skipped there is tested nowhere.

Load it with ``-p tests.plugins.no_skips``. A reason that starts with "platform:" is about the machine, and allowed.
"""

import os

import pytest
from _pytest.terminal import TerminalReporter

ALLOWED = 'platform:'


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.OK and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    if skipped := _skipped(config):
        terminalreporter.section('skipped, which CI does not allow', red=True)
        for line in skipped:
            terminalreporter.line(line)


def _skipped(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin('terminalreporter')
    if not os.environ.get('CI') or not isinstance(reporter, TerminalReporter):
        return []
    reasons = [(report.nodeid, _reason(report)) for report in reporter.stats.get('skipped', [])]
    return [f'{test}: {reason}' for test, reason in reasons if not reason.startswith(ALLOWED)]


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix('Skipped: ')
