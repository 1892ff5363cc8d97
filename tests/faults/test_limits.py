"""The host has no more file descriptors or connections to give."""

import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.serving import Serving
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

WAIT_S = 180.0
NOMADS_LIMIT = 100
"""Connections from one address that Nomad takes by default (`limits.http_max_conns_per_client`)."""


@pytest.mark.fault(28, "file descriptors: 16 for each process")
def test_few_file_descriptors(serving_by_cli: Serving[Project], seen: Observation) -> None:
    project = serving_by_cli.target
    serving_by_cli.declare()

    with Load(project.consul, project.name) as load:
        failed = project.up("--skip-preview", check=False, max_files=16)
        load.goes_on()
    assert failed.code != 0
    seen.reads(failed.text, "too many open files")
    load.lost_none()
    assert load.answers == {serving_by_cli.before}

    project.up("--skip-preview")
    serving_by_cli.serves_next()
    project.preview("--expect-no-changes")


@pytest.mark.fault(28, "connections to Nomad: all taken for a while")
def test_no_connection_is_left(serving: Serving[Stack], seen: Observation) -> None:
    serving.declare()
    nomad = urlsplit(serving.target.addresses.nomad)

    with Load(serving.consul, serving.name) as load, seen.timed():
        with ExitStack() as held:
            for _ in range(NOMADS_LIMIT):
                held.enter_context(socket.create_connection((nomad.hostname, nomad.port)))
            up = serving.target.start()
            load.goes_on(200)
            assert not up.ended(), up.result().text
        result = up.result(WAIT_S)
    assert result.code == 0, result.text
    load.lost_none()
    serving.serves_next()
