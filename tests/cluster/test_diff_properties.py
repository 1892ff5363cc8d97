"""For any job: no change shows none, another way to write it shows none, one changed field shows that field alone.

CARAVAN_EXAMPLES sets how many jobs are tried (default 60); the same number tries the same jobs.
"""

import asyncio
import json
import os
import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cluster.generated_jobs import FieldChange, Json, jobs, rewritten, single_changes
from tests.cluster.job_hcl import hcl
from tests.cluster.provider import Provider, Shown
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster
EXAMPLES = int(os.environ.get("CARAVAN_EXAMPLES", "60"))
CHANGES = 4
ID = "generated"
thorough = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@thorough
@given(data=st.data())
def test_a_job_that_is_written_in_another_way_is_no_change(addresses: Addresses, data: st.DataObject) -> None:
    kind, job = data.draw(jobs())
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    given_first, *others = _ways_to_write(kind, job, chance)

    async def run() -> None:
        async with Provider(addresses.nomad, ID) as provider:
            await provider.create(provider.given(**given_first))
            for way in others:
                found = await provider.diff(provider.given(**way))
                assert not found.changed, (given_first, way, await provider.preview(provider.given(**way)))

    asyncio.run(run())


@thorough
@given(data=st.data())
def test_a_single_changed_field_is_shown_and_nothing_else(addresses: Addresses, data: st.DataObject) -> None:
    kind, job = data.draw(jobs())
    changes = [data.draw(single_changes(kind, job)) for _ in range(CHANGES)]

    async def run() -> None:
        async with Provider(addresses.nomad, ID) as provider:
            await provider.create(provider.given(**_as_json(job)))
            for change in changes:
                new = provider.given(**_as_json(change.job))
                assert (await provider.diff(new)).changed == ["jobspec"], (job, change)
                assert _is_exactly(change, await provider.preview(new)), (job, change, await provider.preview(new))

    asyncio.run(run())


@settings(thorough, max_examples=max(1, EXAMPLES // 3))
@given(data=st.data())
def test_after_an_update_the_same_job_is_no_change(addresses: Addresses, data: st.DataObject) -> None:
    kind, job = data.draw(jobs())
    change = data.draw(single_changes(kind, job))

    async def run() -> None:
        async with Provider(addresses.nomad, ID) as provider:
            await provider.create(provider.given(**_as_json(job)))
            await provider.update(provider.given(**_as_json(change.job)))
            again = await provider.diff(provider.given(**_as_json(change.job, indent=2)))
            assert not again.changed, (job, change)
            back = await provider.preview(provider.given(**_as_json(job)))
            assert {(shown.where, shown.field) for shown in back} == {(change.where, change.field)}, (job, change)

    asyncio.run(run())


def _ways_to_write(kind: str, job: Json, chance: random.Random) -> list[Json]:
    ways = [
        _as_json(job),
        _as_json(job, indent=2),
        {"jobspec": json.dumps({"Job": {**rewritten(kind, job, chance), "ID": ID}}), "json": True},
        {"jobspec": hcl(ID, kind, job, chance)},
        {"jobspec": hcl(ID, kind, rewritten(kind, job, chance), chance)},
    ]
    return chance.sample(ways, len(ways))


def _as_json(job: Json, indent: int | None = None) -> Json:
    return {"jobspec": json.dumps({**job, "ID": ID}, indent=indent), "json": True}


def _is_exactly(change: FieldChange, shown: list[Shown]) -> bool:
    fields = {(line.where, line.field) for line in shown} == {(change.where, change.field)}
    if change.is_set:
        return fields
    return fields and len(shown) == 1 and _tells(change, shown[0].values)


def _tells(change: FieldChange, values: str) -> bool:
    """Whether a line ends with the new value; long ones are cut, durations have a unit."""
    if change.duration or "…" in values or values.startswith("line "):
        return True
    text = json.dumps(change.new) if isinstance(change.new, bool | list) else str(change.new)
    return values.endswith(f'"{text}"')
