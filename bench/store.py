"""What has been measured so far, written after each measurement: a run that was interrupted goes on from there."""

import json
from collections.abc import Callable
from pathlib import Path

from bench.measure import Row


class Store:
    """The rows of one run in a JSON file. Another commit or other options are another run."""

    def __init__(self, file: Path, run: dict[str, str]) -> None:
        self._file = file
        self._run = run
        kept = json.loads(file.read_text()) if file.is_file() else {}
        same = kept.get("run") == run and not kept.get("complete")
        self._cells: dict[str, list[Row]] = (
            {name: [Row.from_json(row) for row in rows] for name, rows in kept["cells"].items()} if same else {}
        )

    @property
    def rows(self) -> list[Row]:
        """All rows, in the order in which they were measured."""
        return [row for rows in self._cells.values() for row in rows]

    def measured(self, cell: str, measure: Callable[[], list[Row]]) -> list[Row]:
        """The rows of a cell: kept ones, or measured now and kept."""
        if cell not in self._cells:
            self._cells[cell] = measure()
            self._write(complete=False)
        return self._cells[cell]

    def finish(self) -> None:
        """Says that nothing is missing: the next run starts anew."""
        self._write(complete=True)

    def _write(self, *, complete: bool) -> None:
        cells = {name: [row.to_json() for row in rows] for name, rows in self._cells.items()}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps({"run": self._run, "complete": complete, "cells": cells}, indent=1))
        new.rename(self._file)
