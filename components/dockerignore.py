"""Which files of a build context Docker leaves out.

The rules are those of BuildKit (github.com/moby/patternmatcher, `MatchesOrParentMatches`), so that the content hash
covers exactly the files that can reach the image: with fewer, a change would deploy nothing; with more, a change of an
ignored file would deploy again.
"""

import posixpath
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class _Pattern:
    regex: re.Pattern[str]
    exception: bool
    """Written with a leading `!`: puts back what an earlier pattern left out."""


class DockerIgnore:
    """The patterns of a `.dockerignore` file.

    Raises:
        ValueError: a pattern is malformed; the message names line and pattern.
    """

    def __init__(self, text: str = "") -> None:
        lines = enumerate(text.removeprefix("\ufeff").split("\n"), 1)
        self._patterns = [pattern for number, line in lines if (pattern := _parse(line, number)) is not None]

    @property
    def has_exceptions(self) -> bool:
        """Whether a file below an ignored folder may be put back."""
        return any(pattern.exception for pattern in self._patterns)

    def ignores(self, path: str) -> bool:
        """Whether the path (relative to the context, `/` between parts) is left out. The last match wins."""
        if not self._patterns:
            return False
        parts = path.split("/")
        # A pattern that matches a folder also matches what is below it.
        prefixes = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
        ignored = False
        for pattern in self._patterns:
            if pattern.exception == ignored and any(pattern.regex.fullmatch(prefix) for prefix in prefixes):
                ignored = not pattern.exception
        return ignored


def _parse(line: str, number: int) -> _Pattern | None:
    """One line, or None where it holds no pattern."""
    # Only a "#" in the first column starts a comment.
    if line.startswith("#") or not (text := line.strip()):
        return None
    mark = "!" if text.startswith("!") else ""
    text = text.removeprefix("!").strip()
    if not text:
        raise ValueError(f'line {number}: "!" without a pattern')
    cleaned = posixpath.normpath(text)
    if len(cleaned) > 1:
        cleaned = cleaned.lstrip("/")
    # Cleaned twice and the mark looked for again, as Docker does: "/!a" puts back "a".
    cleaned = posixpath.normpath(mark + cleaned)
    exception = cleaned.startswith("!")
    cleaned = cleaned.removeprefix("!")
    if cleaned == ".":
        return None
    try:
        return _Pattern(re.compile(_translate(cleaned), re.DOTALL), exception)
    except re.error as error:
        raise ValueError(f'line {number}: the pattern "{text}" is malformed ({error})') from error


def _translate(pattern: str) -> str:
    """The pattern as a regular expression: as Go's filepath.Match, and with `**` for any number of folders."""
    if pattern.startswith("**") and not set(pattern[2:]) & set("*?[]\\"):
        # BuildKit's short cut, which makes "**.log" match "a.log", unlike the general rule below.
        ending = pattern[2:]
        return f"(?:.*{re.escape(ending)}|{re.escape(ending.removeprefix('/'))})"
    out = []
    position = 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**"):
            position += 3 if rest.startswith("**/") else 2
            out.append(".*" if position >= len(pattern) else "(?:.*/)?")
        elif rest[0] == "[":
            closing = rest.find("]", 2)
            if closing < 0:
                raise re.error("a [ without its ]")
            out.append("[" + rest[1:closing].replace("[", "\\[") + "]")
            position += closing + 1
        elif rest[0] == "\\":
            if len(rest) == 1:
                raise re.error("a \\ with nothing behind it")
            out.append(re.escape(rest[1]))
            position += 2
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0])))
            position += 1
    return "".join(out)
