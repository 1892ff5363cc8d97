"""A case from the field as data: what a user has, does and should read. Each file of `cases/` is one.

    finding: RW-06              # where it was seen first; a name that this repository does not explain
    what: A job that Nomad prints is the job again
    files: {web.json: ...}      # beside the program; a mapping is written as JSON
    steps:
      - program: nomad.Job("j", jobspec=open("web.json").read(), json=True)
      - files: {web.json: ...}  # from here on these hold something else
      - preview: {says: [...]}  # preview, up, refresh, destroy; see Expected
      - up: unchanged           # short for {unchanged: true}
      - others: {PUT: /v1/..., body: ...}       # what somebody else does through Nomad's API (`consul:` for Consul's)
      - nomad: {GET: /v1/job/NAME, has: {TaskGroups.0.Count: 2}}    # waited for; `has: null` where there is nothing

NAME, a word anywhere, is the name that the case has to itself in the cluster.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.api import Api
from tests.quick_engine.stack import Result, Stack
from toolchain.waiting import wait_until

CASES = Path(__file__).with_name("cases")
COMMANDS = ("preview", "up", "refresh", "destroy")
WITHIN_S = 60.0


@dataclass(frozen=True)
class Expected:
    """The right outcome of a command.

    `fails`: whether it ends with an error (default no). `unchanged`: whether no resource changes (default: not asked).
    `says`, `never`: texts that the messages hold, and that they must not hold. `steps`: what becomes of resources.
    """

    fails: bool = False
    unchanged: bool | None = None
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    steps: dict[str, str] | None = None

    @classmethod
    def of(cls, written: Any) -> "Expected":
        if written == "unchanged":
            return cls(unchanged=True)
        keys: Any = {key: tuple(value) if isinstance(value, list) else value for key, value in (written or {}).items()}
        return cls(**keys)

    def judge(self, result: Result) -> None:
        assert (result.code != 0) == self.fails, result.text
        assert self.unchanged is None or result.unchanged == self.unchanged, result.text
        for text in self.says:
            assert text in result.text, f"{text!r} is not in:\n{result.text}"
        for text in (*self.never, "Traceback"):
            assert text not in result.text, f"{text!r} is in:\n{result.text}"
        for name, step in (self.steps or {}).items():
            assert result.steps.get(name) == step, result.text


def run(file: Path, stack: Stack) -> None:
    """Runs the case: every step in its order. Fails at the first outcome that is not the right one."""
    case = yaml.safe_load(re.sub(r"\bNAME\b", stack.name, file.read_text(encoding="utf-8")))
    assert all(case.get(key) for key in ("finding", "what", "steps")), f"{file.name} lacks finding, what or steps"
    _write(case.get("files") or {}, stack)
    stack.config.update(case.get("config") or {})
    for number, step in enumerate(case["steps"], 1):
        try:
            _run(step, stack)
        except AssertionError as error:
            raise AssertionError(f"step {number} of {file.name}, {next(iter(step))}: {error}") from error


def _write(files: dict[str, Any], stack: Stack) -> None:
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (stack.folder / name).write_text(text, encoding="utf-8")


def _run(step: dict[str, Any], stack: Stack) -> None:
    (kind, written), *rest = step.items()
    assert not rest, f"a step is one thing: {step}"
    if kind == "program":
        stack.write(written)
    elif kind == "files":
        _write(written, stack)
    elif kind in COMMANDS:
        Expected.of(written).judge(getattr(stack, kind)(check=False))
    elif kind == "import":
        stack.import_(*written.split())
    elif kind == "others":
        _api(written, stack).call(*_request(written), written.get("body"))
    elif kind == "nomad":
        _await(written, stack)
    else:
        raise AssertionError(f"there is no step {kind!r}")


def _api(written: dict[str, Any], stack: Stack) -> Api:
    return stack.consul if written.get("server") == "consul" else stack.nomad


def _request(written: dict[str, Any]) -> tuple[str, str]:
    return next((key, str(path)) for key, path in written.items() if key in ("GET", "PUT", "POST", "DELETE"))


def _await(written: dict[str, Any], stack: Stack) -> None:
    found: Any = None

    def right() -> bool:
        nonlocal found
        found = _api(written, stack).call(*_request(written))
        if written["has"] is None:
            return found is None
        return all(_at(found, path) == value for path, value in written["has"].items())

    assert wait_until(right, WITHIN_S), f"{written} is not so: {json.dumps(found)[:2000]}"


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = (value or {}).get(key)
    return value
