"""Servers behind the balancer, and people who reach them through it."""

from collections.abc import Iterator

import pytest

from tests.deploy.balancer import Cluster


@pytest.fixture(scope='module')
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp('cluster'), HEARTH_RATE_LIMITS='on')
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(running: Cluster) -> Iterator[Cluster]:
    """Return two servers behind the balancer, both of which are there at the beginning of each test."""
    yield running
    for server in running.servers:
        if not server.is_running:
            server.start()
    running.wait_until_ready(len(running.servers))
