"""Whether a stack may be recorded once, at a command's end: `python3 -m toolchain.checkpoints PROJECT STACK BACKEND`.

Pulumi's file backend writes the whole state at each step, so that the time for N services grows with N². With
PULUMI_SKIP_CHECKPOINTS it writes once. A command that is killed has then recorded nothing, which is harmless where
everything that it made is found again (see pending_operations.py): then, and only for large stacks, it is the default
here. Exit code 0: it may.
"""

import json
import re
import sys
import sysconfig
from pathlib import Path
from typing import TypedDict

from toolchain.pending_operations import FOUND_AGAIN

SERVICES = 100
"""From how many services on. Below, writing the state takes less than a second in all."""

_KNOWN_PACKAGES = r"pulumi_(consul|docker|nomad|policy)(-.*)?"
"""The SDKs whose types are in FOUND_AGAIN, as folders and as their metadata; a policy has no resources."""

_OF_PULUMI = ("pulumi:pulumi:", "pulumi:providers:")


class Resource(TypedDict):
    """What counts of a resource in the state."""

    type: str
    custom: bool
    """False for components."""


def may_be_skipped(project: Path, stack: str, backend: Path) -> bool:
    """Whether the stack is large and all that it has, as far as its state tells, is found again."""
    resources = _resources(_state(project, stack, backend))
    if resources is None or not all(map(_is_found_again, resources)) or _other_sdks():
        return False
    jobs = sum(one["type"] == "nomad:index/job:Job" for one in resources)
    return max(jobs, _declared(project, stack)) >= SERVICES


def _is_found_again(resource: Resource) -> bool:
    type_ = resource["type"]
    return not resource["custom"] or type_ in FOUND_AGAIN or type_.startswith(_OF_PULUMI)


def _other_sdks() -> bool:
    """Whether programs may have resources of other packages, which a first `up` would bring in unseen."""
    packages = Path(sysconfig.get_paths()["purelib"]).glob("pulumi_*")
    return any(not re.fullmatch(_KNOWN_PACKAGES, found.name) for found in packages)


def _state(project: Path, stack: str, backend: Path) -> Path:
    name = _value((project / "Pulumi.yaml").read_text(encoding="utf-8"), "name")
    return backend / ".pulumi" / "stacks" / name / f"{stack}.json"


def _resources(state: Path) -> list[Resource] | None:
    """What the state records; nothing for a stack without one, None where it cannot be told."""
    if not state.is_file():
        # A compressed one is not read here.
        return None if list(state.parent.glob(f"{state.name}.*z*")) else []
    try:
        latest = json.loads(state.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
        return [{"type": str(one["type"]), "custom": bool(one.get("custom"))} for one in latest.get("resources") or []]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _declared(project: Path, stack: str) -> int:
    """How many services the stack's file names."""
    try:
        import yaml
    except ImportError:
        return 0  # not the checkout's environment: only the state counts
    folder = project / _value((project / "Pulumi.yaml").read_text(encoding="utf-8"), "stackConfigDir")
    try:
        config = (yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")) or {})["config"]
        return max(len(value) for key, value in config.items() if key.endswith(":services"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return 0


def _value(text: str, key: str) -> str:
    """A top-level text of a YAML file; "" where it is not there."""
    found = re.search(rf"^{key}:[ \t]*[\"']?([^\"'#\n]*?)[\"']?[ \t]*(#.*)?$", text, re.MULTILINE)
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(0 if may_be_skipped(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])) else 1)
