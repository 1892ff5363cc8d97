"""Which files of a build context Docker leaves out.

The rules are those of BuildKit, so that an image holds what `docker build` puts into it: the patterns' own are in
ignore_pattern.py, and how they work together is github.com/moby/patternmatcher's `MatchesUsingParentResults` as
github.com/tonistiigi/fsutil walks a folder with it.
"""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from components.ignore_pattern import IgnorePattern

# What Go's strings.TrimSpace takes off; Python's strip() takes off more.
_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


@dataclass(frozen=True)
class _Line:
    pattern: IgnorePattern
    exception: bool
    """Written with a leading `!`: puts back what an earlier pattern left out."""


@dataclass(frozen=True)
class Match:
    """What the patterns say of one path."""

    ignored: bool
    by: tuple[bool, ...]
    """For each pattern whether it holds for the path, and with that for everything below it."""


class DockerIgnore:
    """The patterns of a `.dockerignore` file.

    Args:
        text: what the file says.
        before: patterns in front of it, which it may make exceptions from.

    Raises:
        ValueError: a pattern is malformed; the message names line and pattern.
    """

    def __init__(self, text: str = "", before: Sequence[str] = ()) -> None:
        lines = [(f"line {number}", line) for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1)]
        written = [("a pattern of its own", pattern) for pattern in before] + lines
        self._lines = [line for place, raw in written if (line := _parse(raw, place)) is not None]
        prefixes = [line.pattern.literal_prefix() for line in self._lines if line.exception]
        self._may_be_anywhere = None in prefixes
        self._exceptions = [f"{prefix}/" for prefix in prefixes if prefix is not None]

    @property
    def root(self) -> Match:
        """The context's own folder, which nothing leaves out."""
        return Match(False, (False,) * len(self._lines))

    def match(self, path: str, parent: Match) -> Match:
        """What holds for the path (relative to the context, `/` between parts), given what holds for its folder.

        An exception counts only where something before it left the path out, and the other way round, and what does not
        count here is not remembered for what is below: `*`, `!**/*.py`, `cache` keeps `cache/a.py`.
        """
        ignored = False
        by = []
        for line, inherited in zip(self._lines, parent.by, strict=True):
            holds = inherited or (line.exception == ignored and line.pattern.matches(path))
            by.append(holds)
            if holds:
                ignored = not line.exception
        return Match(ignored, tuple(by))

    def may_keep_below(self, folder: str) -> bool:
        """Whether something below an ignored folder may be put back."""
        return self._may_be_anywhere or any(prefix.startswith(folder + "/") for prefix in self._exceptions)

    def ignores(self, path: str) -> bool:
        """Whether the path is left out."""
        match, folder = self.root, ""
        for name in path.split("/"):
            if match.ignored and not self.may_keep_below(folder):
                return True
            folder = f"{folder}/{name}" if folder else name
            match = self.match(folder, match)
        return match.ignored


def escaped(path: str) -> str:
    """The pattern that matches exactly this path."""
    return "".join(f"\\{character}" if character in "*?[]\\^!#" else character for character in path)


def _parse(raw: str, place: str) -> _Line | None:
    """One line, or None where it holds no pattern."""
    # Only a "#" in the first column starts a comment.
    if raw.startswith("#") or not (text := raw.strip(_WHITE_SPACE)):
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{place}: the pattern is not UTF-8") from error
    mark = "!" if text.startswith("!") else ""
    text = text.removeprefix("!").strip(_WHITE_SPACE)
    cleaned = _cleaned(text) if text else ""
    if len(cleaned) > 1:
        cleaned = cleaned.removeprefix("/")
    # Cleaned twice and the mark looked for again, as Docker does: "/!a" puts back "a", and "/ a" is "a".
    cleaned = _cleaned((mark + cleaned).strip(_WHITE_SPACE))
    exception = cleaned.startswith("!")
    cleaned = cleaned.removeprefix("!")
    if not cleaned:
        raise ValueError(f'{place}: "!" without a pattern')
    try:
        return _Line(IgnorePattern(cleaned), exception)
    except ValueError as error:
        raise ValueError(f'{place}: the pattern "{text}" is malformed ({error})') from error


def _cleaned(path: str) -> str:
    """As Go's filepath.Clean: normpath keeps two slashes at the beginning."""
    return posixpath.normpath("/" + path.lstrip("/") if path.startswith("/") else path)
