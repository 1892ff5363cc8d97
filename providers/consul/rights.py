"""What Consul's token may do, asked before it is needed, as Consul's own web interface asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.http_api import HttpApi

MAX_QUESTIONS = 64
"""Consul's limit for one question about rights (`ACLAuthorize`)."""


@dataclass(frozen=True)
class Right:
    """Access ("read" or "write") to a resource of Consul's rules ("service", "key", ...) by its name."""

    resource: str
    access: str
    name: str = ""

    def rule(self) -> str:
        """The rule that gives it, as a policy says it."""
        if self.resource == "intention":
            return f'service "{self.name}" {{ intentions = "{self.access}" }}'
        if not self.name:
            return f'{self.resource} = "{self.access}"'
        return f'{self.resource} "{self.name}" {{ policy = "{self.access}" }}'


async def denied(api: HttpApi, rights: Sequence[Right]) -> list[Right]:
    """Those of `rights` that the token lacks.

    Raises Unreachable; ApiError 403 for a token that does not count, and another one where Consul has no such
    question or no ACLs.
    """
    found: list[Right] = []
    for first in range(0, len(rights), MAX_QUESTIONS):
        asked = rights[first : first + MAX_QUESTIONS]
        questions = [{"Resource": it.resource, "Access": it.access, "Segment": it.name} for it in asked]
        answers = (await api.ask("/v1/internal/acl/authorize", questions)).body or []
        found += [right for right, answer in zip(asked, answers, strict=True) if not answer["Allow"]]
    return found
