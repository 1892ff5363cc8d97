"""Processes are known by pid, start time and boot."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from toolchain.embedded import processes
from toolchain.embedded.processes import Process
from toolchain.waiting import wait_until


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    env = {**os.environ, processes.MARKER: str(tmp_path)}
    process = processes.spawn(["sleep", "600"], tmp_path / "log", env)
    yield process
    process.end(10)


def test_a_recorded_process_is_found_again(sleeper: Process, tmp_path: Path) -> None:
    processes.save(sleeper, tmp_path / "pids" / "sleeper.json")
    assert processes.load(tmp_path / "pids" / "sleeper.json") == sleeper


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot_id": "before the reboot"}])
def test_a_later_process_with_the_recorded_pid_is_not_ours_and_is_not_ended(
    sleeper: Process, tmp_path: Path, change: dict[str, int | str]
) -> None:
    stale = Process(**{**asdict(sleeper), **change})
    processes.save(stale, tmp_path / "sleeper.json")

    assert processes.load(tmp_path / "sleeper.json") is None
    stale.end(1)
    assert sleeper.alive()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', json.dumps({"pid": 1, "other": 2})])
def test_a_damaged_record_is_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid.json").write_text(text)
    assert processes.load(tmp_path / "pid.json") is None


def test_a_process_that_ignores_the_request_is_made_to_end(tmp_path: Path) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 1; done"
    stubborn = processes.spawn(["sh", "-c", script], tmp_path / "log", dict(os.environ))
    assert wait_until(lambda: "ready" in (tmp_path / "log").read_text(), 10)

    stubborn.end(0.3)

    assert not stubborn.alive()


def test_an_ended_child_is_no_zombie_of_ours(tmp_path: Path) -> None:
    child = processes.spawn(["true"], tmp_path / "log", dict(os.environ))
    assert wait_until(lambda: not child.alive(), 10)
    assert not Path(f"/proc/{child.pid}").exists()


def test_what_a_cluster_started_is_found_by_its_mark_children_included(sleeper: Process, tmp_path: Path) -> None:
    env = {**os.environ, processes.MARKER: str(tmp_path)}
    parent = processes.spawn(["sh", "-c", "sleep 601 & wait"], tmp_path / "log", env)

    def commands() -> list[list[str]]:
        return sorted(processes.command_line(process) for process in processes.marked(tmp_path))

    try:
        assert wait_until(lambda: ["sleep", "601"] in commands(), 10)
        assert ["sleep", "600"] in commands()
        assert processes.marked(tmp_path / "another") == []
    finally:
        for process in processes.marked(tmp_path):
            process.end(5)
    assert not parent.alive()


def test_output_goes_to_the_log_after_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")
    process = processes.spawn(["sh", "-c", "echo out; echo err >&2"], tmp_path / "log", dict(os.environ))
    assert wait_until(lambda: not process.alive(), 10)
    assert (tmp_path / "log").read_text() == "before\nout\nerr\n"


def test_a_pid_that_nobody_has_is_nobody() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert processes.find(gone.pid) is None
    me = processes.find(os.getpid())
    assert me is not None
    assert me.alive()
    assert not replace(me, start_ticks=me.start_ticks + 1).alive()
