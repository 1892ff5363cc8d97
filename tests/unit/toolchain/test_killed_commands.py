"""Which locks and processes of killed commands go, and which stay."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from toolchain import killed_commands
from toolchain.waiting import wait_until

Write = Callable[..., Path]


@pytest.fixture
def gone() -> int:
    """The pid of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@pytest.fixture
def lock(tmp_path: Path) -> Write:
    """Writes a lock as Pulumi does."""

    def write(pid: int, host: str = socket.gethostname(), taken: str = "2026-01-02T03:04:05.123456789+01:00") -> Path:
        folder = tmp_path / ".pulumi" / "locks" / "organization" / "caravan" / "dev"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{pid}.json"
        file.write_text(json.dumps({"pid": pid, "username": "ana", "hostname": host, "timestamp": taken}))
        return file

    return write


def test_a_lock_whose_owner_is_gone_is_removed_and_told(tmp_path: Path, lock: Write, gone: int) -> None:
    file = lock(gone)

    (sentence,) = killed_commands.clear(tmp_path)
    assert not file.exists()
    assert 'stack "dev"' in sentence
    assert f"process {gone} of ana on this machine, since 2026-01-02 02:04:05 UTC" in sentence


def test_creations_that_find_their_object_again_are_forgotten(tmp_path: Path, lock: Write, gone: int) -> None:
    def operation(kind: str, type_: str, name: str) -> dict[str, Any]:
        return {"type": kind, "resource": {"type": type_, "urn": f"urn:pulumi:dev::caravan::{type_}::{name}"}}

    image, token = "docker:index/remoteImage:RemoteImage", "nomad:index/aclToken:AclToken"
    kept = [operation("creating", token, "token"), operation("updating", image, "old-image")]
    state = tmp_path / ".pulumi" / "stacks" / "caravan" / "dev.json"
    state.parent.mkdir(parents=True)
    latest = {"resources": [1], "pending_operations": [operation("creating", image, "image"), *kept]}
    state.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    lock(gone)

    (sentence,) = killed_commands.clear(tmp_path)
    assert sentence.endswith("found again or made anew: image.")
    written = json.loads(state.read_text())
    assert written == {"version": 3, "checkpoint": {"latest": {"resources": [1], "pending_operations": kept}}}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"checkpoint": {"latest": {"pending_operations": [1]}}}'])
def test_a_damaged_state_is_left_as_it_is(tmp_path: Path, lock: Write, gone: int, content: str) -> None:
    state = tmp_path / ".pulumi" / "stacks" / "caravan" / "dev.json"
    state.parent.mkdir(parents=True)
    state.write_text(content)
    lock(gone)

    assert len(killed_commands.clear(tmp_path)) == 1
    assert state.read_text() == content


def test_a_lock_of_a_running_command_stays(tmp_path: Path, lock: Write) -> None:
    file = lock(os.getpid(), taken=datetime.now(UTC).isoformat())

    assert killed_commands.clear(tmp_path) == []
    assert file.exists()


def test_a_later_process_with_the_same_pid_is_not_the_owner(tmp_path: Path, lock: Write) -> None:
    file = lock(os.getpid(), taken=(datetime.now(UTC) - timedelta(days=300)).isoformat())

    assert len(killed_commands.clear(tmp_path)) == 1
    assert not file.exists()


def test_a_lock_of_another_machine_stays(tmp_path: Path, lock: Write, gone: int) -> None:
    file = lock(gone, host="somewhere-else")

    assert killed_commands.clear(tmp_path) == []
    assert file.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": "x"}', '{"pid": 1, "timestamp": "yesterday"}'])
def test_a_lock_that_does_not_say_whose_it_is_stays(tmp_path: Path, lock: Write, content: str) -> None:
    file = lock(1)
    file.write_text(content)

    assert killed_commands.clear(tmp_path) == []
    assert file.exists()


def test_a_plugin_whose_engine_is_gone_is_ended(tmp_path: Path) -> None:
    plugin = str(tmp_path / "pulumi-resource-sample")
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        program = "import signal, sys; print(flush=True); signal.pause()"
        orphan = subprocess.Popen([plugin, "-c", program, address], executable=sys.executable, stdout=subprocess.PIPE)
        assert orphan.stdout is not None
        orphan.stdout.readline()
        killed_commands.end_orphans()
        assert orphan.poll() is None

    killed_commands.end_orphans()
    assert wait_until(lambda: orphan.poll() is not None, 30)
    orphan.stdout.close()


def test_a_lock_that_was_only_begun_is_removed(tmp_path: Path, lock: Write) -> None:
    whole = lock(os.getpid(), taken=datetime.now(UTC).isoformat())
    begun = whole.with_name("0e2d.json.18eb6fb7b60d72a9.tmp")
    begun.touch()
    os.utime(begun, (0, 0))

    (sentence,) = killed_commands.clear(tmp_path)
    assert not begun.exists()
    assert whole.exists()
    assert 'A lock on stack "dev" was begun and not finished' in sentence
