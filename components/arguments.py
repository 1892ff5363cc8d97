"""What is wrong with the arguments of a component, for programs: a sentence instead of a traceback."""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from components.problems import Problem, SettingsError, did_you_mean, shown


class ArgumentsError(SettingsError, pulumi.RunError):
    """Raised for arguments that cannot work, with all their problems. Pulumi shows the sentences alone."""


def require_known_keys(component: str, args: Mapping[str, Any], required: Iterable[str], known: Iterable[str]) -> None:
    """Find what is misspelt, and what is missing.

    Args:
        component: what the sentences begin with, as `Image "web"`.
        args: the arguments as the program gave them.
        required: the keys that must be there.
        known: all keys that may be there.

    Raises:
        ArgumentsError: with every problem.
    """
    if not isinstance(args, Mapping):
        raise ArgumentsError([Problem(f"{component}:", f"the arguments are {shown(args)}, but must be a mapping")])
    keys = sorted(known)
    problems = [
        Problem(f"{component}: {key}", f"is not a known key; {did_you_mean(str(key), keys)}")
        for key in args
        if key not in keys
    ]
    problems += [Problem(f"{component}: {key}", "is missing") for key in required if args.get(key) is None]
    if problems:
        raise ArgumentsError(problems)
