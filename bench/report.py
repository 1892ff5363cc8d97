"""The rows as people read them: a table for the terminal, and Markdown for docs/."""

from collections.abc import Iterable, Sequence

from bench import model
from bench.measure import Row, Spread
from bench.targets import Judged

HEAD = ("part", "measure", "contender", "median (range)", "to", "ratio (range)")
TARGET_HEAD = ("target", "at most", "found", "")


def cells(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    """The rows as texts, one for each column of HEAD."""
    return [
        (
            row.part,
            row.measure,
            row.contender,
            f"{_spread(row.value)} {row.unit}".rstrip(),
            row.peer,
            _spread(row.ratio) if row.ratio else "",
        )
        for row in rows
    ]


def target_cells(judged: Iterable[Judged]) -> list[tuple[str, ...]]:
    """The targets as texts, one for each column of TARGET_HEAD."""
    return [
        (it.target.text, _number(it.target.at_most), _number(it.found), "met" if it.met else "MISSED") for it in judged
    ]


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Columns for a terminal."""
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    drawn = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, *lines]
    ]
    return "\n".join(drawn)


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """The same as a Markdown table."""
    drawn = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in drawn)


def document(
    rows: Sequence[Row], judged: Sequence[Judged], growth: Sequence[Sequence[str]], commit: str, processors: int
) -> str:
    """The whole of a run as a page. `growth`: the model's lines (bench/model.py)."""
    return f"""# What was measured

Written by `make bench`, on {processors} processors, at commit {commit}. Ratios are taken within each round, the
contenders right after one another; in brackets stand the least and the most of all rounds. "The floor" is the same
program with a provider that does nothing; "processor" rows compare processor time instead of time on the clock.

## Targets

{markdown(TARGET_HEAD, target_cells(judged))}

## Growth

What follows for one stack of more services than were measured, by a line through the medians below, with the largest
error of the line at what was measured; the last column is for a stack of 100.

{markdown(model.HEAD, growth)}

## All measurements

{markdown(HEAD, cells(rows))}
"""


def _spread(spread: Spread) -> str:
    if spread.least == spread.most:
        return _number(spread.middle)
    return f"{_number(spread.middle)} ({_number(spread.least)}-{_number(spread.most)})"


def _number(value: float) -> str:
    """Three digits that matter, never as a power of ten."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
