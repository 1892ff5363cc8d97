"""The two promises: a bad version never takes the service down, and the user reads why it failed."""

import re
from collections.abc import Iterator

import pytest

from tests.cluster.deployed import Deployed, deployed_example
from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.observation import Observation
from toolchain.cluster import Addresses

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("bad versions")]


@pytest.fixture(scope="module")
def deployed(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployed_example(addresses, tmp_path_factory.mktemp("bad-versions"), "bad-versions") as deployed:
        yield deployed


@pytest.fixture
def example(deployed: Deployed) -> Deployed:
    deployed.begin()
    return deployed


@pytest.mark.fault(1, "under load")
def test_an_image_that_does_not_exist_is_refused_before_anything_is_registered(
    example: Deployed, seen: Observation
) -> None:
    project = example.project
    missing = f"{project.addresses.registry}/{project.name}:9.9.9"
    project.override({"image": {"reference": missing}})

    with Load(project.consul, project.name) as load:
        failed = project.up(check=False)
    assert failed.code != 0
    seen.reads(failed.text, f"image {missing} cannot be pulled")
    assert "Nothing was registered" in failed.text
    load.lost_none()
    assert project.nomad.job(project.name)["Version"] == example.version

    project.override({})
    example.good_version_works()


@pytest.mark.fault(1, "seen by the node only, under load")
@pytest.mark.fault(9, "after an image that was missing")
def test_an_image_that_vanishes_after_the_check_fails_at_once_and_is_explained(
    example: Deployed, seen: Observation
) -> None:
    """The registry is asked before; what Nomad then meets is told all the same, without waiting for its deadline."""
    project = example.project
    # The address by which the node's Docker finds no registry, but whose name cannot be checked from here.
    image = "registry.invalid/nothing:1"
    project.override({"image": {"reference": image}})

    with Load(project.consul, project.name) as load:
        failed = project.up(check=False)
    assert failed.code != 0
    seen.reads(failed.text, "seen from here")
    assert image in failed.text
    assert f"went back to version {example.version}" in failed.text
    load.lost_none()

    project.override({})
    example.good_version_works()


@pytest.mark.fault(3, "503 on its health check, under load")
@pytest.mark.fault(9, "after a version that never got healthy")
def test_a_version_that_never_gets_healthy_is_explained_and_reverted(example: Deployed, seen: Observation) -> None:
    project = example.project
    project.edit('return HTTPStatus.OK, "ok\\n"', 'return HTTPStatus.SERVICE_UNAVAILABLE, "no database\\n"')
    project.edit("shuts down", "shuts down now")
    project.edit("listens on {host}", "cannot find its database, listens on {host}")

    with Load(project.consul, project.name) as load:
        failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    assert f"version {example.version + 1} failed" in failed.text
    seen.reads(failed.text, "503 Service Unavailable")
    assert "no database" in failed.text
    assert "cannot find its database" in failed.text
    assert f"Nomad went back to version {example.version} (as version {example.version + 2})" in failed.text
    load.lost_none()
    assert load.answers == {example.greeting}

    project.edit('HTTPStatus.SERVICE_UNAVAILABLE, "no database\\n"', 'HTTPStatus.OK, "ok\\n"')
    example.good_version_works()


@pytest.mark.fault(4, "exits with 1 at its start, under load")
def test_a_version_that_crashes_fails_when_its_restarts_are_spent(example: Deployed, seen: Observation) -> None:
    project = example.project
    project.edit("    sys.exit(main())", '    sys.exit("cannot read /etc/app.conf")')

    with Load(project.consul, project.name) as load:
        failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    seen.reads(failed.text, "it ended with exit code 1, 2 times")
    assert "cannot read /etc/app.conf" in failed.text
    assert f"Nomad went back to version {example.version}" in failed.text
    load.lost_none()


@pytest.mark.fault(7, "exits with 1 at its start")
def test_a_first_deployment_that_fails_says_that_there_is_nothing_to_go_back_to(
    project: Project, seen: Observation
) -> None:
    project.edit("    sys.exit(main())", '    sys.exit("cannot read /etc/app.conf")')

    failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    assert "cannot read /etc/app.conf" in failed.text
    seen.reads(failed.text, "there is no earlier version that it could go back to")

    project.edit('    sys.exit("cannot read /etc/app.conf")', "    sys.exit(main())")
    project.up()
    assert project.nomad.job(project.name)["Stable"]
    assert len(project.outputs()["urls"]) == 1


@pytest.mark.fault(19, "memory, of a service that runs")
def test_what_cannot_be_placed_is_refused_at_preview(example: Deployed, seen: Observation) -> None:
    project = example.project
    project.override({"resources": {"memory_mb": 900_000}})

    failed = project.preview(check=False)
    assert failed.code != 0
    assert "cannot be placed" in failed.text
    seen.reads(failed.text, "memory is exhausted on 1 node")
    assert re.search(r"an instance needs 900000 MiB of memory; the freest node, \S+, has \d+ MiB left", failed.text)
    example.unharmed()
