"""The scheduler's dry run, told for people: what changes, what the scheduler would do, what does not fit and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from providers.nomad.client import Json
from providers.nomad.spec import BUILT_KEY, OWNER_KEY, SECRETS_KEY, SERVICES_KEY
from providers.words import MASK

SECRET_NAME = re.compile(r"(?i)(pass(word|wd|phrase)?|secret|token|credential|private|api_?key|auth)")
PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)([^/\s:@]*:)([^/\s@]+)(?=@)")
"""The password in `postgres://user:password@host`, the second group."""
MAX_VALUE_CHARS = 120
CONTEXT_CHARS = 30
"""How much of a long line is shown before the place where it differs."""

# The scheduler's counts in the order in which people ask for them (Nomad `DesiredUpdates`).
_UPDATE_WORDS = {
    "create": "create",
    "canary": "canary",
    "create/destroy update": "create/destroy",
    "in-place update": "in-place update",
    "destroy": "stop",
    "migrate": "migrate",
    "reschedule-now": "reschedule",
    "reschedule-later": "reschedule later",
    "disconnect": "disconnect",
    "reconnect": "reconnect",
    "preemptions": "preempted",
    "ignore": "ignore",
}

# Meta keys of our own: what they stand for is told in words, or changes together with what the user reads.
_MARKS = frozenset(f"Meta[{key}]" for key in (OWNER_KEY, SERVICES_KEY, BUILT_KEY))


@dataclass(frozen=True)
class Change:
    """One field that differs. `path` names group and task and the field as Nomad names it.

    `duration`: its values are nanoseconds, whatever its name.
    """

    path: tuple[str, ...]
    field: str
    old: str
    new: str
    kind: str
    duration: bool = False

    @property
    def is_count(self) -> bool:
        return self.field == "Count" and len(self.path) == 1

    @property
    def is_mark(self) -> bool:
        return self.field in _MARKS

    def reversed(self) -> "Change":
        """The same difference seen from the other side."""
        kind = {"Added": "Deleted", "Deleted": "Added"}.get(self.kind, self.kind)
        return replace(self, old=self.new, new=self.old, kind=kind)

    def text(self, *, secret: bool = False) -> str:
        """`group web, task app: Config.image "a" → "b"`, masked where the name or `secret` says so.

        Passwords in addresses are masked in any case.
        """
        where = ", ".join(self.path)
        if self.field == f"Meta[{SECRETS_KEY}]":
            return f"{where}: the values of its secrets"
        shown = [PASSWORD_IN_ADDRESS.sub(rf"\1{MASK}", value) for value in (self.old, self.new)]
        if self.kind == "Edited" and not self._hidden(secret) and any(map(_is_long, shown)):
            values = _first_difference(*shown) if shown[0] != shown[1] else f"{MASK} → {MASK}"
            return f"{where}: {self.field} {values}" if where else f"{self.field} {values}"
        old, new = (self._value(value, secret) for value in shown)
        values = {"Added": f"+ {new}", "Deleted": f"- {old}"}.get(self.kind, f"{old} → {new}")
        return f"{where}: {self.field} {values}" if where else f"{self.field} {values}"

    def _hidden(self, secret: bool) -> bool:
        return secret or SECRET_NAME.search(_users_part(self.field)) is not None

    def _value(self, value: str, secret: bool) -> str:
        if self._hidden(secret):
            return MASK
        if value == "":
            return '""'
        duration = _length(int(value)) if self.duration and value.isdigit() else _duration(self.field, value)
        if duration:
            return duration
        if _is_long(value):
            return f'"{value.splitlines()[0][:MAX_VALUE_CHARS]}…" ({len(value)} characters)'
        return f'"{value}"'


_LABEL = re.compile(r"\([^()]*\)")
_USERS = re.compile(r"\[|\b(Config|Header|Policy)\.")


def _users_part(field: str) -> str:
    """The part of a field's name that the user has given: `Env[PASSWORD]` is a secret, `SuccessBeforePassing` none."""
    own = _LABEL.sub("", field)
    found = _USERS.search(own)
    return own[found.start() :] if found else ""


def _is_long(value: str) -> bool:
    return len(value) > MAX_VALUE_CHARS or "\n" in value


def _first_difference(old: str, new: str) -> str:
    """The first line that differs, from shortly before the difference on, and how many more do."""
    pairs = list(zip_longest(old.splitlines(), new.splitlines(), fillvalue=""))
    differing = [number for number, (one, other) in enumerate(pairs) if one != other]
    if not differing:
        return "line ends differ"
    one, other = pairs[differing[0]]
    same = next((n for n, (a, b) in enumerate(zip_longest(one, other)) if a != b), 0)
    start = max(0, same - CONTEXT_CHARS)
    shown = " → ".join(_excerpt(line, start) for line in (one, other))
    more = f" (and {len(differing) - 1} more lines)" if len(differing) > 1 else ""
    return f"line {differing[0] + 1}: {shown}{more}"


def _excerpt(line: str, start: int) -> str:
    part = line[start : start + MAX_VALUE_CHARS]
    return f'"{"…" if start else ""}{part}{"…" if start + MAX_VALUE_CHARS < len(line) else ""}"'


_DURATIONS = re.compile(
    r"(Time|Deadline|Delay|Timeout|Interval|Grace|KillTimeout|Splay|StaggeredInterval|Stagger|Wait|Min|Max)$"
)


def _duration(field: str, value: str) -> str | None:
    """Nomad's diff gives durations in nanoseconds: "5000000000" reads "5s". A driver's config is left as it is."""
    name = field.rsplit(".", 1)[-1]
    if field.startswith("Config.") or not _DURATIONS.search(name) or not value.isdigit() or int(value) < 1_000_000:
        return None
    return _length(int(value))


def _length(nanoseconds: int) -> str:
    """A duration with its unit."""
    if nanoseconds == 0:
        return "0s"
    for unit, size in (("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6)):
        if nanoseconds % size == 0:
            return f"{nanoseconds // size}{unit}"
    return f"{nanoseconds / 10**9:g}s"


def changes(plan: Json) -> list[Change]:
    """Every field that differs, outermost first; not our own mark.

    They are those of the comparison (see `comparison.compared`), or what Nomad's own diff names.
    """
    if (found := plan.get("Changes")) is not None:
        return [change for change in found if not change.is_mark]
    diff = plan.get("Diff") or {}
    if diff.get("Type") == "None":
        return []
    return [change for change in _job_changes(diff) if not change.is_mark]


def _job_changes(diff: Json) -> Iterator[Change]:
    yield from _fields((), "", diff)
    for group in diff.get("TaskGroups") or []:
        path = (f"group {group['Name']}",)
        if group["Type"] in ("Added", "Deleted"):
            yield Change(path, "the whole group", group["Name"], group["Name"], group["Type"])
            continue
        yield from _fields(path, "", group)
        for task in group.get("Tasks") or []:
            inner = (*path, f"task {task['Name']}")
            if task["Type"] in ("Added", "Deleted"):
                yield Change(inner, "the whole task", task["Name"], task["Name"], task["Type"])
                continue
            yield from _fields(inner, "", task)


def _fields(path: tuple[str, ...], prefix: str, diff: Json) -> Iterator[Change]:
    for field in diff.get("Fields") or []:
        if field["Type"] != "None":
            yield Change(path, prefix + field["Name"], field.get("Old") or "", field.get("New") or "", field["Type"])
    for inner in diff.get("Objects") or []:
        if inner["Type"] != "None":
            label = f"({inner['Label']})" if inner.get("Label") else ""
            yield from _fields(path, f"{prefix}{inner['Name']}{label}.", inner)


def describe(plan: Json, *, secret: bool, new: bool = False) -> list[str]:
    """The block that the user reads under the resource at preview, line by line.

    A new job's fields are not repeated: the program has just been written. What forbids the change is told as an error
    (see failed_placements).
    """
    lines = [] if new else [f"  ~ {change.text(secret=secret)}" for change in changes(plan)]
    for group, updates in _group_updates(plan):
        lines.append(f"  scheduler: group {group}: {updates}")
    preempted = (plan.get("Annotations") or {}).get("PreemptedAllocs") or []
    lines.extend(f"  preempts allocation {a['ID'][:8]} of job {a['JobID']}" for a in preempted)
    if plan.get("Warnings"):
        lines.append(f"  warning: {one_line(plan['Warnings'])}")
    return lines


def _group_updates(plan: Json) -> Iterator[tuple[str, str]]:
    for group in (plan.get("Diff") or {}).get("TaskGroups") or []:
        counts = group.get("Updates") or {}
        words = [f"{counts[key]} {word}" for key, word in _UPDATE_WORDS.items() if counts.get(key)]
        if words:
            yield group["Name"], ", ".join(words)


def failed_placements(plan: Json) -> list[str]:
    """One line for each reason why the scheduler could not place a group; none where everything fits."""
    lines = []
    for group, metrics in sorted((plan.get("FailedTGAllocs") or {}).items()):
        missing = int(metrics.get("CoalescedFailures") or 0) + 1
        reasons = placement_reasons(metrics)
        noun = "instance" if missing == 1 else "instances"
        lines.append(f"group {group}: {missing} {noun} cannot be placed: {'; '.join(reasons)}")
    return lines


# The scheduler's names for filters that are not in the job's own words (Nomad `scheduler/feasible.go`).
_FILTERS = {
    "missing drivers": "the task's driver is missing on",
    "missing compatible host volumes": "the group's host volume is missing on",
    "computed class ineligible": "the job's constraints, drivers or volumes (Nomad does not say which) rule out",
}
_PORT_TAKEN = re.compile(r"reserved port collision (?P<label>\S+)=(?P<number>\d+)")


def placement_reasons(metrics: Json) -> list[str]:
    """Nomad's AllocationMetric in words."""
    reasons = []
    if not metrics.get("NodesEvaluated"):
        available = metrics.get("NodesAvailable") or {}
        pool = metrics.get("NodePool") or "default"
        asked = ", ".join(f"{dc} ({n})" for dc, n in sorted(available.items())) or "none"
        reasons.append(f"no node was eligible in node pool {pool}; ready nodes by the job's datacenters: {asked}")
    for constraint, nodes in sorted((metrics.get("ConstraintFiltered") or {}).items()):
        known = _FILTERS.get(constraint)
        reasons.append(f"{known} {_nodes(nodes)}" if known else f'constraint "{constraint}" filtered {_nodes(nodes)}')
    for node_class, nodes in sorted((metrics.get("ClassFiltered") or {}).items()):
        reasons.append(f'node class "{node_class}" filtered {_nodes(nodes)}')
    for dimension, nodes in sorted((metrics.get("DimensionExhausted") or {}).items()):
        port = _PORT_TAKEN.search(dimension)
        what = f'static port {port["number"]} ("{port["label"]}") is taken' if port else f"{dimension} is exhausted"
        reasons.append(f"{what} on {_nodes(nodes)}")
    reasons.extend(f'quota limit hit "{quota}"' for quota in metrics.get("QuotaExhausted") or [])
    return reasons or ["Nomad gives no reason"]


def _nodes(count: Any) -> str:
    return f"{count} node" if count == 1 else f"{count} nodes"


def one_line(text: str) -> str:
    """Nomad's multi-line errors ("1 error occurred:\\n\\t* ...") as one sentence."""
    lines = [line.strip("\t *") for line in text.strip().splitlines()]
    return "; ".join(line for line in lines if line and not re.match(r"^\d+ (errors?|warnings?)( occurred)?:$", line))
