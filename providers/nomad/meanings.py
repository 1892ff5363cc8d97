"""What drivers, registries and Consul's checks say, and what it means. The patterns are their own words."""

import re
from enum import Enum, auto


class Heals(Enum):
    """Whether what went wrong may come right."""

    BY_ITSELF = auto()
    """Another try on the same node may succeed."""
    ELSEWHERE = auto()
    """Only another node may do better."""
    NEVER = auto()
    """It is the job's own fault, or its image's."""


_DRIVER_FAULTS = tuple(
    (re.compile(pattern, re.I), meaning, heals)
    for pattern, meaning, heals in (
        (
            r"manifest unknown|manifest for .* not found|not found: manifest",
            "the registry has no such image or tag",
            Heals.NEVER,
        ),
        (
            r"no matching manifest|does not match the specified platform",
            "the image is not made for this node's platform",
            Heals.ELSEWHERE,
        ),
        (
            r"pull access denied|repository .* not found|name unknown|repository name not known",
            "the registry has no such repository, or asks for a login",
            Heals.NEVER,
        ),
        (
            r"unauthorized|authentication required|no basic auth credentials|(?<!permission )denied:",
            "the registry refuses the credentials",
            Heals.NEVER,
        ),
        (r"invalid reference format", "this is not a valid image reference", Heals.NEVER),
        (
            (
                r"Failed to pull .*(connection refused|no such host|i/o timeout|server misbehaving|request canceled"
                r"|no route to host|network is unreachable|TLS handshake)"
            ),
            "the node cannot reach the registry",
            Heals.BY_ITSELF,
        ),
        (
            r"executable file not found|no such file or directory: unknown|exec: .* not found",
            "the command does not exist in the image",
            Heals.NEVER,
        ),
        (r"permission denied: unknown", "the command in the image may not be executed", Heals.NEVER),
        (
            r"exec format error",
            "the command is no program, or not one for this node's platform",
            Heals.ELSEWHERE,
        ),
        (r"binary .* could not be found", "the node does not have this command", Heals.ELSEWHERE),
        (
            r"failed to parse config|Failed validation|invalid config",
            "the driver refuses the task's config",
            Heals.NEVER,
        ),
        (
            r"plugin \"?\w+\"? .*not found|missing driver|driver .* not found",
            "the node does not have this driver",
            Heals.ELSEWHERE,
        ),
        (
            r"volumes are not enabled|bind source path does not exist|error while mounting",
            "the node does not give this volume",
            Heals.ELSEWHERE,
        ),
    )
)

_CHECK_FAULTS = tuple(
    (re.compile(pattern, re.I), meaning)
    for pattern, meaning in (
        (r"connection refused", "nothing listens on the port"),
        (
            r"connection reset by peer|server closed idle connection|: EOF",
            "the port is open, but the program does not listen behind it: does the job map it to the right port?",
        ),
        (r"context deadline exceeded|Client\.Timeout|i/o timeout", "no answer within the check's timeout"),
    )
)


def of_driver(text: str) -> tuple[str, Heals]:
    """What a driver's failure means: the meaning with the driver's words, or these alone where they are not known."""
    for pattern, meaning, heals in _DRIVER_FAULTS:
        if pattern.search(text):
            return f"{meaning}: {one_line(text)}", heals
    return one_line(text), Heals.BY_ITSELF


def of_check(output: str) -> str:
    """What a failing check's output means, with the output; it alone where it says enough, such as an HTTP status."""
    meaning = next((meaning for pattern, meaning in _CHECK_FAULTS if pattern.search(output)), "")
    return f"{meaning} ({one_line(output)})" if meaning else one_line(output)


_ANSWER = re.compile(r"HTTP [A-Z]+ \w+://[^/\s]+(/[^\s?]*)?\S*: (\d{3})")
_PATH = re.compile(r'"\w+://[^/\s"]+(/[^\s"?]*)')
_FEW = (
    (re.compile(r"connection refused", re.I), "nothing listens yet"),
    (_CHECK_FAULTS[1][0], "no program answers"),
    (_CHECK_FAULTS[2][0], "no answer in time"),
)
_FEW_CHARS = 32


def in_few_words(output: str) -> str:
    """What a failing check says, for the end of a line that is cut: `/health answers 404`."""
    if answer := _ANSWER.search(output):
        return f"{answer[1] or '/'} answers {answer[2]}"
    for pattern, words in _FEW:
        if pattern.search(output):
            path = _PATH.search(output)
            return f"{path[1]}: {words}" if path and words.startswith("no answer") else words
    # A script's: the check's name comes first.
    text = one_line(output.partition(": ")[2] or output)
    return text if len(text) <= _FEW_CHARS else f"{text[: _FEW_CHARS - 3]}..."


def one_line(text: str) -> str:
    """The text with every run of white space as one blank."""
    return re.sub(r"\s+", " ", text).strip()
