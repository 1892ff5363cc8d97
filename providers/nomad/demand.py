"""What all changes of one preview need together: jobs that fit one by one need not fit together."""

from dataclasses import dataclass

from providers.nomad.capacity import DIMENSIONS, Amount, may_run, needed, room
from providers.nomad.client import Json
from providers.words import counted

JOBS_NAMED = 5
"""How many jobs a shortage names, those that need the most first."""


@dataclass(frozen=True)
class _Need:
    job: Json
    amount: Amount


class Demand:
    """Collects what each previewed job needs beyond what it holds now. The order in which they come does not matter."""

    def __init__(self) -> None:
        self._needs: dict[tuple[str, str], _Need] = {}

    def add(self, job: Json, plan: Json, current: Json | None) -> None:
        """Notes a job that the scheduler would place, by its `plan`; `current` is the registered job."""
        amount = additional(job, plan, current)
        if amount != Amount():
            self._needs[job["Namespace"], job["ID"]] = _Need(job, amount)

    def __bool__(self) -> bool:
        return bool(self._needs)

    def shortages(self, nodes: list[Json], allocations: list[Json]) -> list[str]:
        """A sentence for each dimension in which the nodes that jobs may use have less left than the jobs need.

        Sums only: what fits by its sum may still be too scattered over the nodes.
        """
        left = room(nodes, allocations)
        places = {key: self._places(need, left) for key, need in self._needs.items()}
        sentences = []
        for place in sorted(set(places.values()), key=sorted):
            # Whoever may run only within these nodes competes for them.
            rivals = [need for key, need in self._needs.items() if places[key] <= place]
            free = sum((amount for node, amount in left if node["ID"] in place), Amount())
            names = [node["Name"] for node, _ in left if node["ID"] in place]
            for dimension, unit in DIMENSIONS.items():
                wanted = sum(getattr(need.amount, dimension) for need in rivals)
                if wanted > getattr(free, dimension):
                    sentences.append(_sentence(dimension, unit, wanted, getattr(free, dimension), names, rivals))
        return sentences

    def _places(self, need: _Need, left: list[tuple[Json, Amount]]) -> frozenset[str]:
        return frozenset(node["ID"] for node, _ in left if may_run(need.job, node))


def additional(job: Json, plan: Json, current: Json | None) -> Amount:
    """The most that a change holds beyond what the job holds now, while it happens or when it is done.

    Canaries run beside the old instances. What others free is not counted: it may be freed too late.
    """
    before = {} if current is None or current.get("Stop") else _groups(current)
    total = Amount()
    updates = (plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
    for name, group in _groups(job).items():
        counts = {key: int(value or 0) for key, value in (updates.get(name) or {}).items()}
        kept = sum(counts.get(key, 0) for key in ("Ignore", "InPlaceUpdate", "DestructiveUpdate", "Migrate"))
        placed = counts.get("Place", 0)
        new = needed(group)
        old = needed(before[name]) if name in before else Amount()
        at_first = new * (placed + counts.get("Canary", 0))
        at_last = new * (kept + placed) - old * (kept + counts.get("Stop", 0))
        total += Amount(**{d: max(0, getattr(at_first, d), getattr(at_last, d)) for d in DIMENSIONS})
    return total


def _groups(job: Json) -> dict[str, Json]:
    return {group["Name"]: group for group in job.get("TaskGroups") or []}


def _sentence(dimension: str, unit: str, wanted: int, free: int, nodes: list[str], rivals: list[_Need]) -> str:
    hungry = sorted(
        (need for need in rivals if getattr(need.amount, dimension)),
        key=lambda need: (-getattr(need.amount, dimension), need.job["ID"]),
    )
    named = ", ".join(f'"{need.job["ID"]}" {getattr(need.amount, dimension)}' for need in hungry[:JOBS_NAMED])
    more = f" and {len(hungry) - JOBS_NAMED} more" if len(hungry) > JOBS_NAMED else ""
    where = f"node {nodes[0]} has" if len(nodes) == 1 else f"{counted(len(nodes), 'eligible node')} have"
    together = len(hungry) > 1
    first = (
        "Each of these jobs fits by itself, but not all of them together: they need"
        if together
        else "The first step of this change fits, but not all of it: it needs"
    )
    return (
        f"{first} {wanted} {unit} of {dimension} more than now, and {where} {free} {unit} left. "
        f"What {'they need' if together else 'it needs'}, in {unit}: {named}{more}. "
        "What finds no place waits, and fails at its progress deadline."
    )
