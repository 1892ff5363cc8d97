from bench import report
from bench.measure import Row
from bench.targets import Judged, Target

ROWS = [
    Row.of("scale", "preview", "floor", "s", [0.5]),
    Row.of("scale", "preview", "ours", "s", [1234.5, 0.01234, 2.0], "floor", [0.5, 0.5, 0.5]),
]


def test_the_table_aligns_its_columns() -> None:
    assert report.table(report.HEAD, report.cells(ROWS)).splitlines() == [
        "part   measure  contender  median (range)     to     ratio (range)",
        "scale  preview  floor      0.5 s",
        "scale  preview  ours       2 (0.0123-1234) s  floor  4 (0.0247-2469)",
    ]


def test_markdown_has_a_head() -> None:
    assert report.markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_missed_target_stands_out() -> None:
    target = Target("preview to the floor", "scale", "preview", "ours", "floor", 1.5)
    assert report.target_cells([Judged(target, 2.0, met=False)]) == [("preview to the floor", "1.5", "2", "MISSED")]
