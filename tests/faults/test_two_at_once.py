"""Two `up`s of one stack at the same time: one wins, and the other changes nothing."""

import shutil
from pathlib import Path

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.proxy import Hold, Proxy
from tests.faults.services import SECOND_NS, deploys, service
from tests.faults.test_nomad_api import REGISTER
from tests.observation import Observation
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 180.0


@pytest.mark.fault(16, "two checkouts, each with a state of its own")
def test_the_index_stops_the_one_that_comes_late(project: Project, tmp_path: Path, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up()
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other = Project(other_folder, project.addresses, project.name)
    shutil.copytree(project.folder / "state", other.folder / "state", dirs_exist_ok=True)
    shutil.copytree(project.folder / "stacks", other.folder / "stacks", dirs_exist_ok=True)
    deploys(project, service(project.name, "two"))
    deploys(other, service(project.name, "three"))

    with (
        Load(project.consul, project.name) as load,
        Proxy(project.addresses.nomad) as proxy,
        proxy.fault(late := Hold(on=REGISTER)),
    ):
        other.environment["NOMAD_ADDR"] = proxy.address
        up = other.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: late.met > 0, WAIT_S)
        project.up()
        late.released.set()
        text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode != 0
    seen.reads(text, "was changed by somebody else between the check and the registration")
    load.lost_none()
    assert load.answers == {"one", "two"}
    assert project.nomad.job(project.name)["Version"] == 1

    other.environment["NOMAD_ADDR"] = project.addresses.nomad
    refused = other.up(check=False)
    assert refused.code != 0
    assert "It is not overwritten" in refused.text
    assert project.nomad.job(project.name)["Version"] == 1


@pytest.mark.fault(16, "one state: its lock")
def test_the_lock_stops_the_second_and_names_the_first(project: Project, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up()
    slow = service(project.name, "two")
    slow["TaskGroups"][0]["Update"] |= {
        "MinHealthyTime": 30 * SECOND_NS,
        "HealthyDeadline": 90 * SECOND_NS,
        "ProgressDeadline": 120 * SECOND_NS,
    }
    deploys(project, slow)

    with Load(project.consul, project.name) as load:
        first = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
        second = project.up("--skip-preview", check=False)
        assert second.code != 0
        seen.reads(second.text, f"(pid {first.pid})")
        text = first.communicate(timeout=WAIT_S)[0]
    assert first.returncode == 0, text
    load.lost_none()
    assert project.nomad.job(project.name)["Version"] == 1
    project.preview("--expect-no-changes")


@pytest.mark.fault(16, "`pulumi cancel` during one, then another")
def test_pulumi_cancel_during_a_live_up(project: Project, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up()
    deploys(project, service(project.name, "two"))

    with Load(project.consul, project.name) as load:
        first = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
        seen.reads(project.run("cancel", "--yes").text, "has been canceled")
        second = project.up(check=False)
        text = first.communicate(timeout=WAIT_S)[0]
    assert 0 in (first.returncode, second.code), text + second.text
    load.lost_none()
    project.up()
    assert project.nomad.job(project.name)["Version"] == 1
    (allocation,) = project.nomad.running(project.name)
    assert allocation["JobVersion"] == 1
    project.preview("--expect-no-changes")
