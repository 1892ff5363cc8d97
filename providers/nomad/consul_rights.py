"""Whether Consul's token may see what a rollout waits for: Consul hides what it may not read, and says nothing."""

from collections.abc import Set

from providers.http_api import ApiError, HttpApi
from providers.nomad.client import Json

MAX_QUESTIONS = 64
"""Consul's limit for one question about rights (`ACLAuthorize`)."""


class ConsulRights:
    """Asks what the token may, as Consul's own web interface does (`/v1/internal/acl/authorize`).

    Not asked again once Consul has said that it has no ACLs, or has no such question.
    """

    def __init__(self) -> None:
        self._asked = True

    async def lacking(self, consul: HttpApi, services: Set[str]) -> list[str]:
        """A sentence for each right that is missing to follow these services. Raises Unreachable, ApiError."""
        if not services or not self._asked:
            return []
        wanted = [{"Resource": "service", "Access": "read", "Segment": name} for name in sorted(services)]
        wanted.append({"Resource": "node", "Access": "read", "Segment": ""})
        found: list[Json] = []
        try:
            for first in range(0, len(wanted), MAX_QUESTIONS):
                questions = wanted[first : first + MAX_QUESTIONS]
                found += (await consul.ask("/v1/internal/acl/authorize", questions)).body or []
        except ApiError as error:
            if error.status == 403:
                return [str(error)]
            self._asked = False
            return []
        denied = [answer for answer in found if not answer["Allow"]]
        hidden = [answer["Segment"] for answer in denied if answer["Resource"] == "service"]
        rights = [f'service "{name}" {{ policy = "read" }}' for name in hidden]
        if any(answer["Resource"] == "node" for answer in denied) and await _sees_no_node(consul):
            rights.append('node_prefix "" { policy = "read" }')
        return [
            f"Consul at {consul.address} will not show whether the new instances pass: its token lacks {right}. "
            "docs/security.md lists what deploying needs."
            for right in rights
        ]


async def _sees_no_node(consul: HttpApi) -> bool:
    """A token that may read only some nodes is believed to be given those that matter."""
    return not (await consul.get("/v1/catalog/nodes")).body
