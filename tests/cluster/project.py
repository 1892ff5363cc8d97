"""A user's project in a folder of its own, driven through the real Pulumi CLI."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests import observation
from tests.cluster.api import Api
from tests.cluster.folders import of_the_cluster
from tests.where_time_goes import count_command
from toolchain import paths
from toolchain.cluster import Addresses

UP_TIMEOUT_S = 300.0
SHARED = ("Pulumi.yaml", "__main__.py", "components", "providers", ".venv")
FAST: dict[str, Any] = {
    # A machine that is busy with other tests answers late.
    "check": {"interval_s": 1, "timeout_s": 5},
    "rollout": {"min_healthy_s": 1, "healthy_deadline_s": 15, "progress_deadline_s": 20},
    "restart": {"attempts": 1, "delay_s": 1, "interval_s": 300},
    "shutdown_delay_s": 1.5,
    "resources": {"cpu_mhz": 50, "memory_mb": 64},
}
"""What makes a deployment take seconds; everything else is as users have it."""

PROJECT, STACK = "caravan", "dev"
_made: dict[str, bytes] = {}
"""The files that `pulumi stack init` has written for this process's first project, by their path in its folder."""


@dataclass(frozen=True)
class Result:
    """What a command printed (both streams), its exit code, and how long it took."""

    code: int
    text: str
    took_s: float = 0.0

    @property
    def diagnostics(self) -> str:
        """The part in which the CLI sums up what was said of each resource; before it, lines come live and repeat."""
        return self.text[max(0, self.text.find("Diagnostics:")) :]

    def block(self, start: str) -> str:
        """The lines of the diagnostics from the first one that holds `start` to the next empty line."""
        lines = self.diagnostics.splitlines()
        first = next((number for number, line in enumerate(lines) if start in line), None)
        assert first is not None, f"{start!r} is not in:\n{self.text}"
        end = next((number for number in range(first, len(lines)) if not lines[number].strip()), len(lines))
        return "\n".join(lines[first:end])


class Project:
    """The checkout's program with one service of the test's own, a copy of the example."""

    def __init__(self, folder: Path, addresses: Addresses, name: str) -> None:
        self.folder = folder
        self.addresses = addresses
        self.name = name
        self.nomad = Api(addresses.nomad)
        self.consul = Api(addresses.consul)
        for part in SHARED:
            (folder / part).symlink_to(paths.ROOT / part)
        self.service = folder / "services" / name
        example = paths.ROOT / "services" / "microservice-example"
        shutil.copytree(example, self.service, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "stacks").mkdir()
        (folder / "state").mkdir()
        self.override({})
        tools = f"{paths.ROOT / '.venv' / 'bin'}:{paths.ROOT / '.caravan' / 'bin'}"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "NOMAD_", "CONSUL_"))},
            **addresses.environment(),
            **of_the_cluster(),
            "PATH": f"{tools}:{os.environ['PATH']}",
            "VIRTUAL_ENV": str(paths.ROOT / ".venv"),
            "PULUMI_HOME": str(paths.ROOT / ".caravan" / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "of the tests",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_PARALLEL_DIFF": "true",
        }
        self._make_stack()

    def _make_stack(self) -> None:
        """`pulumi stack init dev`; run once in this process, and its files copied from then on."""
        stack = Path("stacks") / f"Pulumi.{STACK}.yaml"
        if not _made:
            self.run("stack", "init", STACK)
            files = [file for file in (self.folder / "state").rglob("*") if file.is_file()]
            _made.update({str(file.relative_to(self.folder)): file.read_bytes() for file in files})
            salt = yaml.safe_load((self.folder / stack).read_text())["encryptionsalt"]
            _made[str(stack)] = f"encryptionsalt: {salt}\n".encode()
        for name, content in _made.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if name == str(stack):
                written = {**yaml.safe_load(file.read_text()), **yaml.safe_load(content)}
                content = yaml.safe_dump(written).encode()
            file.write_bytes(content)
        self.select(STACK)

    def select(self, stack: str) -> None:
        """`pulumi stack select`: Pulumi keeps it under the name of the project and the path of its file."""
        digest = hashlib.sha1(str(self.folder / "Pulumi.yaml").encode(), usedforsecurity=False).hexdigest()
        workspaces = Path(self.environment["PULUMI_HOME"]) / "workspaces"
        workspaces.mkdir(parents=True, exist_ok=True)
        selected = json.dumps({"stack": f"organization/{PROJECT}/{stack}"})
        (workspaces / f"{PROJECT}-{digest}-workspace.json").write_text(selected)

    def override(self, values: dict[str, Any]) -> None:
        """Writes the stack file: short times, and `values` over them for the service."""
        service = dict(FAST)
        for key, value in values.items():
            service[key] = {**service.get(key, {}), **value} if isinstance(value, dict) else value
        stack = self.folder / "stacks" / "Pulumi.dev.yaml"
        written = yaml.safe_load(stack.read_text()) if stack.exists() else {}
        config = {**(written.get("config") or {}), "caravan:services": {self.name: service}}
        stack.write_text(yaml.safe_dump({**written, "config": config}))

    def edit(self, old: str, new: str, file: str = "server.py") -> None:
        """Replaces a text of the service's source."""
        path = self.service / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def run(self, *arguments: str, check: bool = True, max_files: int | None = None, **environment: str) -> Result:
        """Runs `pulumi ARGUMENTS`; with `check` a failure fails the test with the whole output.

        `max_files`: how many files each of its processes may have open.
        """
        limited = [] if max_files is None else ["prlimit", f"--nofile={max_files}", "--"]
        count_command()
        started_s = time.monotonic()
        done = subprocess.run(
            [*limited, "pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=UP_TIMEOUT_S,
        )
        result = Result(done.returncode, done.stdout, time.monotonic() - started_s)
        if arguments[0] in ("preview", "up"):
            observation.current().command(result.took_s, result.code)
        assert not check or result.code == 0, result.text
        return result

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `pulumi ARGUMENTS` and does not wait."""
        count_command()
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def preview(self, *arguments: str, check: bool = True, **environment: str) -> Result:
        return self.run("preview", *arguments, check=check, max_files=None, **environment)

    def up(self, *arguments: str, check: bool = True, max_files: int | None = None, **environment: str) -> Result:
        return self.run("up", "--yes", *arguments, check=check, max_files=max_files, **environment)

    def outputs(self) -> Any:
        """The outputs of the service's Microservice: urls, image, version."""
        found = self.state()["resources"]
        return next(r["outputs"] for r in found if r["urn"].endswith(f"caravan:index:Microservice::{self.name}"))

    def state(self) -> Any:
        """What the state says now, as `pulumi stack export` does: secrets are encrypted."""
        file = self.folder / "state" / ".pulumi" / "stacks" / PROJECT / f"{STACK}.json"
        return json.loads(file.read_text())["checkpoint"]["latest"]

    def clean_up(self) -> None:
        """Ends every job of the test, whatever the test has done to the state, which goes with its folder."""
        for job in self.nomad.call("GET", f"/v1/jobs?prefix={self.name[:40]}&namespace=*") or []:
            self.nomad.purge(job["ID"], job["Namespace"])


def service_name(test: str) -> str:
    """A name that no other test has: jobs of all tests live in one cluster."""
    return re.sub(r"[^a-z0-9]+", "-", test.removeprefix("test_").lower())[:60].strip("-")


def interrupt(process: subprocess.Popen[str]) -> str:
    """Ctrl-C: the signal that a terminal sends to the command. Returns what it printed."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=UP_TIMEOUT_S)[0]
