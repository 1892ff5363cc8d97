"""The scheduler's dry run, told for people: what changes, and what the scheduler would do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

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


def describe(plan: Json, *, secret: bool, new: bool = False, scheduler: bool = True) -> list[str]:
    """The block that the user reads under the resource at preview, line by line.

    A new job's fields are not repeated: the program has just been written. What forbids the change is told as an error
    (obstacles.py). `scheduler`: whether what the scheduler would do is going to happen.
    """
    lines = [] if new else [f"  ~ {change.text(secret=secret)}" for change in changes(plan)]
    for group, updates in _group_updates(plan) if scheduler else ():
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


_COUNTED = re.compile(r"(?:^|\s)\d+ (?:errors?|warnings?)(?: occurred)?:\s*$")


def one_line(text: str) -> str:
    """Nomad's multi-line errors ("1 error occurred:\\n\\t* ...", one in another) as one sentence."""
    parts: list[str] = []
    for line in text.strip().splitlines():
        said = _COUNTED.sub("", line.strip("\t *")).strip()
        if said and parts and parts[-1].endswith(":"):
            parts[-1] += f" {said}"
        elif said:
            parts.append(said)
    return "; ".join(parts)


def of_job(job_id: str, sentence: str) -> str:
    """A sentence with the job's name before it, once: some of Nomad's begin with it."""
    return sentence if sentence.startswith(f'job "{job_id}"') else f'job "{job_id}": {sentence}'
