"""Where a dimension is exhausted: what an instance needs, what the nodes have left, and who holds the rest."""

from providers.nomad import holders
from providers.nomad.capacity import DIMENSIONS, Amount, needed, room, whole
from providers.nomad.client import Json
from providers.nomad.holders import Holder
from providers.nomad.lacks import NODES_NAMED
from providers.nomad.obstacles import Unplaced
from providers.nomad.surroundings import Surroundings
from providers.words import counted


def explain(job: Json, unplaced: list[Unplaced], around: Surroundings) -> list[str]:
    """A sentence for each dimension that keeps a group from being placed."""
    sentences = []
    for one in unplaced if around.nodes else ():
        need = needed(_group(job, one))
        # On each node a system job's new instance takes the place of the old one.
        others = [a for a in around.allocations if not (one.everywhere and holders.is_of(a, job))]
        left = room(around.nodes, others)
        for dimension in sorted(reason.dimension for reason in one.reasons if reason.dimension in DIMENSIONS):
            places = _full(left, need) if one.everywhere else _freest(left, dimension, one)
            sentences.append(
                f"group {one.group}: an instance needs {getattr(need, dimension)} {DIMENSIONS[dimension]} of "
                f"{dimension}; {places}{_held(dimension, need, job, around.nodes, others)}"
            )
    return sentences


def held_by(one: Unplaced, job: Json, around: Surroundings, holder: Holder) -> bool:
    """Whether all that a group's instances lack is held by one job, so that there would be a place without it."""
    without = [a for a in around.allocations if Holder(a["Namespace"], a["JobID"]) != holder]
    need = needed(_group(job, one))
    fits = any(times(need, amount) for _, amount in room(around.nodes, without))
    return bool(around.nodes) and all(
        fits if reason.dimension in DIMENSIONS else reason.holders == {holder} for reason in one.reasons
    )


def _group(job: Json, one: Unplaced) -> Json:
    return next((group for group in job.get("TaskGroups") or [] if group["Name"] == one.group), {})


def _freest(left: list[tuple[Json, Amount]], dimension: str, one: Unplaced) -> str:
    freest, most = max(left, key=lambda node: getattr(node[1], dimension))
    text = f"the freest node, {freest['Name']}, has {getattr(most, dimension)} {DIMENSIONS[dimension]} left"
    return f"{text}, which is room for {one.asked - one.missing} of {one.asked}" if one.partly else text


def _full(left: list[tuple[Json, Amount]], need: Amount) -> str:
    """The nodes on which a system job has no room."""
    full = [(node, amount) for node, amount in left if not times(need, amount)]
    told = ", ".join(
        f"node {node['Name']} has "
        + " and ".join(
            f"{getattr(amount, dimension)} {unit}{'' if len(full) == 1 else f' of {dimension}'}"
            for dimension, unit in DIMENSIONS.items()
            if getattr(amount, dimension) < getattr(need, dimension)
        )
        for node, amount in full[:NODES_NAMED]
    )
    more = f" and {counted(len(full) - NODES_NAMED, 'more node')} have too little" if len(full) > NODES_NAMED else ""
    return f"{told} left{more}"


def times(need: Amount, amount: Amount) -> int:
    """How many instances fit into what a node has left."""
    each = [getattr(amount, d) // getattr(need, d) for d in DIMENSIONS if getattr(need, d)]
    return max(0, min(each, default=0))


def _held(dimension: str, need: Amount, job: Json, nodes: list[Json], allocations: list[Json]) -> str:
    """Who holds most, where an instance would fit without them; that no node is large enough, where it would not."""
    size, unit = {node["ID"]: getattr(whole(node), dimension) for node in nodes}, DIMENSIONS[dimension]
    enough = [node for node in nodes if size[node["ID"]] >= getattr(need, dimension)]
    if not enough:
        largest = max(nodes, key=lambda node: size[node["ID"]])
        return f"; no node is large enough: the largest, {largest['Name']}, has {size[largest['ID']]} {unit} in all"
    held = holders.most(dimension, holders.alive(allocations, enough))
    told = ", ".join(f"{holder.text(job)} {amount}" for holder, amount in held)
    return f". Most is held by: {told}" if told else ""
