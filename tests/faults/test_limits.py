"""The host has no more file descriptors or connections to give."""

import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.services import deploys, service
from tests.observation import Observation

pytestmark = pytest.mark.cluster

WAIT_S = 180.0
NOMADS_LIMIT = 100
"""Connections from one address that Nomad takes by default (`limits.http_max_conns_per_client`)."""


@pytest.mark.fault(28, "file descriptors: 16 for each process")
def test_few_file_descriptors(project: Project, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, service(project.name, "two"))

    with Load(project.consul, project.name) as load:
        failed = project.up("--skip-preview", check=False, max_files=16)
        load.goes_on()
    assert failed.code != 0
    seen.reads(failed.text, "too many open files")
    load.lost_none()
    assert load.answers == {"one"}

    project.up()
    assert project.nomad.job(project.name)["Version"] == 1
    project.preview("--expect-no-changes")


@pytest.mark.fault(28, "connections to Nomad: all taken for a while")
def test_no_connection_is_left(project: Project, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, service(project.name, "two"))
    nomad = urlsplit(project.addresses.nomad)

    with Load(project.consul, project.name) as load, seen.timed():
        with ExitStack() as held:
            for _ in range(NOMADS_LIMIT):
                held.enter_context(socket.create_connection((nomad.hostname, nomad.port)))
            up = project.start("up", "--yes", "--skip-preview")
            load.goes_on(300)
            assert up.poll() is None, up.communicate()[0]
        text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode == 0, text
    load.lost_none()
