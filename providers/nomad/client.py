"""Nomad's HTTP API: the calls that the provider makes, by name."""

from typing import Any

import aiohttp

from providers.http_answers import chunks
from providers.http_api import ApiError, HttpApi, Unreachable, join
from providers.nomad.config import NomadConfig
from providers.nomad.rights import Rights

Json = dict[str, Any]

NO_INDEX = 2**63
"""An index that Nomad's log never reaches."""

CHANGE_WAIT_S = 10
"""How long a change that Nomad has told of may take until it can be read: moments, but the machine may be busy."""

HINT = (
    "Start it (`make cluster` for the embedded one), or set the right address in NOMAD_ADDR or with "
    "`pulumi config set nomad:address URL`."
)


class NomadClient:
    """Nomad behind `config`.

    Every call raises Unreachable or ApiError; ids are quoted, never joined into URLs as they are.
    """

    def __init__(self, config: NomadConfig) -> None:
        self._api = HttpApi("Nomad", config.address, config.tls, config.headers, HINT)
        self._api.forbidden = Rights(self._api).forbidden
        self._region = config.region
        self.namespace = config.namespace or "default"
        self._parsed: dict[tuple[str, str, bool], Json] = {}

    @property
    def address(self) -> str:
        return self._api.address

    @property
    def api(self) -> HttpApi:
        return self._api

    def query(self, namespace: str | None = None, **extra: str) -> dict[str, str]:
        """The query of a call: namespace, the configured region, and `extra`."""
        query = dict(extra)
        if namespace:
            query["namespace"] = namespace
        if self._region:
            query["region"] = self._region
        return query

    async def close(self) -> None:
        await self._api.close()

    async def reachable(self) -> None:
        """Raises Unreachable at once where Nomad does not answer."""
        await self._api.reachable("/v1/status/leader")

    async def find(self, path: str, namespace: str | None = None) -> Any:
        """The answer of a GET, or None where there is no such thing. `path` is built by `join`."""
        try:
            return (await self._api.get(path, query=self.query(namespace))).body
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def edition(self) -> str:
        """The server's version ("1.11.3", "1.11.3+ent"); "" where the token may not ask."""
        agent = await self._agent_self()
        return "" if agent is None else str(agent["member"]["Tags"].get("build") or "")

    async def agent(self) -> Json | None:
        """The configuration of the agent that is asked; None where the token may not ask."""
        agent = await self._agent_self()
        return None if agent is None else agent["config"]

    async def _agent_self(self) -> Json | None:
        try:
            found: Json = (await self._api.get("/v1/agent/self", query=self.query())).body
        except ApiError as error:
            if error.status == 403:
                return None
            raise
        return found

    async def peers(self) -> list[str]:
        """The addresses (host:port) that the servers of the region speak to one another at."""
        return (await self._api.get("/v1/status/peers", query=self.query())).body or []

    async def server_ids(self) -> list[str]:
        """The IDs of the region's servers. Needs `node:read` (Nomad `Status.Members`)."""
        found = (await self._api.get("/v1/agent/members", query=self.query())).body
        # Whichever region is asked for, gossip tells of all that are federated.
        region = self._region or found.get("ServerRegion")
        tags = [member["Tags"] for member in found["Members"]]
        return [of["id"] for of in tags if of.get("id") and of.get("region") == region]

    async def key_ids(self) -> list[str]:
        """The IDs of the keys that the region signs workload identities with. Needs no token."""
        return [key["kid"] for key in (await self._api.get("/.well-known/jwks.json", query=self.query())).body["keys"]]

    async def parse_hcl(self, jobspec: str, variables: str, *, canonicalize: bool = False, anew: bool = False) -> Json:
        """The job of an HCL2 jobspec (Nomad `/v1/jobs/parse`). ApiError 400 holds the parser's message.

        `canonicalize` fills in Nomad's defaults. Asked once for each text, unless `anew`: a command is to work with one
        reading of a jobspec. It is shared, so nobody may change it.
        """
        text = (jobspec, variables, canonicalize)
        if anew or text not in self._parsed:
            body = {"JobHCL": jobspec, "Variables": variables, "Canonicalize": canonicalize}
            job: Json = (await self._api.ask("/v1/jobs/parse", body, query=self.query())).body
            # Where two ask at once, the first answer counts.
            return job if anew else self._parsed.setdefault(text, job)
        return self._parsed[text]

    async def validate(self, job: Json) -> Json:
        """Nomad's judgement of a job: `ValidationErrors`, `Error`, `Warnings`."""
        answer: Json = (await self._api.ask("/v1/validate/job", {"Job": job}, query=self.query(job["Namespace"]))).body
        return answer

    async def plan(self, job: Json, *, policy_override: bool = False) -> Json:
        """The scheduler's dry run, with the diff against the registered job."""
        body = {"Job": job, "Diff": True, "PolicyOverride": policy_override}
        path = join("v1", "job", job["ID"], "plan")
        answer: Json = (await self._api.ask(path, body, query=self.query(job["Namespace"]))).body
        return answer

    async def register(
        self, job: Json, index: int, *, submission: Json | None, policy_override: bool, preserve_counts: bool
    ) -> Json:
        """Registers `job` only if its JobModifyIndex is still `index` (0: only if there is none). Sent once.

        `submission` is its source, which Nomad keeps for people.
        """
        body = {
            "Job": job,
            "Submission": submission,
            "EnforceIndex": True,
            "JobModifyIndex": index,
            "PolicyOverride": policy_override,
            "PreserveCounts": preserve_counts,
        }
        answer: Json = (await self._api.change("POST", "/v1/jobs", body, query=self.query(job["Namespace"]))).body
        return answer

    async def try_to_register(self, job: Json, *, policy_override: bool) -> None:
        """Asks for a registration under an index that no job has, so that none takes place. Always raises.

        ApiError 403 where the token may not register this job. Nomad asks that first (source: `Job.Register`), and has
        no question for it.
        """
        await self.register(job, NO_INDEX, submission=None, policy_override=policy_override, preserve_counts=False)

    async def deregister(self, namespace: str, id: str, *, purge: bool) -> Json:
        """Stops a job; with `purge` also forgets it."""
        query = self.query(namespace, purge="true" if purge else "false")
        answer: Json = (await self._api.change("DELETE", join("v1", "job", id), query=query)).body
        return answer

    async def job(self, namespace: str, id: str) -> Json | None:
        """The registered job, or None."""
        job: Json | None = await self.find(join("v1", "job", id), namespace)
        return job

    async def submission(self, namespace: str, id: str, version: int) -> Json | None:
        """A version's source with its variables, or None where it was registered without (Nomad `JobSubmission`)."""
        path = join("v1", "job", id, "submission")
        try:
            found: Json = (await self._api.get(path, query=self.query(namespace, version=str(version)))).body
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return found

    async def versions(self, namespace: str, id: str) -> list[Json]:
        """The job's recorded versions, newest first; none where the job is gone."""
        answer = await self.find(join("v1", "job", id, "versions"), namespace)
        return list((answer or {}).get("Versions") or [])

    async def deployments(self, namespace: str, id: str) -> list[Json]:
        """All deployments of a job, newest first."""
        path = join("v1", "job", id, "deployments")
        found = (await self._api.get(path, query=self.query(namespace, all="true"))).body or []
        return sorted(found, key=lambda deployment: -int(deployment["CreateIndex"]))

    async def allocations(self, namespace: str, id: str, at_least: int = 0) -> list[Json]:
        """All allocations of a job that Nomad still knows, those of purged namesakes too.

        `at_least`: the index of a change of one that they have to show, waited for where it cannot be read yet.
        """
        query = self.query(namespace, all="true")
        if at_least:
            query |= {"index": str(at_least - 1), "wait": f"{CHANGE_WAIT_S}s"}
        return (await self._api.get(join("v1", "job", id, "allocations"), query=query)).body or []

    async def evaluations(self, namespace: str, id: str) -> list[Json]:
        """All evaluations of a job that Nomad still knows."""
        path = join("v1", "job", id, "evaluations")
        return (await self._api.get(path, query=self.query(namespace))).body or []

    async def traces(self, namespace: str, id: str) -> tuple[list[Json], int]:
        """The evaluations that Nomad still knows of a job, also of one that is gone, and the index of the newest."""
        path = join("v1", "job", id, "evaluations")
        answer = await self._api.get(path, query=self.query(namespace))
        return answer.body or [], int(answer.headers.get("X-Nomad-Index") or 0)

    async def children(self, namespace: str, id: str) -> list[Json]:
        """The jobs that a periodic or parameterized job has started, and theirs: their IDs begin with its own."""
        query = self.query(namespace, prefix=f"{id}/", meta="true")
        found = (await self._api.get("/v1/jobs", query=query)).body or []
        parents, children = {id}, []
        for job in sorted(found, key=lambda job: len(job["ID"])):
            if job.get("ParentID") in parents:
                parents.add(job["ID"])
                children.append(job)
        return children

    async def allocation(self, namespace: str, id: str) -> Json | None:
        """An allocation whole, with the scheduler's metrics, or None where Nomad has forgotten it."""
        allocation: Json | None = await self.find(join("v1", "allocation", id), namespace)
        return allocation

    async def checks(self, namespace: str, allocation: str) -> list[Json]:
        """What the checks of an allocation's services of provider "nomad" say; none where its node cannot be asked."""
        try:
            found = await self.find(join("v1", "client", "allocation", allocation, "checks"), namespace)
        except ApiError as error:
            if error.status == 403:
                raise
            return []
        return list((found or {}).values())

    async def capacity(self) -> tuple[list[Json], list[Json]]:
        """All nodes and all allocations with their resources, for explaining why something does not fit."""
        nodes = await self._api.get("/v1/nodes", query=self.query(resources="true"))
        allocations = await self._api.get("/v1/allocations", query=self.query("*", resources="true"))
        return nodes.body or [], allocations.body or []

    async def node(self, id: str) -> Json | None:
        """A node whole, with its attributes, meta and volumes, or None where it is gone."""
        node: Json | None = await self.find(join("v1", "node", id))
        return node

    async def nodes(self) -> list[Json]:
        """All nodes, without their resources."""
        return (await self._api.get("/v1/nodes", query=self.query())).body or []

    async def regions(self) -> list[str]:
        """The names of the regions that the server knows."""
        return (await self._api.get("/v1/regions")).body or []

    async def fail_deployment(self, namespace: str, id: str) -> None:
        """Marks a running deployment as failed; Nomad then reverts where the job asks for it."""
        await self._api.change("POST", join("v1", "deployment", "fail", id), query=self.query(namespace))

    async def promote_deployment(self, namespace: str, id: str) -> None:
        """Promotes all canaries of a running deployment. ApiError where one of them is not healthy."""
        body = {"DeploymentID": id, "All": True}
        await self._api.change("POST", join("v1", "deployment", "promote", id), body, query=self.query(namespace))

    async def log_tail(self, namespace: str, allocation: str, task: str, stream: str, bytes_: int) -> str:
        """The last `bytes_` of a task's "stdout" or "stderr"; "" where there is no log to be had.

        Raises ApiError 403 where the token may not read it.
        """
        query = self.query(namespace, task=task, type=stream, origin="end", offset=str(bytes_), plain="true")
        path = join("v1", "client", "fs", "logs", allocation)
        try:
            async with (
                self._api.in_time(),
                self._api.stream("GET", path, query=query, read_timeout_s=10.0) as response,
            ):
                tail = b""
                async for chunk in chunks(response.content):
                    tail = (tail + chunk)[-bytes_:]
                return tail.decode("utf-8", "replace")
        except ApiError as error:
            if error.status == 403:
                raise
            return ""
        except (Unreachable, aiohttp.ClientError, TimeoutError, OSError):
            return ""
