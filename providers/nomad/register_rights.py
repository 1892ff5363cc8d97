"""Whether Nomad's token may register jobs, asked at preview: the scheduler's dry run does not need that right."""

import asyncio
import json

from providers.http_api import ApiError
from providers.nomad.client import Json, NomadClient
from providers.plugin import ProviderError


class RegisterRights:
    """Asks once for all jobs that need the same rights: those of their namespace and of the volumes they mount."""

    def __init__(self) -> None:
        self._answers: dict[str, asyncio.Task[str]] = {}

    async def lacking(self, client: NomadClient, job: Json, *, policy_override: bool) -> str:
        """A sentence that names what is missing; "" where the token may, or where Nomad has no ACLs."""
        if not client.api.has_token():
            return ""
        needs = json.dumps([job["Namespace"], policy_override, *map(_volumes, job.get("TaskGroups") or [])])
        if needs not in self._answers:
            self._answers[needs] = asyncio.create_task(_refusal(client, job, policy_override))
        return await self._answers[needs]


def _volumes(group: Json) -> list[Json]:
    volumes = (group.get("Volumes") or {}).values()
    return [{key: volume.get(key) for key in ("Type", "Source", "ReadOnly")} for volume in volumes if volume]


async def _refusal(client: NomadClient, job: Json, policy_override: bool) -> str:
    try:
        await client.try_to_register(job, policy_override=policy_override)
    except ApiError as error:
        return str(error) if error.status == 403 else ""
    except ProviderError:
        # Not reached: the dry run that comes next says so.
        return ""
    raise AssertionError("a registration under an index that no job has took place")
