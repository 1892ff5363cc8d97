"""What a resource type of a plugin is: its calls, their answers, and the failures that a user reads."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from providers.properties import Properties


class ProviderError(Exception):
    """A failure that the user reads as it is: full sentences that say what was found and what to do."""

    ends_command: ClassVar[bool] = False
    """Whether no other resource would fare better, so that a preview need not look at any."""


@dataclass
class InitFailed(Exception):
    """The resource exists but did not come up. The engine keeps it in state and tries again at the next `up`.

    Source: Pulumi `ErrorResourceInitFailed`, as pulumi-kubernetes uses it for objects that do not become ready.
    """

    id: str
    outputs: Properties
    inputs: Properties
    reasons: list[str]


@dataclass
class CheckFailure:
    """One thing wrong with the inputs: the property's name and a sentence."""

    property: str
    reason: str


@dataclass
class Diff:
    """What changed between the recorded inputs and the wanted ones.

    `changed`: property names; `replaces`: which of them need a new resource.
    """

    changed: list[str]
    replaces: list[str]


class ResourceType(Protocol):
    """One resource type of a plugin. `preview` calls must not change anything.

    With a true `reports_progress` its line is the progress of its change while an update runs, nothing before it.
    """

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """What it writes into `new.values` becomes an input."""
        ...

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff: ...

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]: ...

    async def update(
        self,
        urn: str,
        id: str,
        old_inputs: Properties,
        outputs: Properties,
        new: Properties,
        timeout_s: float,
        preview: bool,
    ) -> Properties: ...

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]: ...

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None: ...


Function = Callable[[Properties], Awaitable[Properties]]
"""A look-up (Pulumi `Invoke`): arguments to result."""
