"""Changes of a job, for every key of it: another value, one more, one less, the same twice, another order."""

import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.cluster.full_blocks import Json
from tests.cluster.job_edits import EDITS, order_counts, other
from tests.cluster.job_places import Place, places


@dataclass(frozen=True)
class JobChange:
    """A job with one change. `what` was done; whether it `counts`, so that it has to be shown and registered."""

    job: Json
    place: Place
    what: str
    counts: bool = True

    def __str__(self) -> str:
        return f"{self.what} {'.'.join(map(str, self.place.steps))}.{self.place.key}"


def all_changes(job: Json, chance: random.Random) -> list[tuple[Place, str]]:
    """What can be done to a job, in a random order. `apply` does it."""
    found = [(place, what) for place in places(job) for what in _possible(place, place.holder(job)[place.key])]
    chance.shuffle(found)
    return found


def _possible(place: Place, value: Any) -> Iterator[str]:
    if place.struct == "Job" and place.key in ("ID", "Name", "Type"):
        return
    yield from ("value", "removed") if place.type.kind not in ("struct", "list", "map") else ("removed",)
    if place.type.kind == "map" or place.type.many == "{}":
        yield from ("entry changed", "entry added", "entry removed")
        if place.key in ("Env", "Meta"):
            yield "empty entry"
        if place.key in ("Config", "Policy"):
            yield from ("deep", "another type")
    if isinstance(value, list) and value:
        yield from ("element added", "element removed", "repeated")
        if place.type.kind == "list":
            yield "element changed"
        if len(value) > 1:
            yield "order"


def apply(job: Json, place: Place, what: str, chance: random.Random) -> JobChange | None:
    """The changed job; None where that change makes no other job."""
    changed = deepcopy(job)
    holder = place.holder(changed)
    old = deepcopy(holder[place.key])
    if what == "removed":
        del holder[place.key]
    elif what == "value":
        holder[place.key] = other(place.key, place.type, old, chance)
    else:
        EDITS[what](holder, place, chance)
    if holder.get(place.key) == old or (what == "order" and _may_count(place, old)):
        return None
    counts = what != "order" or order_counts(place, old, holder[place.key])
    return JobChange(changed, place, what, counts)


def _may_count(place: Place, elements: list[Json]) -> bool:
    """Whether Nomad may take another order for a change, by what else the job says.

    It makes the addresses of an ingress gateway from its listeners, the last one of a service, where it gives none.
    """
    if place.name != "ConsulIngressConfigEntry.Listeners":
        return False
    names = [service.get("Name") for listener in elements for service in listener.get("Services") or []]
    return len(set(names)) < len(names)
