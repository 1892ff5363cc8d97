"""The clock of the machine that deploys is days away from those of the servers."""

from pathlib import Path

import pytest

from tests.cluster.load import Load
from tests.cluster.project import UP_TIMEOUT_S, Project
from tests.faults.kills import command, descendants
from tests.faults.services import SECOND_NS, service
from tests.faults.serving import Serving
from tests.observation import Observation
from toolchain.system_packages import faketime_library
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 120.0


def wrong_clock(offset: str) -> dict[str, str]:
    """The environment in which programs see another time. Pulumi's own, without libc, do not: plugin and program do."""
    return {"LD_PRELOAD": str(faketime_library()), "FAKETIME": offset, "FAKETIME_DONT_RESET": "1"}


def plugin_is_deceived(pid: int) -> bool:
    """Whether the plugin for Nomad has been started, with the library in it."""
    plugins = [child for child in descendants(pid) if "providers.nomad" in command(child)]
    return any("libfaketime" in Path(f"/proc/{child}/maps").read_text() for child in plugins)


@pytest.mark.parametrize("offset", ["+3d", "-3d"])
@pytest.mark.fault(30, "days ahead, days behind: a good version, then a bad one")
def test_a_wrong_clock(serving_by_cli: Serving[Project], seen: Observation, offset: str) -> None:
    project = serving_by_cli.target
    project.environment |= wrong_clock(offset)

    with Load(project.consul, project.name) as load:
        good = serving_by_cli.declare()
        up = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: plugin_is_deceived(up.pid), WAIT_S)
        text = up.communicate(timeout=UP_TIMEOUT_S)[0]
        assert up.returncode == 0, text
        bad = service(project.name, serving_by_cli.next_greeting(), health=503)
        bad["TaskGroups"][0]["Update"] |= {"HealthyDeadline": 6 * SECOND_NS, "ProgressDeadline": 8 * SECOND_NS}
        serving_by_cli.declare_job(bad)
        failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    seen.reads(failed.diagnostics, "503 Service Unavailable")
    assert f"Nomad went back to version {serving_by_cli.version + 1}" in failed.diagnostics
    load.lost_none()
    assert load.answers == {serving_by_cli.before, good}
    serving_by_cli.declare()
    project.up("--skip-preview")
    assert len(serving_by_cli.runs()) == 1
