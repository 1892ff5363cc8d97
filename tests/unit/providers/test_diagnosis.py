"""Why an allocation fails, from what Nomad recorded of real ones."""

import copy
import json
from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.diagnosis import NO_ANSWER, Cause, causes, explain
from providers.nomad.meanings import Heals
from tests.unit.providers.recordings import recorded

PULL = "Error response from daemon: "


def allocation(name: str) -> Json:
    """The first allocation of the recorded version."""
    record = recorded(name)
    found: Json = next(a for a in record["allocations"] if a["JobVersion"] == record["version"])
    return found


def cause(name: str) -> Cause:
    (found,) = causes(allocation(name))
    return found


@pytest.mark.parametrize(
    ("name", "heals", "text"),
    [
        (
            "image-unknown",
            Heals.NEVER,
            (
                "the registry has no such image or tag: Failed to pull `127.0.0.1:5000/hello:99`: "
                f"{PULL}manifest for 127.0.0.1:5000/hello:99 not found: manifest unknown: manifest unknown"
            ),
        ),
        (
            "registry-unreachable",
            Heals.BY_ITSELF,
            (
                "the node cannot reach the registry: Failed to pull `127.0.0.1:5999/hello:1`: "
                f'{PULL}Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused'
            ),
        ),
        ("exit-1", Heals.ELSEWHERE, "it ended with exit code 1"),
        ("crash-loop", Heals.ELSEWHERE, "it ended with exit code 3, 3 times"),
        ("crash-loop-with-restarts-left", Heals.BY_ITSELF, "it ended with exit code 3, 2 times"),
        (
            "oom-kill",
            Heals.ELSEWHERE,
            "it was killed for using more memory than resources.memory allows (OOM, exit code 137)",
        ),
        (
            "driver-refuses-config",
            Heals.NEVER,
            (
                "the driver refuses the task's config: 2 errors occurred: * failed to parse config: * Invalid label: "
                'No argument or block type is named "no_such_key".'
            ),
        ),
        (
            "template-waits",
            Heals.BY_ITSELF,
            "the task waits for its template: Missing: nomad.var.block(nomad/jobs/rec-template@default.global)",
        ),
        ("exit-0", Heals.ELSEWHERE, "it ended with exit code 0, though a service is to keep running"),
        (
            "credentials-refused",
            Heals.NEVER,
            (
                "the registry refuses the credentials: Failed to pull `127.0.0.1:5000/private:1`: "
                f"{PULL}unauthorized: authentication required"
            ),
        ),
        (
            "no-credentials",
            Heals.NEVER,
            (
                "the registry refuses the credentials: Failed to pull `127.0.0.1:5000/private:1`: "
                f"{PULL}unauthorized: authentication required"
            ),
        ),
        (
            "raw-exec-command-missing",
            Heals.ELSEWHERE,
            (
                "the node does not have this command: failed to launch command with executor: rpc error: code = "
                'Unknown desc = binary "/no/such/program" could not be found'
            ),
        ),
        ("one-bad-node", Heals.ELSEWHERE, "it ended with exit code 5"),
        ("max-parallel-0-failed", Heals.ELSEWHERE, "it ended with exit code 9"),
        ("batch-failed", Heals.ELSEWHERE, "it ended with exit code 1"),
        ("failed-without-canary", Heals.ELSEWHERE, "it ended with exit code 3"),
    ],
)
def test_the_cause(name: str, heals: Heals, text: str) -> None:
    assert cause(name) == Cause("web", "app", text, heals)


@pytest.mark.parametrize(
    ("name", "heals", "begin", "end"),
    [
        ("command-missing", Heals.NEVER, "the command does not exist in the image: ", '"/no/such/program": stat'),
        ("not-executable", Heals.NEVER, "the command in the image may not be executed: ", "permission denied: unknown"),
        (
            "permission-denied",
            Heals.ELSEWHERE,
            "the command is no program, or not one for this node's platform: ",
            "format error",
        ),
        (
            "artifact-failed",
            Heals.BY_ITSELF,
            'artifact: failed to download artifact "http://127.0.0.1:9/',
            "connection refused",
        ),
        (
            "bad-mount",
            Heals.ELSEWHERE,
            "the node does not give this volume: Failed to create",
            "volumes are not enabled",
        ),
    ],
)
def test_the_cause_and_the_drivers_own_words(name: str, heals: Heals, begin: str, end: str) -> None:
    found = cause(name)
    assert found.text.startswith(begin)
    assert end in found.text
    assert found.heals is heals


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("pull access denied for x, repository does not exist", "the registry has no such repository, or asks for a"),
        ("unauthorized: authentication required", "the registry refuses the credentials"),
        ("denied: requested access to the resource is denied", "the registry refuses the credentials"),
        ("no matching manifest for linux/arm64 in the manifest list", "the image is not made for this node's platform"),
        ("invalid reference format", "this is not a valid image reference"),
    ],
)
def test_what_registries_say(message: str, meaning: str) -> None:
    failing = allocation("image-unknown")
    failing["TaskStates"]["app"]["Events"][-1]["DisplayMessage"] = f"Failed to pull `x`: {PULL}{message}"
    (found,) = causes(failing)
    assert found.heals is not Heals.BY_ITSELF
    assert found.text.startswith(meaning)


def test_what_failed_before_the_task_started_has_healed() -> None:
    assert causes(allocation("pull-failed-then-started")) == []


def test_a_later_exit_goes_before_a_healed_pull() -> None:
    failing = allocation("pull-failed-then-started")
    state = failing["TaskStates"]["app"]
    state["Failed"] = True
    state["Events"] += [{"Type": "Terminated", "ExitCode": 7}]
    assert [found.text for found in causes(failing)] == ["it ended with exit code 7, 2 times"]


@pytest.mark.parametrize("name", ["successful", "canary-going-on", "batch-complete", "system-running", "check-404"])
def test_no_cause_in_the_events(name: str) -> None:
    assert causes(allocation(name)) == []


def test_an_allocation_that_has_not_begun_has_no_cause() -> None:
    assert causes({"TaskGroup": "web", "ClientStatus": "pending", "TaskStates": None}) == []


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"Details": {"exit_code": "2"}}, "it ended with exit code 2"),
        ({"ExitCode": 143, "Signal": 15}, "it ended with exit code 143, signal 15"),
        ({"Details": {"exit_code": "1", "exit_message": "no\n space"}}, "it ended with exit code 1 (no space)"),
        ({"Details": {"exit_code": "1", "exit_message": "container exited with non-zero exit code: 1"}}, "exit code 1"),
    ],
)
def test_exits(event: Json, text: str) -> None:
    state = {"State": "dead", "Failed": True, "Events": [{"Type": "Terminated", **event}]}
    (found,) = causes({"TaskGroup": "web", "ClientStatus": "failed", "TaskStates": {"app": state}})
    assert found.text.endswith(text)


def explained(*failing: tuple[Json, list[str]]) -> list[str]:
    return list(explain(failing))


def another(of: Json, id: str, **changes: Any) -> Json:
    return {**copy.deepcopy(of), "ID": id, **changes}


def test_the_sentence_says_where() -> None:
    assert explained((allocation("exit-1"), [])) == [
        f"group web, task app, allocation {allocation('exit-1')['ID'][:8]} on node node-1: it ended with exit code 1"
    ]


def test_one_sentence_for_a_cause_however_many_allocations_show_it() -> None:
    first = allocation("command-missing")
    # The container's id is another one in each allocation.
    second = json.loads(json.dumps(first).replace("c802b7c0a874061b", "0123456789abcdef"))
    (sentence,) = explained((first, []), (second, []))
    assert f"allocation {first['ID'][:8]} on node node-1 (and 1 more allocation alike): " in sentence


def test_different_causes_are_all_told() -> None:
    assert len(explained((allocation("exit-1"), []), (allocation("oom-kill"), []))) == 2


def test_what_the_check_said_is_told_for_its_allocation() -> None:
    (sentence,) = explained((allocation("check-404"), ["service web at 127.0.0.1:1 is critical in Consul: HTTP 404"]))
    assert sentence.startswith("group web, allocation ")
    assert sentence.endswith(" on node node-1: service web at 127.0.0.1:1 is critical in Consul: HTTP 404")


def test_the_check_of_an_instance_that_has_failed_is_not_told_to_be_silent() -> None:
    """Finding RW-21: a prestart task failed, and the second line said that the check has not answered yet."""
    silent = f"service web at 127.0.0.1:1 is critical in Consul: its check {NO_ANSWER}"
    assert explained((allocation("exit-1"), [silent])) == explained((allocation("exit-1"), []))
    (sentence,) = explained((allocation("check-404"), [silent]))
    assert sentence.endswith(NO_ANSWER)


def test_without_a_cause_nomads_own_judgement_is_told() -> None:
    (sentence,) = explained((allocation("check-404"), []))
    assert sentence.endswith(": Task not running for min_healthy_time of 1s by healthy_deadline of 15s")


def test_an_instance_that_its_node_never_began() -> None:
    lost = another(allocation("check-404"), "a" * 36, TaskStates=None, ClientStatus="pending", NodeName="")
    (sentence,) = explained((lost, []))
    assert f"on node {lost['NodeID'][:8]}: it is pending, and its node has not begun to start it" in sentence


def test_an_instance_that_is_stuck_shows_its_last_event() -> None:
    (sentence,) = explained((allocation("going-on"), []))
    assert sentence.endswith("it is running; last event: Started: Task started by client")


def test_an_instance_whose_node_was_lost() -> None:
    assert causes(allocation("node-lost")) == [
        Cause("web", "", "its node was lost and does not answer Nomad any more", Heals.BY_ITSELF)
    ]


def test_an_instance_without_a_cause_is_passed_over_beside_one_with_a_cause() -> None:
    assert len(explained((allocation("exit-1"), []), (allocation("going-on"), []))) == 1
    assert len(explained((allocation("exit-1"), []), (allocation("check-404"), []))) == 2
