"""The end of a preview: it fails where the nomad plugin refuses jobs, after all of them have been looked at.

Pulumi ends a preview at the first refused job, and what depends on that one is not looked at. So the program promises
the plugin to ask at its end; until then the plugin reports what it refuses and goes on.
"""

import contextlib
from collections.abc import Awaitable, Iterable
from typing import Any

import pulumi
import pulumi_nomad as nomad

from components.microservice import Microservice

_FUNCTION = "nomad:index/refusals:refusals"


def promise_to_ask() -> None:
    """Called before the first service is declared."""
    if pulumi.runtime.is_dry_run():
        _in_program(_promise())


def fail_where_refused(services: Iterable[Microservice]) -> None:
    """Called after the last service is declared. The program then fails where one of their jobs is refused."""
    if pulumi.runtime.is_dry_run():
        _in_program(_fail_where_refused(list(services)))


def _in_program(work: Awaitable[Any]) -> None:
    """Lets the program end only after `work`, and fail where it fails."""
    pulumi.Output.from_input(work)


async def _promise() -> list[str]:
    # Where the plugin cannot answer, the jobs fail for the same reason, and say it.
    with contextlib.suppress(Exception):
        return await _ask(at_end=False)
    return []


async def _fail_where_refused(services: list[Microservice]) -> list[str]:
    for service in services:
        # Known when the job's preview is through; the value itself only the update knows.
        await service.version.future(with_unknowns=True)
    refused = await _ask(at_end=True)
    if refused:
        names = ", ".join(sorted(f'"{urn.rsplit("::", 1)[-1]}"' for urn in refused))
        raise pulumi.RunError(f"refused, with the reasons above: {names}. Nothing was changed.")
    return refused


async def _ask(*, at_end: bool) -> list[str]:
    # The options of pulumi_nomad's own functions: the same plugin answers that is asked about the jobs.
    options = nomad._utilities.get_invoke_opts_defaults()
    answer: Any = await pulumi.runtime.invoke_async(_FUNCTION, {"atEnd": at_end}, options)
    refused: list[str] = answer["refused"]
    return refused
