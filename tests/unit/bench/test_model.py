import pytest

from bench import model
from bench.measure import Row
from bench.model import Line


def _row(part: str, measure: str, contender: str, value: float) -> Row:
    return Row.of(part, measure, contender, "s", [value])


def test_a_line_goes_through_its_points() -> None:
    line = Line.through({1: 1.01, 100: 2.0, 1000: 11.0})
    assert line.start == pytest.approx(1.0)
    assert line.each == pytest.approx(0.01)
    assert line.at(10_000) == pytest.approx(101.0)


def test_the_error_is_told() -> None:
    line = Line(1.0, 0.01)
    assert line.off_by({100: 2.0, 1000: 10.0}) == pytest.approx(0.1)


def test_a_small_size_counts_as_much_as_a_large_one() -> None:
    points = {1: 1.0, 100: 3.0, 1000: 11.0}
    assert Line.through(points).at(1) == pytest.approx(1.0, rel=0.1)


def test_nothing_takes_less_than_no_time() -> None:
    assert Line.through({1: 5.0, 1000: 4.0}).each == 0.0
    assert Line.through({10: 0.001, 1000: 100.0}).start == 0.0


def test_the_model_is_made_from_the_rows() -> None:
    rows = [
        _row("scale", "preview of 1 unchanged", "ours", 1.01),
        _row("scale", "preview of 1000 unchanged", "ours", 11.0),
        _row("scale", "preview of 1000 unchanged", "floor", 7.0),
        _row("scale", "memory of the engine, 1", "ours", 100.0),
        _row("scale", "memory of the engine, 1000", "ours", 300.0),
        _row("scale", "up of 1000 new", "floor", 10.0),
        _row("checkpoints", "up of 1000 new", "floor with", 70.0),
    ]
    lines = {(line[0], line[1]): line[2:] for line in model.cells(rows, [1, 1000])}
    assert lines["scale", "preview of N unchanged"] == ("1 s", "10 s", "0%", "11 s", "101 s", "16.7 min", "each 2 s")
    assert lines["scale", "memory of the engine, N"][-3:] == ("2.1 GB", "20.1 GB", "each 120 MB")
    assert lines["checkpoints", "what they add to up of N new"][-4:] == ("60 s", "100.0 min", "166.7 h", "each 0.6 s")


def test_one_size_makes_no_model() -> None:
    assert model.cells([_row("scale", "preview of 100 unchanged", "ours", 2.0)], [100]) == []
