"""For which stacks the state is written once, at the end."""

import json
from pathlib import Path
from typing import Any

import pytest

from toolchain.checkpoints import SERVICES, may_be_skipped

JOB: dict[str, Any] = {"type": "nomad:index/job:Job", "custom": True}
OF_PULUMI: list[dict[str, Any]] = [
    {"type": "pulumi:pulumi:Stack", "custom": False},
    {"type": "pulumi:providers:nomad", "custom": True},
    {"type": "caravan:index:Microservice", "custom": False},
    {"type": "my:own:Component"},
    {"type": "docker:index/remoteImage:RemoteImage", "custom": True},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: shop # ours\nruntime: python\nstackConfigDir: stacks\n")
    return folder


def _records(project: Path, resources: list[dict[str, Any]]) -> None:
    file = project.parent / "state" / ".pulumi" / "stacks" / "shop" / "prod.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "prod", "latest": {"resources": resources}}}))


def _declares(project: Path, services: int) -> None:
    lines = "".join(f"    service-{number}: {{}}\n" for number in range(services))
    (project / "stacks" / "Pulumi.prod.yaml").write_text(f"config:\n  shop:services:\n{lines or '    {}'}\n")


def _may(project: Path) -> bool:
    return may_be_skipped(project, "prod", project.parent / "state")


def test_a_large_stack_is_recorded_once(project: Path) -> None:
    _records(project, [*OF_PULUMI, *[JOB] * SERVICES])
    assert _may(project)


def test_a_small_one_at_each_step(project: Path) -> None:
    _declares(project, SERVICES - 1)
    _records(project, [*OF_PULUMI, *[JOB] * (SERVICES - 1)])
    assert not _may(project)


@pytest.mark.parametrize("recorded", [None, []])
def test_a_new_stack_is_as_large_as_its_file_says(project: Path, recorded: list[dict[str, Any]] | None) -> None:
    if recorded is not None:
        _records(project, recorded)
    _declares(project, SERVICES)
    assert _may(project)


@pytest.mark.parametrize("type_", ["aws:s3/bucket:Bucket", "nomad:index/aclToken:AclToken"])
def test_what_would_not_be_found_again_keeps_the_steps(project: Path, type_: str) -> None:
    _records(project, [*OF_PULUMI, {"type": type_, "custom": True}, *[JOB] * SERVICES])
    assert not _may(project)


def test_so_do_packages_that_may_bring_in_such_types(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _declares(project, SERVICES)
    packages = project.parent / "packages"
    monkeypatch.setattr("toolchain.checkpoints.sysconfig.get_paths", lambda: {"purelib": str(packages)})
    for known in ("pulumi_nomad", "pulumi_nomad-2.6.1.dist-info", "pulumi_docker"):
        (packages / known).mkdir(parents=True)
    assert _may(project)
    (packages / "pulumi_aws").mkdir()
    assert not _may(project)


@pytest.mark.parametrize("file", ["prod.json", "prod.json.gz"])
def test_a_state_that_cannot_be_read_keeps_the_steps(project: Path, file: str) -> None:
    _declares(project, SERVICES)
    state = project.parent / "state" / ".pulumi" / "stacks" / "shop" / file
    state.parent.mkdir(parents=True)
    state.write_text("{")
    assert not _may(project)


@pytest.mark.parametrize("text", ["", "config: {}", "config:\n  shop:services: 3\n", "config: [", "- a\n"])
def test_a_stack_file_that_names_no_services_counts_as_small(project: Path, text: str) -> None:
    (project / "stacks" / "Pulumi.prod.yaml").write_text(text)
    assert not _may(project)
