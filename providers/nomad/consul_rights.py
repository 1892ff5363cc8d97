"""Whether Consul's token may see what a rollout waits for: Consul hides what it may not read, and says nothing."""

from collections.abc import Set

from providers.consul.rights import Right, denied
from providers.http_api import ApiError, HttpApi

NODES = Right("node", "read")


class ConsulRights:
    """Asks what the token may. Not again once Consul has said that it has no ACLs, or has no such question."""

    def __init__(self) -> None:
        self._asked = True

    async def lacking(self, consul: HttpApi, services: Set[str]) -> list[str]:
        """A sentence for each right that is missing to follow these services. Raises Unreachable, ApiError."""
        if not services or not self._asked:
            return []
        try:
            missing = await denied(consul, [*(Right("service", "read", name) for name in sorted(services)), NODES])
        except ApiError as error:
            if error.status == 403:
                return [str(error)]
            self._asked = False
            return []
        rights = [right.rule() for right in missing if right != NODES]
        if NODES in missing and await _sees_no_node(consul):
            rights.append('node_prefix "" { policy = "read" }')
        return [
            f"Consul at {consul.address} will not show whether the new instances pass: its token lacks {right}. "
            "docs/security.md lists what deploying needs."
            for right in rights
        ]


async def _sees_no_node(consul: HttpApi) -> bool:
    """A token that may read only some nodes is believed to be given those that matter."""
    return not (await consul.get("/v1/catalog/nodes")).body
