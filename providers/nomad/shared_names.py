"""Who else registers a job's service names in Consul: it knows services by name alone, whatever job they are of.

Two environments in namespaces of one cluster, or two clusters with one Consul, get one another's instances so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from providers.http_api import ApiError, HttpApi, join
from providers.nomad.client import Json, NomadClient
from providers.nomad.service_names import consul_services
from providers.nomad.spec import OWNER_KEY, Spec
from providers.words import counted

MAX_LOOKED_UP = 5
"""How many instances of a name that are not the job's are looked up in Nomad."""

_OF_NOMAD = re.compile(r"_nomad-task-([0-9a-f-]{36})-")
"""A service's ID in Consul, with the allocation's (Nomad `MakeAllocServiceID`)."""


class SharedNames:
    """The service names of the jobs of one preview."""

    def __init__(self) -> None:
        self._jobs: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)

    async def told(self, client: NomadClient, consul: HttpApi | None, urn: str, spec: Spec) -> list[str]:
        """A sentence for each name under which instances of others are, or are going to be. Raises Unreachable."""
        sentences = []
        for name in sorted(consul_services(spec.job)):
            others = set() if consul is None else await _others(client, consul, urn, spec, name)
            others |= {
                f'job "{job_id}" in namespace "{namespace}" of this same program'
                for namespace, job_id in self._jobs[name]
                if namespace != spec.namespace
            }
            self._jobs[name][spec.namespace, spec.id] = urn
            if others:
                sentences.append(_text(name, sorted(others)))
        return sentences


def _text(name: str, others: Iterable[str]) -> str:
    return (
        f'the Consul service "{name}" is also that of {" and of ".join(others)}. Consul tells them apart by the name '
        "alone: whoever asks for it gets instances of both. Give the service a name of its own here, or tags, and let "
        "those who call it ask for these."
    )


async def _others(client: NomadClient, consul: HttpApi, urn: str, spec: Spec, name: str) -> set[str]:
    """Who else has registered instances of a service, outside this stack."""
    try:
        entries: list[Json] = (await consul.get(join("v1", "catalog", "service", name))).body or []
    except ApiError:
        # What the token may not see is told where it matters.
        return set()
    if not entries:
        return set()
    own = {allocation["ID"] for allocation in await client.allocations(spec.namespace, spec.id)}
    found = set()
    foreign = []
    for entry in entries:
        of_nomad = _OF_NOMAD.match(str(entry["ServiceID"]))
        if of_nomad is None:
            owner = (entry.get("ServiceMeta") or {}).get(OWNER_KEY, "")
            if not _same_stack(owner, urn):
                found.add(f'node "{entry["Node"]}", registered outside Nomad{_stack(owner)}')
        elif of_nomad[1] not in own:
            foreign.append(of_nomad[1])
    for allocation_id in foreign[:MAX_LOOKED_UP]:
        try:
            allocation = await client.allocation("*", allocation_id)
        except ApiError:
            allocation = None
        if allocation is None:
            found.add(f"a job that this Nomad does not show ({counted(len(foreign), 'instance')})")
            continue
        job_id, namespace = allocation["JobID"], allocation["Namespace"]
        owner = ((allocation.get("Job") or {}).get("Meta") or {}).get(OWNER_KEY, "")
        is_run = namespace == spec.namespace and job_id.startswith(f"{spec.id}/")
        if not is_run and not _same_stack(owner, urn):
            found.add(f'job "{job_id}" in namespace "{namespace}"{_stack(owner)}')
    return found


def _same_stack(owner: str, urn: str) -> bool:
    return owner.split("::")[:2] == urn.split("::")[:2]


def _stack(owner: str) -> str:
    """` (stack dev of project shop)`; "" where no stack owns it."""
    parts = owner.split("::")
    return f" (stack {parts[0].rsplit(':', 1)[-1]} of project {parts[1]})" if len(parts) > 2 else ""
