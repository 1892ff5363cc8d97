"""In which order services change: whoever is called before its callers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter


@dataclass(frozen=True)
class CallOrder:
    """An order of services."""

    names: tuple[str, ...]
    """All services, every callee before its callers except where they call each other in a circle."""
    waits_for: Mapping[str, tuple[str, ...]]
    """By service: those that it changes after."""
    cycles: tuple[tuple[str, ...], ...]
    """Circles of calls, each from the service that goes first, which does not wait for the next one, back to it."""

    def waiting_for(self, name: str) -> list[str]:
        """The services that wait for this one, whether or not through others; sorted."""
        found: set[str] = set()
        for other in self.names:
            if found.union({name}).intersection(self.waits_for[other]):
                found.add(other)
        return sorted(found)


def call_order(calls: Mapping[str, Collection[str]]) -> CallOrder:
    """The order for services that call each other.

    Args:
        calls: by service, those that it calls. Callees that are no key are not deployed here and have no part in it.

    The result depends on nothing but the names. In a circle the first one by name goes first.
    """
    waits_for = {
        name: {callee for callee in calls[name] if callee in calls and callee != name} for name in sorted(calls)
    }
    cycles: list[tuple[str, ...]] = []
    while True:
        try:
            ordered = tuple(
                TopologicalSorter({name: sorted(below) for name, below in waits_for.items()}).static_order()
            )
        except CycleError as error:
            cycle = _from_its_first(error.args[1])
            cycles.append(cycle)
            waits_for[cycle[0]].discard(cycle[1])
            continue
        return CallOrder(ordered, {name: tuple(sorted(below)) for name, below in waits_for.items()}, tuple(cycles))


def _from_its_first(found: list[str]) -> tuple[str, ...]:
    """The circle from its first service by name, callers before callees; graphlib gives it the other way round."""
    around = found[:0:-1]
    start = around.index(min(around))
    turned = around[start:] + around[:start]
    return (*turned, turned[0])
