"""Consul's word on the instances of a rollout."""

import pytest

from providers.http_api import HttpApi, Tls
from providers.nomad.consul_health import ConsulWatch, Instance
from providers.nomad.passing import check_words, not_passing_text, passing
from providers.nomad.snapshot import Snapshot
from tests.unit.providers.recordings import snapshot

SERVICE = "rec-check-503"
SAID = "up: HTTP GET http://127.0.0.1:1/health: 503 Service Unavailable Output: no database"


def look() -> tuple[Snapshot, str]:
    """A rollout whose only instance runs and has a check, and the instance's id."""
    moment = snapshot("check-503")
    (allocation,) = moment.allocations
    allocation.update(ClientStatus="running", DesiredStatus="run")
    return moment, str(allocation["ID"])


def watch(*instances: Instance, trouble: str | None = None) -> ConsulWatch:
    found = ConsulWatch(HttpApi("Consul", "http://127.0.0.1:1", Tls(), {}, ""), {SERVICE}, lambda: None)
    found.instances = {SERVICE: {instance.service_id: instance for instance in instances}}
    found.last_failing = {instance.service_id: instance for instance in instances if instance.status != "passing"}
    found.trouble = trouble
    return found


def instance(allocation: str, status: str, output: str = "") -> Instance:
    return Instance(SERVICE, f"_nomad-task-{allocation}-web-http", "127.0.0.1:1", status, output)


@pytest.mark.parametrize(("status", "passes"), [("passing", True), ("warning", False), ("critical", False)])
def test_every_service_of_every_instance_has_to_pass(status: str, passes: bool) -> None:
    moment, allocation = look()
    assert passing(moment, watch(instance(allocation, status))) is passes


def test_an_instance_that_consul_does_not_list_does_not_pass() -> None:
    moment, _ = look()
    assert not passing(moment, watch())
    assert not_passing_text(moment, watch()).endswith("do not pass in Consul: Consul does not list them")


def test_nothing_passes_while_consul_is_in_trouble() -> None:
    moment, allocation = look()
    trouble = watch(instance(allocation, "passing"), trouble="Consul cannot be reached")
    assert not passing(moment, trouble)
    assert not_passing_text(moment, trouble).endswith("do not pass in Consul: Consul cannot be reached")


def test_an_instance_that_does_not_run_is_not_asked_for() -> None:
    moment, _ = look()
    moment.allocations[0]["ClientStatus"] = "failed"
    assert passing(moment, watch())


def test_what_a_check_says_is_told() -> None:
    moment, allocation = look()
    critical = watch(instance(allocation, "critical", SAID))
    assert not_passing_text(moment, critical).endswith(f"service {SERVICE} at 127.0.0.1:1 is critical: {SAID}")
    assert check_words(critical, allocation) == [f"service {SERVICE} at 127.0.0.1:1 is critical in Consul: {SAID}"]
    silent = watch(instance(allocation, "critical"))
    assert check_words(silent, allocation)[0].endswith(
        "is critical in Consul: its check fails without output or has not answered yet"
    )
    assert check_words(critical, "another") == check_words(None, allocation) == []
