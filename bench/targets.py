"""What the measurements have to show, and whether they do."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.measure import Row


@dataclass(frozen=True)
class Target:
    """A limit for one measure: for the median of its ratio to `peer`, or of its value where there is no peer."""

    text: str
    part: str
    measure: str
    contender: str
    peer: str
    at_most: float

    def judge(self, rows: Iterable[Row]) -> "Judged | None":
        """The verdict by the rows; None where they do not hold the measure."""
        for row in rows:
            if (row.part, row.measure, row.contender) != (self.part, self.measure, self.contender):
                continue
            if self.peer and (row.peer != self.peer or row.ratio is None):
                continue
            found = row.ratio.middle if self.peer and row.ratio else row.value.middle
            return Judged(self, found, found <= self.at_most)
        return None


@dataclass(frozen=True)
class Judged:
    """A target, what was found, and whether that is within the limit."""

    target: Target
    found: float
    met: bool


def _of_scale(size: int) -> list[Target]:
    services = f"{size} services"
    return [
        Target(
            f"preview of {services}, unchanged, to the floor",
            "scale",
            f"preview of {size} unchanged",
            "ours",
            "floor",
            1.5,
        ),
        Target(
            f"preview of {services}, all changed, to the floor",
            "scale",
            f"preview of {size} changed",
            "ours",
            "floor",
            2.0,
        ),
        Target(
            f"preview of {services}, all changed, to 8 `nomad job plan` at a time",
            "scale",
            f"preview of {size} changed",
            "ours",
            "nomad x8",
            1.0,
        ),
        Target(f"up of {services}, new, to the floor", "scale", f"up of {size} new", "ours", "floor", 2.0),
        Target(
            f"up of {services}, new, without checkpoints, to the floor with them",
            "checkpoints",
            f"up of {size} new",
            "ours without",
            "floor with",
            0.5,
        ),
    ]


def _of_microservices(size: int) -> list[Target]:
    return [
        Target(
            f"preview of {size} `Microservice` components, {text}, to the floor",
            "scale, services",
            f"preview of {size} {change}",
            "ours",
            "floor",
            at_most,
        )
        for text, change, at_most in (("unchanged", "unchanged", 1.5), ("all changed", "changed", 2.0))
    ]


def _of_rollouts(at_once: int) -> list[Target]:
    def target(text: str, unit: str, measure: str, at_most: float) -> Target:
        return Target(
            f"{at_once} rollouts at once: {text}{unit}",
            "rollouts",
            f"{at_once} at once: {measure}",
            "ours",
            "",
            at_most,
        )

    return [
        target("verdict after Nomad's event, median", ", s", "verdict after Nomad's event, median", 0.3),
        target("verdict after Nomad's event, worst", ", s", "verdict after Nomad's event, worst", 1.0),
        target("event streams", "", "event streams", 1),
        target("memory of the provider", ", MB", "memory of the provider", 200),
    ]


def targets(sizes: Iterable[int], rollouts: Iterable[int]) -> list[Target]:
    """The targets for a run with these numbers of services and of rollouts at once.

    Those of scale are meant for 1000 services, those of verdicts for 100 rollouts, those of memory for 1000: of the
    sizes, only the largest is judged.
    """
    largest = max(sizes)
    return [
        *(_of_scale(largest) + _of_microservices(largest) if largest >= 100 else ()),
        Target("warm preview of one service, to the floor", "scale", "preview of 1 unchanged", "ours", "floor", 1.3),
        *(target for at_once in rollouts for target in _of_rollouts(at_once)),
        Target("requests per unchanged job at preview", "requests", "preview, unchanged", "ours", "", 1),
        Target("requests per changed job at up, detached", "requests", "up, changed", "ours", "", 4),
    ]
