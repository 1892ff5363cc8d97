"""What follows from the measurements for more services than were measured: `a + b·N`, with checkpoints `+ k·N²`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.measure import Row

STEPS = (
    ("scale", "preview of {} unchanged", "ours"),
    ("scale", "preview of {} changed", "ours"),
    ("scale", "up of {} new", "ours"),
    ("scale, services", "preview of {} unchanged", "ours"),
    ("scale, services", "preview of {} changed", "ours"),
    ("scale", "memory of the program, {}", "ours"),
    ("scale", "memory of the engine, {}", "ours"),
    ("scale", "memory of the provider, {}", "ours"),
)
"""What the model is made for: part, measure by the number of services, contender."""

HEAD = ("part", "measure", "a", "b, for 1000 services", "off by", "1,000", "10,000", "100,000", "in stacks of 100")


@dataclass(frozen=True)
class Line:
    """A value that grows with the number of services: `start + each · N`, at least 0 both."""

    start: float
    each: float

    @staticmethod
    def through(points: Mapping[int, float]) -> "Line":
        """The line whose relative errors at the points are the least, by their squares. Of at least two points."""
        # Weighted least squares: an error counts by its share of the value, or the largest size alone would decide.
        weights = {size: 1 / value**2 for size, value in points.items()}
        total = sum(weights.values())
        size_mean = sum(weight * size for size, weight in weights.items()) / total
        value_mean = sum(weight * points[size] for size, weight in weights.items()) / total
        spread = sum(weight * (size - size_mean) ** 2 for size, weight in weights.items())
        shared = sum(weight * (size - size_mean) * (points[size] - value_mean) for size, weight in weights.items())
        each = max(shared / spread, 0.0)
        return Line(max(value_mean - each * size_mean, 0.0), each)

    def at(self, size: int) -> float:
        """The value for `size` services."""
        return self.start + self.each * size

    def off_by(self, points: Mapping[int, float]) -> float:
        """The largest relative error at the points."""
        return max(abs(self.at(size) / value - 1) for size, value in points.items())


def values(rows: Iterable[Row], part: str, measure: str, contender: str, sizes: Sequence[int]) -> dict[int, float]:
    """The median of a measure by the number of services, where it was measured. `measure` has `{}` for the number."""
    names = {measure.format(size): size for size in sizes}
    return {
        names[row.measure]: row.value.middle
        for row in rows
        if row.part == part and row.contender == contender and row.measure in names and row.value.middle > 0
    }


def checkpoint_s(rows: Sequence[Row], size: int) -> float | None:
    """`k`: what checkpoints add to an update of N new services, by N², seconds. None where it was not measured."""
    with_them = values(rows, "checkpoints", "up of {} new", "floor with", [size])
    without = values(rows, "scale", "up of {} new", "floor", [size])
    if not with_them or not without:
        return None
    return max(with_them[size] - without[size], 0.0) / size**2


def cells(rows: Sequence[Row], sizes: Sequence[int]) -> list[tuple[str, ...]]:
    """The model's lines as texts, one for each column of HEAD; none where fewer than two sizes were measured."""
    found = []
    for part, measure, contender in STEPS:
        points = values(rows, part, measure, contender, sizes)
        if len(points) < 2:
            continue
        line = Line.through(points)
        memory = measure.startswith("memory")
        found.append(
            (
                part,
                measure.format("N"),
                _text(line.start, memory=memory),
                _text(line.each * 1000, memory=memory),
                f"{line.off_by(points):.0%}",
                *(_text(line.at(size), memory=memory) for size in (1_000, 10_000, 100_000)),
                "each " + _text(line.at(100), memory=memory),
            )
        )
    if k := next((it for size in sorted(sizes, reverse=True) if (it := checkpoint_s(rows, size)) is not None), None):
        added = [_text(k * size**2, memory=False) for size in (1_000, 10_000, 100_000)]
        each = f"each {_text(k * 100**2, memory=False)}"
        found.append(("checkpoints", "what they add to up of N new", "", "", "", *added, each))
    return found


def _text(value: float, *, memory: bool) -> str:
    if memory:
        return f"{value / 1000:.1f} GB" if value >= 1000 else f"{value:.0f} MB"
    if value >= 2 * 3600:
        return f"{value / 3600:.1f} h"
    return f"{value / 60:.1f} min" if value >= 120 else f"{value:.3g} s"
