"""For every key of every job: what changes it is shown by a preview and is in Nomad after `up`; nothing else is.

`--diff-changes N` sets how many changes are made, `--diff-seed` what is random: the day, where it is not given.
Findings of the reviews that this covers: job-files 1 (a to h), 4, 5.
"""

import asyncio
import json
import random
from collections import Counter
from copy import deepcopy
from typing import Any

import pytest

from providers.http_api import ApiError, CutOff
from providers.nomad.drift import content
from providers.nomad.job_difference import differences
from providers.nomad.job_types import PLAIN, fields
from providers.nomad.jobspec_keys import accepted
from providers.nomad.spec import OWNER_KEY
from providers.plugin import ProviderError
from providers.properties import Properties
from tests.cluster.api import Api
from tests.cluster.full_jobs import FULL, SERVED, full
from tests.cluster.job_changes import JobChange, Place, all_changes, apply, names_of, places
from tests.cluster.provider import Provider, Shown
from tests.cluster.thinned_jobs import likely, some
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster
Json = dict[str, Any]

INHERITED = {
    "Update": {"Update"},
    "Reschedule": {"ReschedulePolicy"},
    "Migrate": {"Migrate"},
}
"""Keys of the job that its groups take over, and under which names they show there."""

AT_MOST = 60
"""Changes on one job, before the next one is taken."""


class Tally:
    """What became of the changes."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.problems: list[str] = []
        self.covered: set[str] = set()

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
    if await refused(provider, new):
        tally.counted["refused"] += 1
        return False
    diff = await provider.resource.diff(provider.urn, provider.id, provider.inputs, provider.outputs, new)
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
    """Whether another job is in Nomad when this one is registered without the provider."""
    marked = {**job, "Namespace": "default", "Meta": {**(job.get("Meta") or {}), OWNER_KEY: provider.urn}}
    index = int(before["JobModifyIndex"])
    await provider.client.register(marked, index, submission=None, policy_override=False, preserve_counts=False)
    after = await registered(provider)
    return bool(_held(after) != _held(before))


def _held(value: Any, depth: int = 0) -> Any:
    """What a registered job holds, where nothing and an empty list or map are the same."""
    if isinstance(value, dict):
        items = (content(value) if depth == 0 else value).items()
        return {key: held for key, item in items if (held := _held(item, depth + 1)) not in (None, {}, [])}
    return [_held(item, depth + 1) for item in value] if isinstance(value, list) else value


def different(current: Json, wanted: Json) -> list[Any]:
    """What the comparison itself finds, without any help of Nomad's; not in the job's plain keys, which are Nomad's."""
    return [
        one
        for one in differences(current, wanted)
        if not one.change.is_mark
        and (one.change.path or one.key not in fields("Job") or fields("Job")[one.key].kind not in PLAIN)
        and not _is_of_the_mesh(one.change.path)
    ]


def _is_of_the_mesh(path: tuple[str, ...]) -> bool:
    return any(part.startswith(("task connect-", "task proxy")) for part in path)


def judged(change: JobChange, shown: list[Shown]) -> list[str]:
    """What is wrong with the lines of a preview."""
    if not change.counts:
        return ["another order is shown"]
    place = change.place
    part = place.part(change.job)
    where = ", ".join(part)
    if (place.struct in ("TaskGroup", "Task") and place.key == "Name") or place.key in ("TaskGroups", "Tasks"):
        return [] if any(line.whole.startswith("the whole ") for line in shown) else ["nothing is said of the whole"]
    if place.top in INHERITED and not part:
        return [] if any(line.whole.split(".")[0] in INHERITED[place.top] for line in shown) else ["is not named"]
    wrong = [line for line in shown if line.where != where or not _is_under(line, place)]
    # What Nomad adds for a service of the mesh comes and goes with it.
    wrong = [line for line in wrong if not (line.whole == "the whole task" and "task connect-" in line.where)]
    named = [line for line in shown if line.where == where and _is_under(line, place)]
    return ([f"something else is shown too ({wrong})"] if wrong and not _follows(place) else []) + (
        [] if named else ["is not named"]
    )


def _is_under(line: Shown, place: Place) -> bool:
    top = line.whole.replace("[", ".").replace("(", ".").split(".")[0]
    return any(top in (name, f"{name} order") for name in names_of(_top(place)))


def _top(place: Place) -> Place:
    struct = ("Job", "TaskGroup", "Task")[sum(step in ("TaskGroups", "Tasks") for step in place.steps)]
    return Place((), struct, place.top, fields(struct)[place.top], place.top)


def _follows(place: Place) -> bool:
    """Whether other parts of a job change with a key, as tasks of the mesh do with a service's settings."""
    return place.name in ("Service.Provider", "Service.Connect", "Task.Driver") or place.struct in (
        "ConsulConnect",
        "SidecarTask",
    )


def rewritten(job: Json, current: Json, chance: random.Random) -> Json:
    """The same job in another order, with what Nomad has filled in written out in places."""
    changed = _with_defaults(job, accepted(content(current)), chance)
    # From the inside out: what is moved takes what is in it along.
    for place in reversed(list(places(changed))):
        value = place.holder(changed)[place.key]
        if isinstance(value, list) and len(value) > 1:
            change = apply(changed, place, "order", chance)
            if change is not None and not change.counts:
                place.holder(changed)[place.key] = place.holder(change.job)[place.key]
    result: Json = _other_keys_first(changed, chance)
    return result


_OWN_KEYS = frozenset({"ID", "Namespace", "PortLabel", "PreventRescheduleOnLost", "Region", "Stop"})
"""Keys that are not to be written out: refused, or, as a gateway's port, not the same when they are."""


def _with_defaults(written: Any, current: Any, chance: random.Random, depth: int = 0) -> Any:
    if isinstance(written, list) and isinstance(current, list) and len(written) <= len(current):
        return [_with_defaults(item, current[number], chance, depth + 1) for number, item in enumerate(written)]
    if not isinstance(written, dict) or not isinstance(current, dict):
        return written
    # The job's own `update` is kept in part only: what else is printed there is no default.
    as_it_is = ("Config", "Env") if depth else ("Update",)
    result = {
        key: item if key in as_it_is else _with_defaults(item, current.get(key), chance, depth + 1)
        for key, item in written.items()
    }
    for key, item in current.items():
        plain = isinstance(item, int | str | float) and not isinstance(item, dict)
        if key not in result and plain and depth and key not in _OWN_KEYS and chance.random() < 0.5:
            result[key] = item
    return result


def _other_keys_first(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, _other_keys_first(item, chance)) for key, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    return [_other_keys_first(item, chance) for item in value] if isinstance(value, list) else value


async def walk(address: str, kind: str, job: Json, chance: random.Random, most: int, tally: Tally) -> int:
    """Changes one job again and again; how many changes that were."""
    async with Provider(address, str(job["ID"])) as provider:
        new = as_inputs(job)
        if await refused(provider, new):
            tally.counted["invalid job"] += 1
            return 0
        try:
            await provider.create(new)
        except (ProviderError, ApiError) as error:
            tally.problem(kind, "create", str(error))
            return 0
        made, problems = 0, len(tally.problems)
        current = await registered(provider)
        for problem in different(current, job):
            tally.problem(kind, "unchanged", str(problem))
        for place, what in all_changes(job, chance):
            if made >= most or len(tally.problems) > problems:
                # What is wrong once would be told again with every further change.
                break
            try:
                change = apply(job, place, what, chance)
            except (KeyError, IndexError, ValueError):
                # An earlier change has removed the place.
                continue
            if change is None:
                continue
            made += 1
            try:
                if await make(provider, kind, change, tally):
                    job = change.job
                    if not made % 5:
                        await unchanged(provider, kind, change, chance, tally)
            except CutOff:
                # Nomad fails at some jobs that it has found valid.
                tally.counted["Nomad hangs up"] += 1
                break
        return made


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


@pytest.fixture
def consul_knows_them(addresses: Addresses) -> None:
    """Tells Consul that what is behind the ingress gateway speaks HTTP."""
    for name in (SERVED, f"{SERVED}-2"):
        entry = {"Kind": "service-defaults", "Name": name, "Protocol": "http"}
        Api(addresses.consul).call("PUT", "/v1/config", entry)


async def changes_of_jobs(address: str, most: int, seed: int) -> Tally:
    """Makes so many changes, on full jobs of every kind, on likely ones, and on any part of the full ones in turn."""
    chance, tally = random.Random(seed), Tally()
    kinds = chance.sample(sorted(FULL), len(FULL))
    made = number = 0
    while made < most:
        name = f"every-{number}"
        if number % 3 == 0:
            kind = kinds[number // 3 % len(kinds)]
            job = full(kind, name)
        else:
            kind, job = likely(name, chance) if number % 3 == 1 else some(name, chance)
        made += await walk(address, kind, job, chance, min(AT_MOST, most - made), tally)
        number += 1
    return tally


def test_every_change_is_shown_and_registered(
    addresses: Addresses, consul_knows_them: None, request: pytest.FixtureRequest
) -> None:
    most, seed = request.config.getoption("--diff-changes"), request.config.getoption("--diff-seed")
    tally = asyncio.run(changes_of_jobs(addresses.nomad, most, seed))
    print(f"--diff-seed {seed}: {sum(tally.counted.values())} changes: {dict(tally.counted)}")
    problems = "\n".join(tally.problems)
    assert not problems, f"--diff-seed {seed}: {len(tally.problems)} problems:\n{problems}"
