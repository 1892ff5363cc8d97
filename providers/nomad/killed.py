"""Instances that did not end when they were asked to: Nomad killed them after their kill_timeout."""

from collections import Counter
from collections.abc import Iterable

from providers.nomad.client import Json
from providers.words import counted

_SIGKILL = 9
_ADVICE = (
    "A program that is the first process of a container gets no SIGTERM that it does not handle: handle it, or set "
    "init = true in the docker driver's config."
)


def killed_text(allocations: Iterable[Json]) -> list[str]:
    """A sentence for each task whose process was killed; a stop that takes long has no other sign."""
    found: Counter[tuple[str, str, float]] = Counter()
    for allocation in allocations:
        for task, state in (allocation.get("TaskStates") or {}).items():
            if (timeout_s := _killed_after_s(state)) is not None:
                found[str(allocation["TaskGroup"]), str(task), timeout_s] += 1
    return [
        f"group {group}, task {task}: {counted(number, 'instance')} did not end on the stop signal and "
        f"{'was' if number == 1 else 'were'} killed (SIGKILL) after the kill_timeout of {timeout_s:g} s. {_ADVICE}"
        for (group, task, timeout_s), number in sorted(found.items())
    ]


def _killed_after_s(state: Json) -> float | None:
    """The kill_timeout of a task that was stopped and ended by SIGKILL; None for any other end."""
    timeout_s = None
    for event in state.get("Events") or []:
        if event.get("Type") == "Killing":
            timeout_s = int(event.get("KillTimeout") or 0) / 1e9
        elif event.get("Type") == "Terminated" and timeout_s is not None:
            details = event.get("Details") or {}
            of_memory = str(details.get("oom_killed", "false")).lower() == "true"
            by_signal = int(event.get("Signal") or 0) == _SIGKILL or int(event.get("ExitCode") or 0) == 128 + _SIGKILL
            return timeout_s if by_signal and not of_memory else None
    return None
