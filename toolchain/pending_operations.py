"""Forgets the creations that a killed `pulumi` command had begun, where doing them again finds what they made.

Pulumi keeps such a creation in the state for good and warns of it at each command, because it cannot know whether the
object exists. For these types nobody needs to look: a job is recognised by its mark, an image by the hash in its tag,
the others by a mark or by being exactly what is wanted (providers/record.py). Creations of other types stay for Pulumi
to tell about: that of an ACL token, for one, whose secret is lost with the answer.
"""

import json
from pathlib import Path
from typing import Any

FOUND_AGAIN = frozenset(
    {
        "consul:index/configEntry:ConfigEntry",
        "consul:index/keyPrefix:KeyPrefix",
        "consul:index/keys:Keys",
        "consul:index/node:Node",
        "consul:index/service:Service",
        "docker:index/registryImage:RegistryImage",
        "docker:index/remoteImage:RemoteImage",
        "nomad:index/aclPolicy:AclPolicy",
        "nomad:index/aclRole:AclRole",
        "nomad:index/job:Job",
        "nomad:index/namespace:Namespace",
        "nomad:index/nodePool:NodePool",
        "nomad:index/variable:Variable",
    }
)


def settle(state: Path) -> list[str]:
    """Removes them from a stack's file in a file backend, which is replaced as a whole; their resources' names.

    Nobody else may be writing the file. One that is missing or unreadable is left for Pulumi to tell about.
    """
    try:
        content = json.loads(state.read_text())
        latest = content["checkpoint"]["latest"]
        pending = latest.get("pending_operations") or []
        settled = [operation for operation in pending if _is_found_again(operation)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    if not settled:
        return []
    latest["pending_operations"] = [operation for operation in pending if operation not in settled]
    replacement = state.with_suffix(".json.new")
    replacement.write_text(json.dumps(content, indent=4))
    replacement.replace(state)
    return [operation["resource"]["urn"].rsplit("::", 1)[-1] for operation in settled]


def _is_found_again(operation: Any) -> bool:
    return operation["type"] == "creating" and operation["resource"]["type"] in FOUND_AGAIN
