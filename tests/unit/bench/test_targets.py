from bench.measure import Row
from bench.targets import Target, targets

TO_THE_FLOOR = Target("preview", "scale", "preview of 1 unchanged", "ours", "floor", 1.3)
SECONDS = Target("verdict", "rollouts", "median", "ours", "", 0.3)


def _preview(ours: list[float], peer: str = "floor") -> Row:
    return Row.of("scale", "preview of 1 unchanged", "ours", "s", ours, peer, [1.0] * len(ours))


def test_a_ratio_is_judged_by_its_median() -> None:
    judged = TO_THE_FLOOR.judge([_preview([1.2, 1.3, 9.0])])
    assert judged is not None
    assert (judged.found, judged.met) == (1.3, True)
    judged = TO_THE_FLOOR.judge([_preview([1.31])])
    assert judged is not None
    assert not judged.met


def test_a_value_is_judged_where_there_is_no_peer() -> None:
    judged = SECONDS.judge([Row.of("rollouts", "median", "ours", "s", [0.4])])
    assert judged is not None
    assert (judged.found, judged.met) == (0.4, False)


def test_what_was_not_measured_is_not_judged() -> None:
    assert TO_THE_FLOOR.judge([_preview([1.0], peer="nomad x8"), Row.of("scale", "other", "ours", "s", [1.0])]) is None


def test_targets_of_scale_are_not_for_single_services() -> None:
    texts = [target.text for target in targets([1, 1000], [100])]
    assert any("1000 services" in text for text in texts)
    assert not any("preview of 1 services" in text for text in texts)
    assert "100 rollouts at once: event streams" in texts
