import pytest

from bench.measure import Row, Spread


def test_a_spread_is_median_least_and_most() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_ratios_are_taken_round_by_round() -> None:
    row = Row.of("scale", "preview", "ours", "s", [2.0, 30.0], "floor", [1.0, 10.0])
    assert row.ratio == Spread(2.5, 2.0, 3.0)


@pytest.mark.parametrize("peers", [[], [0.0, 0.0]])
def test_without_a_peer_there_is_no_ratio(peers: list[float]) -> None:
    assert Row.of("scale", "preview", "ours", "s", [2.0, 3.0], "floor", peers).ratio is None


@pytest.mark.parametrize("peers", [[], [1.0]])
def test_a_row_is_kept_whole(peers: list[float]) -> None:
    row = Row.of("scale", "preview", "ours", "s", [2.0], "floor", peers)
    assert Row.from_json(row.to_json()) == row
