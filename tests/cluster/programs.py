"""Programs of the tests' own: any use of the pulumi_nomad SDK, without our components."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.cluster.project import Project
from tests.quick_engine.stack import Stack

HEAD = "import json, os, pulumi, pulumi_nomad as nomad\n"


def use(project: Project, program: str) -> None:
    """Replaces the project's program; its stack then needs no configuration."""
    main = project.folder / "__main__.py"
    main.unlink(missing_ok=True)
    main.write_text(HEAD + program)
    pulumi_yaml = project.folder / "Pulumi.yaml"
    if pulumi_yaml.is_symlink():
        pulumi_yaml.unlink()
        providers = "".join(f"    - {{name: {name}, path: ./providers/{name}}}\n" for name in ("nomad", "consul"))
        pulumi_yaml.write_text(
            f"name: caravan\nruntime: python\nstackConfigDir: stacks\nplugins:\n  providers:\n{providers}"
        )
    shutil.rmtree(project.service, ignore_errors=True)


def job(name: str, type_: str, **task: Any) -> dict[str, Any]:
    """A job with one group `g` and one raw_exec task `t`, in Nomad's JSON; `task` overrides the task's keys."""
    base = {"Name": "t", "Driver": "raw_exec", "Config": {"command": "/bin/sleep", "args": ["600"]}}
    group: dict[str, Any] = {"Name": "g", "Tasks": [{**base, "Resources": {"CPU": 20, "MemoryMB": 16}, **task}]}
    if type_ == "service":
        group["Update"] = {"MinHealthyTime": 10**9, "HealthyDeadline": 15 * 10**9, "ProgressDeadline": 20 * 10**9}
    return {"ID": name, "Type": type_, "Datacenters": ["dc1"], "TaskGroups": [group]}


def write_job(folder: Path, name: str, spec: dict[str, Any]) -> str:
    """Writes a JSON jobspec into the project; the expression that reads it."""
    (folder / f"{name}.json").write_text(json.dumps(spec))
    return f"open({f'{name}.json'!r}).read()"


def one_job(stack: Stack, spec: dict[str, Any], more: str = "") -> None:
    """Writes the program of one job `j`, which is purged at its end. `more`: further arguments, ", detach=True"."""
    text = write_job(stack.folder, "job", spec)
    stack.write(f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True{more})")
