"""Why a rollout failed: allocations, task events, checks and logs, turned into causes in plain words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from providers.nomad.client import Json
from providers.nomad.meanings import Heals, of_driver, one_line
from providers.words import counted

_BUDGET_SPENT = re.compile(r"Exceeded allowed attempts|Policy allows no restarts|will not be restarted", re.I)

# Ids of allocations and of containers.
_IDS = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{64}\b")

# Event types that tell a story, in contrast to bookkeeping ("Received", "Task Setup").
_TELLING = frozenset(
    {
        "Driver Failure",
        "Driver",
        "Started",
        "Terminated",
        "Not Restarting",
        "Setup Failure",
        "Failed Validation",
        "Failed Artifact Download",
        "Template",
        "Task hook failed",
        "Killing",
        "Leader Task Dead",
        "Sibling Task Failed",
        "Alloc Unhealthy",
        "Disk Resources Exceeded",
        "Restart Signaled",
    }
)


NO_ANSWER = "has not answered yet"
"""How the sentence on a service ends whose check has said nothing."""

MAX_EVENTS = 10
"""How many events Nomad keeps of a task (`structs.TaskState`)."""


@dataclass(frozen=True)
class Cause:
    """What went wrong in one task (`task` is "" where it is about the whole allocation)."""

    group: str
    task: str
    text: str
    heals: Heals


def causes(allocation: Json) -> list[Cause]:
    """The causes that an allocation's state and task events tell, the decisive one of each task."""
    group = str(allocation["TaskGroup"])
    if allocation["ClientStatus"] in ("lost", "unknown"):
        status = "was lost" if allocation["ClientStatus"] == "lost" else "is disconnected"
        return [Cause(group, "", f"its node {status} and does not answer Nomad any more", Heals.BY_ITSELF)]
    states = sorted((allocation.get("TaskStates") or {}).items())
    found = (_task_cause(group, task, state) for task, state in states)
    return [cause for cause in found if cause]


def _task_cause(group: str, task: str, state: Json) -> Cause | None:
    events = [event for event in state.get("Events") or [] if event.get("Type") in _TELLING]
    for event in reversed(_since_start(events)):
        said = event.get("DisplayMessage") or event.get("DriverError") or event["Type"]
        if event["Type"] == "Failed Validation":
            return Cause(group, task, of_driver(said)[0], Heals.NEVER)
        if event["Type"] in ("Driver Failure", "Setup Failure"):
            return Cause(group, task, *of_driver(said))
        if event["Type"] == "Failed Artifact Download":
            return Cause(group, task, f"artifact: {one_line(said)}", Heals.BY_ITSELF)
    exits = [event for event in events if event["Type"] == "Terminated"]
    if exits and (state.get("Failed") or (state.get("Restarts") and state.get("State") != "dead")):
        restarts = int(state.get("Restarts") or 0)
        spent = bool(state.get("Failed")) and any(
            _BUDGET_SPENT.search(event.get("DisplayMessage") or "")
            for event in events
            if event["Type"] == "Not Restarting"
        )
        # The events tell it, as long as all are kept; Nomad's count also holds restarts after a start that failed.
        all_kept = len(state["Events"]) < MAX_EVENTS
        runs = len(exits) if all_kept else restarts + (1 if state.get("State") == "dead" else 0)
        times = f", {runs} times" if runs > 1 else ""
        return Cause(group, task, _exit_text(exits[-1]) + times, Heals.ELSEWHERE if spent else Heals.BY_ITSELF)
    waiting = [event for event in _since_start(events) if event["Type"] == "Template"]
    if state.get("State") == "pending" and waiting:
        said = waiting[-1].get("DisplayMessage") or ""
        return Cause(group, task, f"the task waits for its template: {one_line(said)}", Heals.BY_ITSELF)
    return None


def _since_start(events: list[Json]) -> list[Json]:
    """The events after the task's last start: what failed before it has healed."""
    starts = [at for at, event in enumerate(events) if event["Type"] == "Started"]
    return events[starts[-1] + 1 :] if starts else events


def _exit_text(event: Json) -> str:
    details = event.get("Details") or {}
    code = details.get("exit_code", event.get("ExitCode", 0))
    if str(details.get("oom_killed", "false")).lower() == "true":
        return f"it was killed for using more memory than resources.memory allows (OOM, exit code {code})"
    signal = int(details.get("signal") or event.get("Signal") or 0)
    message = details.get("exit_message") or event.get("Message") or ""
    text = f"it ended with exit code {code}" + (f", signal {signal}" if signal else "")
    if str(code) == "0" and not signal:
        text += ", though a service is to keep running"
    if str(code) == "137":
        # 128 and SIGKILL. Docker does not always tell that it was the kernel.
        text += ": it was killed, most often for using more memory than resources.memory allows"
    # Docker repeats the code in its message; only what it adds is worth a line.
    return text if not message or "non-zero exit code" in message else f"{text} ({one_line(message)})"


def explain(failing: Iterable[tuple[Json, list[str]]]) -> Iterator[str]:
    """One sentence for each distinct cause, with the first allocation that shows it and how many others do.

    `failing`: allocations with what Consul said of them last. Causes that differ in the ids of containers and
    allocations only are the same. Where some show a cause, those that Nomad has not called unhealthy need none.
    """
    seen: dict[tuple[str, str, str], tuple[str, list[Json]]] = {}
    silent = []
    for allocation, check_outputs in failing:
        found = [(cause.group, cause.task, cause.text) for cause in causes(allocation)]
        # Of an instance that has failed by itself no check could answer.
        outputs = [output for output in check_outputs if not (found and output.endswith(NO_ANSWER))]
        found += [(str(allocation["TaskGroup"]), "", output) for output in outputs]
        if not found:
            silent.append(allocation)
        for group, task, text in found:
            seen.setdefault((group, task, _IDS.sub("", text)), (text, []))[1].append(allocation)
    for allocation in silent:
        if not seen or (allocation.get("DeploymentStatus") or {}).get("Healthy") is False:
            key = (str(allocation["TaskGroup"]), "", _standing_text(allocation))
            seen.setdefault(key, (key[2], []))[1].append(allocation)
    for (group, task, _), (text, allocations) in seen.items():
        first = allocations[0]
        node = first.get("NodeName") or first["NodeID"][:8]
        where = f"group {group}" + (f", task {task}" if task else "")
        others = f" (and {counted(len(allocations) - 1, 'more allocation')} alike)" if len(allocations) > 1 else ""
        yield f"{where}, allocation {first['ID'][:8]} on node {node}{others}: {text}"


def _standing_text(allocation: Json) -> str:
    """Where an allocation got stuck that shows no fault: its last event, or that its node has not even begun."""
    events = [event for state in (allocation.get("TaskStates") or {}).values() for event in state.get("Events") or []]
    unhealthy = [event for event in events if event.get("Type") == "Alloc Unhealthy"]
    if unhealthy:
        return one_line(unhealthy[-1].get("DisplayMessage") or "it did not become healthy in time")
    if not events:
        return f"it is {allocation['ClientStatus']}, and its node has not begun to start it. Is the node up?"
    last = max(events, key=lambda event: int(event.get("Time") or 0))
    said = one_line(last.get("DisplayMessage") or "")
    return f"it is {allocation['ClientStatus']}; last event: {last.get('Type')}: {said}"
