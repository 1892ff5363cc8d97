"""What a job needs that only the update makes."""

from providers.nomad.expected import Expected
from providers.properties import UNKNOWN

JOB = {"ID": "web", "Namespace": "team", "NodePool": "gpu"}


def test_a_job_waits_for_what_is_going_to_be_made() -> None:
    expected = Expected()
    assert expected.awaited_by(JOB) == ""
    expected.add("namespace", "team")
    expected.add("namespace", UNKNOWN)
    expected.add("variable", "gpu")
    assert expected.awaited_by(JOB) == 'namespace "team"'
    expected.add("node pool", "gpu")
    assert expected.awaited_by(JOB) == 'namespace "team" and node pool "gpu"'


def test_only_what_is_going_to_be_made_excuses_a_refusal() -> None:
    expected = Expected()
    missing = 'job "web" is in nonexistent node pool "gpu"'
    assert not expected.explains(JOB, missing)
    expected.add("node pool", "gpu")
    assert expected.explains(JOB, missing)
    assert not expected.explains(JOB, 'job "web" is in nonexistent namespace "team"')
    assert not expected.explains(JOB, "Missing job datacenters")
