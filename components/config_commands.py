"""What `pulumi config set` makes of what people type, in the words of that command."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from components.problems import Problem
from components.stack_file import PROJECT, StackFile
from components.stack_model import KEYS

_FIRST = re.compile(r"[^.\[]+")
_QUOTES = "write it in quotes"


def set_without_path(stack: StackFile) -> Iterator[str]:
    """The keys that have dots where a path was meant: `services.web.count`."""
    yield from (key for key in stack.values if is_dotted(key))


def is_dotted(key: str) -> bool:
    """Whether a key without its `caravan:` is meant as the path of a known one."""
    first = _FIRST.match(key)
    return key not in KEYS and first is not None and first[0] in KEYS


def set_again(written: str, key: str, *, secret: bool) -> str:
    """The commands that take a key away as it was written, and set it as it was meant."""
    option, value = ("--secret ", "") if secret else ("", " VALUE")
    return f"run pulumi config rm '{written}' and pulumi config set {option}--path '{PROJECT}:{key}'{value}"


def without_them(stack: StackFile, problems: list[Problem]) -> StackFile:
    """The stack without keys that were set without --path. Adds the commands that put each right to `problems`."""
    typed = frozenset(set_without_path(stack))
    for key in sorted(typed):
        value = stack.values[key]
        hidden = key in stack.secret_keys or (isinstance(value, Mapping) and "secure" in value)
        what = (
            "is one key with dots in its name, since it was set without --path: "
            f"{set_again(f'{PROJECT}:{key}', key, secret=hidden)}"
        )
        problems.append(Problem(stack.where((key,)), what))
    kept = {key: value for key, value in stack.values.items() if key not in typed}
    return replace(stack, values=kept, secret_keys=stack.secret_keys - typed)


def with_the_option(problem: Problem) -> Problem:
    """What is wrong with a value of the stack, with the option of the command that does what quotes do in the file."""
    if f": {PROJECT}:" not in problem.where or _QUOTES not in problem.what:
        return problem
    return replace(problem, what=f"{problem.what} (on the command line: pulumi config set --path --type string)")
