from pathlib import Path

import pytest

from bench.measure import Row
from bench.store import Store

RUN = {"commit": "abc", "options": "quick"}


def _row(value: float) -> Row:
    return Row.of("scale", "preview", "ours", "s", [value])


def test_what_an_interrupted_run_has_measured_is_kept(tmp_path: Path) -> None:
    Store(tmp_path / "r.json", RUN).measured("a", lambda: [_row(1)])
    store = Store(tmp_path / "r.json", RUN)
    assert store.measured("a", lambda: [_row(2)]) == [_row(1)]
    assert store.measured("b", lambda: [_row(3)]) == [_row(3)]
    assert store.rows == [_row(1), _row(3)]


@pytest.mark.parametrize("run", [{**RUN, "commit": "def"}, {**RUN, "options": "full"}])
def test_another_run_starts_anew(tmp_path: Path, run: dict[str, str]) -> None:
    Store(tmp_path / "r.json", RUN).measured("a", lambda: [_row(1)])
    assert Store(tmp_path / "r.json", run).rows == []


def test_a_run_that_is_complete_is_not_gone_on_with(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.json", RUN)
    store.measured("a", lambda: [_row(1)])
    store.finish()
    assert Store(tmp_path / "r.json", RUN).rows == []
