"""What every step of a job's life works with: the engine's log, Nomad, Consul, and what the update is going to make."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from providers.http_api import HttpApi
from providers.nomad import outputs as job_outputs
from providers.nomad import volatile
from providers.nomad.client import Json, NomadClient
from providers.nomad.consul_rights import ConsulRights
from providers.nomad.demand import Demand
from providers.nomad.ended import RUN, ends, has_ended, run_of
from providers.nomad.events import EventHub
from providers.nomad.expected import Expected
from providers.nomad.holders import Holder
from providers.nomad.masking import VariableValues
from providers.nomad.outputs import setting
from providers.nomad.own_promotion import can_be_judged
from providers.nomad.places import Places
from providers.nomad.register_rights import RegisterRights
from providers.nomad.registry import Registries
from providers.nomad.shared_names import SharedNames
from providers.nomad.spec import Spec, is_known, parse, parse_anew
from providers.nomad.standing import Assessment, Standing, assess
from providers.nomad.which_cluster import WhichCluster
from providers.plugin import Engine
from providers.previewed import Previewed
from providers.properties import Properties
from providers.written import Written


@dataclass(frozen=True)
class JobContext:
    """The servers and the engine, and the two questions that several steps ask them."""

    engine: Engine
    client: NomadClient
    hub: EventHub
    consul: HttpApi | None
    """None where its address is not known: Nomad's word is then the last one."""
    cancelled: asyncio.Event
    expected: Expected = field(default_factory=Expected)
    demand: Demand = field(default_factory=Demand)
    consul_rights: ConsulRights = field(default_factory=ConsulRights)
    register_rights: RegisterRights = field(default_factory=RegisterRights)
    shared_names: SharedNames = field(default_factory=SharedNames)
    registries: Registries = field(default_factory=Registries)
    variables: VariableValues = field(default_factory=VariableValues)
    written: Written = field(default_factory=lambda: Written("nomad", None))
    previewed: Previewed = field(default_factory=lambda: Previewed(None, Path()))
    may_wait: Callable[[str], bool] = lambda _: False
    """Whether the job of an ID is registered although the scheduler has no place for it now."""
    replaced: dict[str, Holder] = field(default_factory=dict)
    """By resource, the job that it was and that its new one replaces."""
    refuses_downtime: Callable[[str], bool] = lambda _: False
    """Whether a change that takes the service of the job of an ID down is refused."""
    places: Places = field(init=False)
    cluster: WhichCluster = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", Places(self.client))
        object.__setattr__(self, "cluster", WhichCluster(self.client))

    async def assess(self, urn: str, id: str, inputs: Properties, outputs: Properties) -> Assessment:
        """How the job that Nomad runs now stands to the recorded one."""
        current = await self.client.job(outputs.get("namespace", self.client.namespace), id)
        return await self.standing(urn, id, current, inputs, outputs)

    async def standing(
        self, urn: str, id: str, current: Json | None, inputs: Properties, outputs: Properties
    ) -> Assessment:
        """How `current` stands to the recorded job."""

        async def recorded() -> Json:
            spec = await parse(self.client, inputs)
            if current is not None and not inputs.get("json") and volatile.functions(inputs.get("jobspec", "")):
                other = await parse_anew(self.client, inputs)
                spec = replace(spec, job=volatile.steadied(spec.job, other.job, current))
            return (spec if setting(inputs, "detach") else spec.held_as(current)).marked(urn)

        standing = await assess(self.client, current, recorded, outputs.get("modifyIndex"))
        if standing.standing is Standing.GONE:
            namespace = outputs.get("namespace", self.client.namespace)
            if await has_ended(self.client, self.cluster, namespace, id, outputs, recorded):
                return replace(standing, standing=Standing.ENDED)
        moved = standing.standing in (Standing.FOREIGN, Standing.SCALED)
        if moved and self.written.is_own(urn, job_version(current)):
            return replace(standing, standing=Standing.UNRECORDED)
        return standing

    def promotes(self, spec: Spec, inputs: Properties) -> bool:
        """Whether `up` promotes the job's canaries in Nomad's place: somebody has to be there who can judge."""
        judged = can_be_judged(spec.job, consul=self.consul is not None)
        return bool(spec.by_up) and judged and not setting(inputs, "detach")

    async def as_registered(self, spec: Spec, new: Properties, old: Properties, current: Json | None) -> Spec:
        """The wanted job as it stands in Nomad, where the recorded one was registered without its auto_promote."""
        if not spec.by_up or setting(new, "detach") or setting(old, "detach") or not is_known(old):
            return spec
        recorded = await parse(self.client, old)
        return spec.held_as(current) if recorded.by_up else spec

    async def running(self, job: Json | None) -> int:
        """How many instances of a registered job run or are about to."""
        if job is None:
            return 0
        found = await self.client.allocations(job["Namespace"], job["ID"])
        return sum(a["DesiredStatus"] == "run" and a["ClientStatus"] in ("running", "pending") for a in found)

    async def outputs(self, inputs: Properties, job: Json, recorded: Properties | None = None) -> Properties:
        """All outputs of a registered job, with its deployment and, where they are asked for, its allocations.

        A detached job's deployment is not waited for, so there is none to tell of. `recorded`: for a refresh, the
        outputs in the state.
        """
        deployment = None
        if not setting(inputs, "detach"):
            deployments = await self.client.deployments(job["Namespace"], job["ID"])
            deployment = next((d for d in deployments if d["JobVersion"] == job["Version"]), None)
        ids: list[str] = []
        allocations: list[Json] = []
        if setting(inputs, "readAllocationIds") or (ends(job) and job.get("Status") == "dead"):
            allocations = await self.client.allocations(job["Namespace"], job["ID"])
        if setting(inputs, "readAllocationIds"):
            ids = [a["ID"] for a in allocations]
        made = job_outputs.of_job(inputs, job, deployment, ids)
        if not ends(job):
            return made
        run = {RUN: run_of(job, allocations).value, **await self.cluster.output(recorded)}
        return Properties({**made.values, **run}, made.secrets)


def job_version(job: Json | None) -> str | None:
    """What only this registration of the job has, also where the cluster was made anew and counts from the start."""
    return None if job is None else f"{job['JobModifyIndex']}/{job.get('SubmitTime')}"
