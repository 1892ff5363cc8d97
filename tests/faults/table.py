"""Writes what a run of the fault tests saw into README.md and docs/faults.md: `python -m tests.faults.table REPORT...`.

Several reports are taken together: loops of many rounds may run beside the rest. Exit code 1, and nothing is written,
where a fault has no passing test or a failing one.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from tests.faults.catalogue import FAULTS

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- written by `make faults`: begin -->", "<!-- written by `make faults`: end -->"
SAID_CHARS = 200
"""The most that README's table repeats of a message; docs/faults.md has all of it."""
HEAD = (
    "| # | fault | tried | requests: sent, lost, slowest | verdict | what the user reads |\n"
    "| --: | --- | --: | --- | --- | --- |\n"
)


@dataclass(frozen=True)
class Seen:
    """What one test saw of one fault, as tests/faults/report.py writes it."""

    fault: int
    case: str
    passed: bool
    tries: int
    sent: int
    lost: int
    slowest_s: float
    verdict_s: float | None
    said: str


def read(files: Iterable[Path]) -> list[Seen]:
    """All that the reports say."""
    return [Seen(**one) for file in files for one in json.loads(file.read_text())]


def missing(seen: Sequence[Seen]) -> list[str]:
    """A sentence for each thing that keeps the table from being true."""
    told = [f"fault {one.fault}, {one.case}: its test failed" for one in seen if not one.passed]
    told += [f"fault {one.fault}, {one.case}: {one.lost} of {one.sent} requests were lost" for one in seen if one.lost]
    passed = {one.fault for one in seen if one.passed}
    return told + [
        f"fault {number} ({fault.name}): no test of it passed"
        for number, fault in FAULTS.items()
        if number not in passed
    ]


def by_fault(seen: Sequence[Seen]) -> str:
    """One row for each fault."""
    rows = []
    for number, fault in FAULTS.items():
        of_it = [one for one in seen if one.fault == number]
        said = next((one.said for one in of_it if one.said), "")
        rows.append(_row(str(number), fault.name, of_it, shorten(said, SAID_CHARS, placeholder=" ...")))
    return HEAD + "".join(rows)


def by_case(seen: Sequence[Seen]) -> str:
    """For each fault what is expected, and a row for each case."""
    parts = []
    for number, fault in FAULTS.items():
        cases: dict[str, list[Seen]] = {}
        for one in seen:
            if one.fault == number:
                cases.setdefault(one.case, []).append(one)
        rows = [
            _row(f"{number}.{index}", case, of_it, next((one.said for one in of_it if one.said), ""))
            for index, (case, of_it) in enumerate(cases.items(), 1)
        ]
        parts.append(f"## {number}. {fault.name[0].upper()}{fault.name[1:]}\n\nExpected: {fault.outcome}.\n\n")
        parts.append(HEAD.replace("| fault |", "| case |") + "".join(rows) + "\n")
    return "".join(parts).rstrip() + "\n"


def put(text: str, table: str) -> str:
    """The text with the table between its marks. ValueError where these are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the marks {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def _row(number: str, name: str, seen: Sequence[Seen], said: str) -> str:
    sent, lost = sum(one.sent for one in seen), sum(one.lost for one in seen)
    requests = f"{sent}, {lost}, {_seconds([max(one.slowest_s for one in seen)])}" if sent else "none"
    verdicts = [one.verdict_s for one in seen if one.verdict_s is not None]
    cells = [number, name, str(sum(one.tries for one in seen)), requests, _seconds(verdicts), _code(said)]
    return f"| {' | '.join(cells)} |\n"


def _seconds(values: Sequence[float]) -> str:
    """From the smallest to the largest: "2.1 to 8.4 s"."""
    if not values:
        return ""
    low, high = (f"{value:.0f}" if value >= 10 else f"{value:.2g}" for value in (min(values), max(values)))
    return f"{low} s" if low == high else f"{low} to {high} s"


def _code(said: str) -> str:
    text = said.replace("|", "\\|").replace("`", "'")
    return f"`{text}`" if text else ""


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the tables are written."""
    seen = sorted(read(Path(file) for file in arguments), key=lambda one: (one.fault, one.case))
    if told := missing(seen):
        print("The table is not written:", *told, sep="\n  ", file=sys.stderr)
        return 1
    for file, table in (("README.md", by_fault(seen)), ("docs/faults.md", by_case(seen))):
        path = ROOT / file
        path.write_text(put(path.read_text(), table))
        print(f"{file}: the table is written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
