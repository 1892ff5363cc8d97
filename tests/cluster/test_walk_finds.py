"""The changes of test_every_change.py find what was once lost, or shown for nothing, when its fix is taken out."""

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from providers.nomad import comparison, job_difference, job_inherited, job_normal
from providers.nomad.filled_in import BOOKKEEPING
from providers.nomad.job_types import IDENTITY, ORDER, SETS
from tests.cluster.change_walk import Tally, Walk, little_patience
from tests.cluster.full_blocks import Json
from tests.cluster.full_jobs import full
from tests.cluster.job_places import Place
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster

Steps = tuple[str | int, ...]
Removal = Callable[[pytest.MonkeyPatch], None]
"""Takes a fix out."""


def only_nomads(patch: pytest.MonkeyPatch) -> None:
    """What Nomad's own diff names is all that is looked at."""
    patch.setattr(comparison, "differences", lambda current, wanted: [])


def paired_by_name(patch: pytest.MonkeyPatch) -> None:
    """Elements belong together by their name: those without one, and all but the last of one name, are lost."""

    def pairs(struct: str, old: Sequence[Json], new: Sequence[Json]) -> list[tuple[int | None, int | None]]:
        key = (IDENTITY.get(struct) or ("",))[0]
        before, after = ({one[key]: number for number, one in enumerate(side) if one.get(key)} for side in (old, new))
        both = sorted(((before.get(name), number) for name, number in after.items()), key=lambda pair: pair[1])
        return [*both, *((number, None) for name, number in before.items() if name not in after)]

    patch.setattr(job_difference, "pairs", pairs)


def ignored(struct: str, key: str) -> Removal:
    """A key is not looked at."""

    def removal(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(job_difference, "BOOKKEEPING", {**BOOKKEEPING, struct: {key, *BOOKKEEPING.get(struct, ())}})

    return removal


def without_order(name: str) -> Removal:
    """The order of a list is not looked at."""

    def removal(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(job_normal, "SETS", SETS | {name})
        patch.setattr(job_difference, "ORDER", {key: at for key, at in ORDER.items() if key != name})

    return removal


def zeros_are_values(patch: pytest.MonkeyPatch) -> None:
    """What a jobspec says with a zero has no default: only a key that is not there has one."""
    value = job_normal._value

    def patched(type_: Any, item: Any, where: str) -> Any:
        return item if where.startswith("TaskCSIPluginConfig.") else value(type_, item, where)

    patch.setattr(job_normal, "_value", patched)


def task_is_not_filled_in(patch: pytest.MonkeyPatch) -> None:
    """The only task of a group is not that of its native service."""
    service = job_inherited._service
    patch.setattr(job_inherited, "_service", lambda one, job, group, task, alone: service(one, job, group, task, None))


@dataclass(frozen=True)
class Kind:
    """A kind of a change that was lost (`is not shown`), or of none that was shown.

    `job`: of the full jobs; `name` and `within`: the key (or a struct, for each of its keys), and the end of the way to
    what holds it. `cut`: of which list only the first two elements are kept, so that these are exchanged.
    """

    job: str
    name: str
    what: str
    within: Steps
    fix_out: Removal
    told: str = "is not shown"
    cut: Steps = ()

    def wanted(self, place: Place, what: str) -> bool:
        is_there = place.steps[len(place.steps) - len(self.within) :] == self.within
        return is_there and what == self.what and self.name in (place.name, place.struct)

    async def walk(self, address: str) -> Tally:
        tally = Tally()
        job = full(self.job, f"finds-{os.getpid()}")
        held: Any = job
        for step in self.cut:
            held = held[step]
        if self.cut:
            del held[2:]
        with little_patience():
            await Walk(self.job, random.Random(1), wanted=self.wanted, rewritten_every=1).over(address, job, tally)
        return tally


_CHECKS: Steps = ("TaskGroups", 0, "Services", 0, "Checks")
_TASK: Steps = ("TaskGroups", 0, "Tasks", 0)
_UPSTREAMS: Steps = ("Proxy", "Upstreams")
KINDS = {
    "1a": Kind("service", "TaskArtifact.GetterSource", "value", (*_TASK, "Artifacts", 0), paired_by_name),
    "1b": Kind("service", "ServiceCheck.Path", "value", (*_CHECKS, 1), paired_by_name),
    "1c-job": Kind("service", "UpdateStrategy.Stagger", "value", ("Update",), ignored("UpdateStrategy", "Stagger")),
    "1c-group": Kind(
        "service",
        "UpdateStrategy.Stagger",
        "value",
        ("TaskGroups", 0, "Update"),
        ignored("UpdateStrategy", "Stagger"),
    ),
    "1d": Kind(
        "service", "ScalingPolicy.Max", "value", (*_TASK, "ScalingPolicies", 0), ignored("ScalingPolicy", "Max")
    ),
    "1e": Kind(
        "sidecar",
        "ConsulSidecarService.Tags",
        "element changed",
        ("SidecarService",),
        ignored("ConsulSidecarService", "Tags"),
    ),
    "1f": Kind(
        "service",
        "ServiceCheck.Args",
        "order",
        (*_TASK, "Services", 0, "Checks", 0),
        without_order("ServiceCheck.Args"),
    ),
    "1g": Kind("sidecar", "ConsulUpstream.LocalBindPort", "value", (*_UPSTREAMS, 1), paired_by_name),
    "1h": Kind("service", "Task.Templates", "order", _TASK, without_order("Task.Templates"), cut=(*_TASK, "Templates")),
    "1-args": Kind("service", "Action.Args", "repeated", (*_TASK, "Actions", 0), only_nomads),
    "4": Kind(
        "csi plugin",
        "TaskCSIPluginConfig",
        "removed",
        ("CSIPluginConfig",),
        zeros_are_values,
        told="rewritten: differs",
    ),
    "5": Kind(
        "native", "ServiceCheck.Interval", "value", ("Checks", 0), task_is_not_filled_in, told="unchanged: Found("
    ),
}
"""By the finding of job-files."""


@pytest.mark.parametrize("finding", KINDS, ids=[f"job-files {finding}" for finding in KINDS])
def test_the_walk_finds(finding: str, addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings job-files 1 (a to h), 4 and 5: nothing is wrong with the fix; without it, the walk tells."""
    kind = KINDS[finding]
    tally = asyncio.run(kind.walk(addresses.nomad))
    assert tally.problems == []
    assert any(name.startswith(kind.name) for name in tally.covered)
    removals = [kind.fix_out] if kind.told != "is not shown" else [kind.fix_out, only_nomads]
    for fix_out in removals:
        with monkeypatch.context() as patch:
            fix_out(patch)
            tally = asyncio.run(kind.walk(addresses.nomad))
        assert any(kind.told in problem for problem in tally.problems), (fix_out.__name__, tally)
