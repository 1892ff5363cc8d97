"""Changes jobs again and again, in a preview and in Nomad, and keeps what went wrong."""

import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from unittest.mock import patch

from providers import http_api
from providers.http_api import ApiError, CutOff
from providers.nomad.comparison import Refused
from providers.nomad.counts import is_autoscaled
from providers.nomad.drift import content
from providers.nomad.spec import OWNER_KEY
from providers.plugin import CheckFailure, ProviderError
from providers.properties import Properties
from tests.cluster.change_judgement import different, held, judged
from tests.cluster.full_blocks import Json
from tests.cluster.full_jobs import FULL, full
from tests.cluster.job_changes import JobChange, all_changes, apply
from tests.cluster.job_places import Place
from tests.cluster.provider import Provider
from tests.cluster.rewritten_jobs import rewritten
from tests.cluster.thinned_jobs import likely, some

AT_MOST = 60
"""Changes on one job, before the next one is taken."""


AT_ONCE = 4
"""Jobs that are walked at once: Nomad answers some requests while the comparison works on others."""

PATIENCE_S = 0.5
"""How long a request is repeated at which Nomad hangs up: it fails at some jobs, each time, and is there otherwise."""

TELL_EVERY = 1000
"""Changes after which the progress is told."""

Wanted = Callable[[Place, str], bool]
"""Whether a change, at a place, is one that a walk is to make."""


@dataclass
class Tally:
    """What became of the changes."""

    counted: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)
    made: int = 0

    def problem(self, kind: str, change: JobChange | str, text: str) -> None:
        self.problems.append(f"{kind}: {change}: {text}")


def as_inputs(job: Json) -> Properties:
    return Provider.given(json.dumps(job), json=True)


async def refused(provider: Provider, new: Properties) -> bool:
    """Whether Nomad finds the job wrong, or fails at it: it hangs up where it misses some keys."""
    try:
        return bool(await provider.resource.check(provider.urn, Properties(), new))
    except CutOff:
        return True


async def registered(provider: Provider) -> Json:
    job = await provider.client.job("default", provider.id)
    assert job is not None
    return job


async def make(provider: Provider, kind: str, change: JobChange, tally: Tally) -> bool:
    """Previews and makes one change; whether the job is another one now."""
    new = as_inputs(change.job)
    try:
        failures = await provider.resource.check(provider.urn, provider.inputs, new)
        diff = await provider.resource.diff(provider.urn, provider.id, provider.inputs, provider.outputs, new)
    except Refused:
        failures = [CheckFailure("jobspec", "refused")]
    if failures:
        tally.counted["refused"] += 1
        return False
    tally.counted[change.what] += 1
    before = await registered(provider)
    if not diff.changed:
        if change.counts and await _is_another(provider, change.job, before):
            tally.problem(kind, change, "is not shown")
            provider.outputs.values["modifyIndex"] = str((await registered(provider))["JobModifyIndex"])
            provider.inputs = new
            return True
        return False
    if diff.replaces:
        tally.problem(kind, change, "replaces the job")
        return False
    try:
        shown = await provider.preview(new)
    except ProviderError:
        # No node is in its datacenters.
        tally.counted["refused by the preview"] += 1
        return False
    for problem in judged(change, shown):
        tally.problem(kind, change, f"{problem}: {shown}")
    try:
        await provider.update(new)
    except (ProviderError, ApiError):
        # Consul refuses the entry of a gateway only when it is written.
        tally.counted["refused at last"] += 1
        return False
    after = await registered(provider)
    if content(after) == content(before):
        tally.problem(kind, change, f"is shown, and Nomad takes the two for the same: {shown}")
    elif left := different(after, change.job):
        tally.problem(kind, change, f"is not in Nomad: {left}")
    if change.counts:
        tally.covered.add(change.place.name)
    return True


async def _is_another(provider: Provider, job: Json, before: Json) -> bool:
    """Whether another job is in Nomad when this one is registered without the provider.

    Counts that are an autoscaler's are left as they are: the provider does that, too.
    """
    counts = {group["Name"]: group["Count"] for group in before["TaskGroups"]}
    groups = [
        {**group, "Count": counts.get(group["Name"], group.get("Count"))} if is_autoscaled(group) else group
        for group in job["TaskGroups"]
    ]
    marked = {
        **job,
        "TaskGroups": groups,
        "Namespace": "default",
        "Meta": {**(job.get("Meta") or {}), OWNER_KEY: provider.urn},
    }
    index = int(before["JobModifyIndex"])
    await provider.client.register(marked, index, submission=None, policy_override=False, preserve_counts=False)
    after = await registered(provider)
    return bool(held(after) != held(before))


@dataclass(frozen=True)
class Walk:
    """How one job is changed again and again. `kind`: what problems call the job.

    `rewritten_every`: after how many changes the job is written in another way, which is no change.
    """

    kind: str
    chance: random.Random
    most: int = AT_MOST
    rewritten_every: int = 5
    wanted: Wanted = lambda place, what: True

    async def over(self, address: str, job: Json, tally: Tally) -> None:
        """Creates a job and changes it, until that is done so often, or has shown a problem."""
        async with Provider(address, str(job["ID"])) as provider:
            new = as_inputs(job)
            if await refused(provider, new):
                tally.counted["invalid job"] += 1
                return
            try:
                await provider.create(new)
            except ApiError:
                # Consul refuses the entry of a gateway only when it is written.
                tally.counted["refused at last"] += 1
                return
            except ProviderError as error:
                tally.problem(self.kind, "create", str(error))
                return
            problems = len(tally.problems)
            for problem in different(await registered(provider), job):
                tally.problem(self.kind, "unchanged", str(problem))
            if len(tally.problems) == problems:
                await self._changes(provider, job, tally)

    async def _changes(self, provider: Provider, job: Json, tally: Tally) -> None:
        own, made = Tally(tally.counted, covered=tally.covered), 0
        for place, what in all_changes(job, self.chance):
            if made >= self.most or own.problems:
                # What is wrong once would be told again with every further change.
                break
            try:
                change = apply(job, place, what, self.chance) if self.wanted(place, what) else None
            except (KeyError, IndexError, ValueError):
                # An earlier change has removed the place.
                continue
            if change is None:
                continue
            made += 1
            tally.made += 1
            try:
                if await make(provider, self.kind, change, own):
                    job = change.job
                    if not made % self.rewritten_every:
                        await unchanged(provider, self.kind, change, self.chance, own)
            except CutOff:
                # Nomad fails at some jobs that it has found valid.
                tally.counted["Nomad hangs up"] += 1
                break
        tally.problems += own.problems


async def unchanged(provider: Provider, kind: str, last: JobChange, chance: random.Random, tally: Tally) -> None:
    """Writes the registered job in another way, which is no change."""
    current = await registered(provider)
    other = rewritten(deepcopy(last.job), current, chance)
    new = as_inputs(other)
    if await refused(provider, new):
        tally.counted["refused rewriting"] += 1
        return
    tally.counted["rewritten"] += 1
    diff = await provider.resource.diff(provider.urn, provider.id, provider.inputs, provider.outputs, new)
    if diff.changed:
        tally.problem(kind, "rewritten", f"is a change: {await provider.preview(new)}")
    for problem in different(current, other):
        tally.problem(kind, "rewritten", f"differs: {problem}")


@contextmanager
def little_patience() -> Iterator[None]:
    with patch.object(http_api, "RETRY_FOR_S", PATIENCE_S):
        yield


async def changes_of_jobs(
    address: str, most: int, seed: int, tell: Callable[[str], None], only: int | None = None
) -> Tally:
    """Makes so many changes, on full jobs of every kind, on likely ones, and on any part of the full ones in turn.

    What is done to a job is decided by the seed and the job's number alone; `only` one of them may be walked.
    """
    tally, started, told = Tally(), time.monotonic(), 0
    kinds = random.Random(seed).sample(sorted(FULL), len(FULL))
    numbers = count() if only is None else iter([only])

    async def work() -> None:
        nonlocal told
        while tally.made < most and (number := next(numbers, None)) is not None:
            # The same seed may be walked by another process at the same time.
            name = f"every-{os.getpid()}-{number}"
            chance = random.Random(f"{seed} {number}")
            if number % 3 == 0:
                kind = kinds[number // 3 % len(kinds)]
                job = full(kind, name)
            else:
                kind, job = likely(name, chance) if number % 3 == 1 else some(name, chance)
            await Walk(f"job {number}, {kind}", chance, min(AT_MOST, most - tally.made)).over(address, job, tally)
            if tally.made >= told + TELL_EVERY:
                told = tally.made
                each = (time.monotonic() - started) / tally.made
                tell(f"{tally.made} of {most} changes, {each:.3f} s each, {len(tally.problems)} problems")

    with little_patience():
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    return tally
