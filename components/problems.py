"""What is wrong with the user's input, in sentences, all of it at once."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to put right."""

    where: str
    """The file, and the key inside it if there is one: `services/web/service.yaml: check.path`."""
    what: str
    """The rest of the sentence: `is "health", but must start with "/"`."""

    def __str__(self) -> str:
        end = "" if self.what.endswith("?") else "."
        return f"{self.where} {self.what}{end}"


class SettingsError(Exception):
    """Raised for bad input, with all its problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_by_place))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def _by_place(problem: Problem) -> list[tuple[int, str]]:
    """Line 9 before line 10."""
    parts = re.split(r"([0-9]+)", str(problem))
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """`; did you mean "count"?` where a known name is near, otherwise the list of what is known."""
    names = sorted(known)
    near = [name for name in names if found.lower() in name.split("_")]
    if len(near) != 1:
        near = difflib.get_close_matches(found.lower(), names, n=1, cutoff=0.6)
    if not near:
        # "interval" for interval_s, "memory" for memory_mb: too far apart for difflib, and the commonest slip.
        near = [name for name in names if len(found) > 2 and name.startswith(found.lower())]
    if near:
        return f'did you mean "{near[0]}"?'
    if not names:
        return "there is none"
    return "known are " + ", ".join(names)


_ACCOUNT_IN_URL = re.compile(r"(?<=://)[^/\s@]*(?=@)")


def shown(value: object) -> str:
    """A found value as the user wrote it, short, on one line, without control characters and the account in a URL."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            open_value = _ACCOUNT_IN_URL.sub("***", value)
            escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in open_value)
            return f'"{escaped}"' if len(escaped) <= 60 else f'"{escaped[:57]}..." ({len(value)} characters)'
        case int() | float():
            # As the file has it: 1.10 and not 1.1.
            return getattr(value, "text", "") or str(value)
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
    return f"a {type(value).__name__}"
