"""One pattern of a `.dockerignore`, read as BuildKit reads it (github.com/moby/patternmatcher).

BuildKit makes a regular expression of a pattern, and leaves in it what is not special to BuildKit itself. What then has
another meaning than anybody who writes a `.dockerignore` gives it, such as `\\d` or `[*]`, is refused here.
"""

import re

_SPECIAL = set("*?[]\\")
_SPECIAL_IN_BRACKETS = set("*?[\\")


class IgnorePattern:
    """What a cleaned pattern, without its `!`, matches.

    Raises:
        ValueError: it is malformed, or means something else to Docker; the message says why.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._expression = re.compile(_translate(text))

    def matches(self, path: str) -> bool:
        """Whether it matches the path itself (relative to the context); not what is below it."""
        return self._expression.fullmatch(path) is not None

    def literal_prefix(self) -> str | None:
        """The only path that it matches, or below which it matches; None where it is not as simple as that."""
        prefix = self.text.removesuffix("/**").removesuffix("/*")
        return None if set(prefix) & {*_SPECIAL, "^"} else prefix


def _translate(pattern: str) -> str:
    rest = pattern[2:]
    if pattern.startswith("**") and not set(rest) & _SPECIAL:
        # BuildKit's short cut, which makes "**.log" match "a.log", unlike the general rule below.
        anything = f"(?s:.*){re.escape(rest)}"
        return f"(?:{anything}|{re.escape(rest.removeprefix('/'))})" if rest.startswith("/") else anything
    if not set(pattern) & _SPECIAL:
        return re.escape(pattern)
    if pattern.endswith("**") and not set(pattern[:-2]) & _SPECIAL:
        return f"{re.escape(pattern[:-2])}(?s:.*)"
    return "".join(_general(pattern.removeprefix("\ufeff")))


def _general(pattern: str) -> list[str]:
    """Parts of a regular expression. As in Go, a dot in it is anything but the end of a line."""
    out = []
    position = 0
    while position < len(pattern):
        rest = pattern[position:]
        taken = 1
        if rest.startswith("**"):
            taken = 3 if rest.startswith("**/") else 2
            out.append(".*" if taken >= len(rest) else "(?:.*/)?")
        elif rest[0] == "*":
            out.append("[^/]*")
        elif rest[0] == "?":
            out.append("[^/]")
        elif rest[0] == "[":
            part, taken = _brackets(rest)
            out.append(part)
        elif rest[0] == "\\":
            out.append(_escaped(rest))
            taken = 2
        else:
            # BuildKit leaves a ^ as it is, so it means the beginning of the path.
            out.append("^" if rest[0] == "^" else re.escape(rest[0]))
        position += taken
    return out


def _escaped(rest: str) -> str:
    if len(rest) == 1:
        raise ValueError("a \\ with nothing behind it")
    if rest[1].isalnum() or not rest[1].isascii():
        raise ValueError(f"Docker does not take {rest[:2]} for {rest[1]}; between folders is a /")
    return re.escape(rest[1])


def _brackets(rest: str) -> tuple[str, int]:
    """The brackets at the beginning as a regular expression, and their length. Source: Go, path/filepath.Match."""
    closing = rest.find("]", 1)
    if closing < 0:
        raise ValueError("a [ without its ]")
    inside = rest[1:closing]
    if strange := sorted(set(inside) & _SPECIAL_IN_BRACKETS):
        raise ValueError(f"Docker does not take {strange[0]} inside of brackets for itself")
    negated = inside.startswith("^")
    ranges = inside.removeprefix("^")
    out = []
    while ranges:
        low, high = ranges[0], ranges[0]
        ranges = ranges[1:]
        if ranges.startswith("-"):
            high, ranges = ranges[1:2], ranges[2:]
        if low == "-" or high in ("", "-") or low > high:
            raise ValueError(f"[{inside}] is no range of characters")
        out.append(re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}")
    if not out:
        raise ValueError("brackets with nothing inside")
    return f"[{'^' if negated else ''}{''.join(out)}]", closing + 1
