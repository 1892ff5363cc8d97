"""A token that may not fail a deployment: `up` ends all the same and promotes nothing bad; the next starts right."""

from typing import Any

import pytest

from tests.faults.proxy import Answer, Proxy
from tests.faults.services import SECOND_NS, deploys, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

SOAK_S = PASSES_S = 3


def version(name: str, greeting: str, *, update: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """A service that ends without delay."""
    spec = service(name, greeting, **settings)
    spec["TaskGroups"][0] |= {"ShutdownDelay": 0}
    spec["TaskGroups"][0]["Update"] |= update or {}
    return spec


def soaking(name: str, greeting: str, **task: Any) -> dict[str, Any]:
    spec = version(name, greeting, update={"AutoPromote": False}, **task)
    spec["TaskGroups"][0]["Meta"] = {"caravan_soak_s": str(SOAK_S)}
    return spec


def unawaited(name: str, greeting: str, **settings: Any) -> dict[str, Any]:
    update = {"HealthCheck": "task_states", "HealthyDeadline": PASSES_S * SECOND_NS}
    return version(name, greeting, update=update, **settings)


@pytest.mark.parametrize(
    ("bad", "good", "causes"),
    [
        pytest.param(
            lambda name: soaking(name, "two", Env={"CRASH_AFTER_S": "3.5"}),
            version,
            [f"did not last its soak of {SOAK_S} s", "it ended with exit code 3"],
            marks=pytest.mark.fault(24, "fail-deployment is missing, and it crashes in its soak"),
            id="soak",
        ),
        pytest.param(
            lambda name: unawaited(name, "two", health=503),
            unawaited,
            [f"did not pass in Consul within {PASSES_S} s"],
            marks=pytest.mark.fault(24, "fail-deployment is missing, task_states: its check fails"),
            id="task_states",
        ),
    ],
)
def test_up_ends_and_the_next_one_starts_right(
    stack: Stack, nomad_proxy: Proxy, seen: Observation, bad: Any, good: Any, causes: list[str]
) -> None:
    """Nomad leaves such a deployment open for ever, for its canaries were healthy once."""
    name = stack.name
    refused = Answer("(POST|PUT) /v1/deployment/fail", status=403, body="Permission denied")
    nomad_proxy.faults.append(refused)
    deploys(stack, version(name, "one"))
    stack.up()
    (before,) = stack.nomad.running(name)

    deploys(stack, bad(name))
    # Where there are two causes, a second `up` of the same program goes on with what is left, to the same end.
    for tries, cause in enumerate(causes, start=1):
        failed = stack.up(check=False)
        assert failed.code != 0
        assert refused.met == tries
        seen.reads(failed.text, cause)
        deployment = stack.nomad.call("GET", f"/v1/job/{name}/deployment")
        assert "group web, " in failed.text
        assert "the capability fail-deployment (or submit-job)" in failed.text
        assert "(1 instance of the version before still runs)" in failed.text
        assert f"nomad deployment fail -namespace default {deployment['ID']}" in failed.text
        assert deployment["Status"] == "running"
        assert not deployment["TaskGroups"]["web"]["Promoted"]
        assert before["ID"] in [a["ID"] for a in stack.nomad.running(name)]

    deploys(stack, good(name, "three"))
    stack.up()
    (after,) = stack.nomad.running(name)
    assert after["JobVersion"] == stack.nomad.job(name)["Version"]
    assert len(stack.consul.healthy(name)) == 1
    assert stack.preview().unchanged
