"""Numbers and how they are compared: medians with their range, and ratios round by round."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Spread:
    """The median of several values, and the least and the most of them."""

    middle: float
    least: float
    most: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return Spread(median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """One measure of one contender, with its ratio to its peer where it has one.

    Ratios are taken within each round, one contender right after the other, so that what else the machine does hits
    both; the spread of the ratios says how far to trust them.
    """

    part: str
    measure: str
    contender: str
    unit: str
    value: Spread
    peer: str = ""
    ratio: Spread | None = None

    @staticmethod
    def of(
        part: str,
        measure: str,
        contender: str,
        unit: str,
        values: Sequence[float],
        peer: str = "",
        peers: Sequence[float] = (),
    ) -> "Row":
        """A row from the values of each round, and the peer's of the same rounds."""
        ratios = [mine / theirs for mine, theirs in zip(values, peers, strict=False) if theirs]
        return Row(part, measure, contender, unit, Spread.of(values), peer, Spread.of(ratios) if ratios else None)

    def to_json(self) -> dict[str, Any]:
        """The row as JSON keeps it."""
        return asdict(self)

    @staticmethod
    def from_json(kept: dict[str, Any]) -> "Row":
        """The row that `to_json` kept."""
        ratio = Spread(**kept["ratio"]) if kept["ratio"] else None
        return Row(**{**kept, "value": Spread(**kept["value"]), "ratio": ratio})
