"""Rules between the values of a service: what is written over a small valid one, and every sentence that answers it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.file_sources import read_sources
from components.problems import SettingsError
from components.validation import validate
from components.yaml_file import KeyPath

VALID = {"name": "web", "version": "1.0.0", "ports": {"http": {"to": 80}}}
CASES = [
    (text, [line.strip() for line in sentences])
    for text, *sentences in (
        case.splitlines() for case in Path(__file__).with_name("bad_service_rules.txt").read_text().split("\n\n")
    )
]


def refusal(written: dict[str, Any], folder: Path) -> list[str]:
    def where(path: KeyPath) -> str:
        return ".".join(map(str, path))

    with pytest.raises(SettingsError) as error:
        read_sources(validate({**VALID, **written}, where), folder, where)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(("text", "sentences"), CASES, ids=[text[:50] for text, _ in CASES])
def test_what_does_not_fit_together_is_told(text: str, sentences: list[str], tmp_path: Path) -> None:
    assert refusal(yaml.safe_load(text), tmp_path) == sentences


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    written = {"calls": {"api": {"local_port": 1}}, "tasks": {"web": {}}, "job": {"ID": "x"}, "count": 0, "priority": 0}
    assert len(refusal(written, tmp_path)) == 4


def test_the_hosts_network_and_slow_checks(tmp_path: Path) -> None:
    """Findings RW-15 and RW-16: 45 s of waiting, then "nothing listens" or a deadline, with a program that is fine."""
    on_the_host = {"config": {"network_mode": "host"}, "ports": {"http": {"to": 3000}}}
    (sentence,) = refusal(on_the_host, tmp_path)
    assert 'with config.network_mode "host" a process listens on the node\'s own port' in sentence
    for port in ({}, {"static": 3000}, {"static": 3000, "to": 3000}):
        validate({**VALID, **on_the_host, "ports": {"http": port}}, str)

    rollout = {"healthy_deadline_s": 30, "progress_deadline_s": 60, "min_healthy_s": 1}
    (sentence,) = refusal({"check": {"interval_s": 25, "successes_before_passing": 3}, "rollout": rollout}, tmp_path)
    assert "3 answers in a row take up to 75 s" in sentence
    validate({**VALID, "check": {"interval_s": 29}, "rollout": rollout}, str)
