"""What is wrong with the arguments of a component, for programs: sentences instead of a traceback."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.output_text import output_texts
from components.problems import Problem, SettingsError, did_you_mean, shown

OUTPUT_IN_A_TEXT = (
    "is a text with an Output in it, as by an f-string, which gives no value: "
    'write pulumi.Output.format("...{0}...", output), or output.apply(...)'
)


class ArgumentsError(SettingsError, pulumi.RunError):
    """Raised for arguments that cannot work, with all their problems. Pulumi shows the sentences alone."""


def check_arguments(component: str, args: Mapping[str, Any], keys: Any) -> None:
    """Find what is misspelt, what is missing, and each Output that was put into a text.

    Args:
        component: what the sentences begin with, as `Image "web"`.
        args: the arguments as the program gave them.
        keys: the TypedDict that they should be.

    Raises:
        ArgumentsError: with every problem.
    """
    if not isinstance(args, Mapping):
        raise ArgumentsError([Problem(f"{component}:", f"the arguments are {shown(args)}, but must be a mapping")])
    known = sorted(keys.__annotations__)
    problems = [
        Problem(f"{component}: {key}", f"is not a known key; {did_you_mean(str(key), known)}")
        for key in args
        if key not in known
    ]
    problems += [
        Problem(f"{component}: {key}", "is missing") for key in sorted(keys.__required_keys__) if args.get(key) is None
    ]
    problems += [
        Problem(f"{component}: {'.'.join(map(str, path))}", OUTPUT_IN_A_TEXT) for path in output_texts(dict(args))
    ]
    if problems:
        raise ArgumentsError(problems)
