"""The look-ups: getJob, getNamespaces, getDatacenters, getVariable."""

from collections.abc import Awaitable, Callable, Mapping

from providers.fields import Field, Flag, Text, faults
from providers.http_api import join
from providers.nomad import outputs as job_outputs
from providers.nomad.client import NomadClient
from providers.plugin import Function, ProviderError
from providers.properties import Properties

Answer = Callable[[NomadClient, Properties], Awaitable[Properties]]


async def get_job(client: NomadClient, arguments: Properties) -> Properties:
    """A registered job, stopped ones too."""
    job_id, namespace = arguments.values["jobId"], arguments.get("namespace") or "default"
    job = await client.job(namespace, job_id)
    if job is None:
        raise ProviderError(f'getJob: there is no job "{job_id}" in namespace {namespace}.')
    deployments = await client.deployments(namespace, job_id)
    values = job_outputs.of_job(Properties(), job, deployments[0] if deployments else None, []).values
    shown = {name: value for name, value in values.items() if name in _JOB_RESULTS}
    others = {
        "id": job_id,
        "jobId": job_id,
        "modifyIndex": job["ModifyIndex"],
        "jobModifyIndex": job["JobModifyIndex"],
    }
    return Properties({**shown, **others})


_JOB_RESULTS = frozenset(
    {
        "allAtOnce",
        "constraints",
        "createIndex",
        "datacenters",
        "name",
        "namespace",
        "parentId",
        "periodicConfigs",
        "priority",
        "region",
        "stable",
        "status",
        "statusDescription",
        "stop",
        "submitTime",
        "taskGroups",
        "type",
        "updateStrategies",
        "version",
    }
)


async def get_namespaces(client: NomadClient, arguments: Properties) -> Properties:
    """The names of the namespaces that the token may see, in order."""
    found = (await client.api.get("/v1/namespaces", query=client.query())).body or []
    return Properties({"id": "namespaces", "namespaces": sorted(namespace["Name"] for namespace in found)})


async def get_datacenters(client: NomadClient, arguments: Properties) -> Properties:
    """The datacenters of the nodes, in order."""
    prefix, ignore_down = arguments.get("prefix", ""), arguments.get("ignoreDownNodes", False)
    nodes = (await client.api.get("/v1/nodes", query=client.query())).body or []
    found = {
        node["Datacenter"]
        for node in nodes
        if node["Datacenter"].startswith(prefix) and not (ignore_down and node["Status"] == "down")
    }
    return Properties(
        {"id": "datacenters", "datacenters": sorted(found), "prefix": prefix, "ignoreDownNodes": ignore_down}
    )


async def get_variable(client: NomadClient, arguments: Properties) -> Properties:
    """A variable; its items are a secret."""
    path, namespace = arguments.values["path"], arguments.get("namespace") or "default"
    found = await client.find(join("v1", "var", path), namespace)
    if found is None:
        raise ProviderError(f'getVariable: there is no variable "{path}" in namespace {namespace}.')
    values = {"id": f"{path}@{namespace}", "path": path, "namespace": namespace, "items": found.get("Items") or {}}
    return Properties(values, frozenset({"items"}))


LOOKUPS: Mapping[str, tuple[Answer, Mapping[str, Field]]] = {
    "getJob": (get_job, {"jobId": Text(required=True), "namespace": Text()}),
    "getNamespaces": (get_namespaces, {}),
    "getDatacenters": (get_datacenters, {"prefix": Text(), "ignoreDownNodes": Flag()}),
    "getVariable": (get_variable, {"path": Text(required=True), "namespace": Text()}),
}


TOKENS: Mapping[str, str] = {f"nomad:index/{name}:{name}": name for name in LOOKUPS}


def functions(client: NomadClient) -> dict[str, Function]:
    """The look-ups by token. Each raises ProviderError for wrong arguments, all at once, and for what is not there."""
    return {token: _checked(client, name, *LOOKUPS[name]) for token, name in TOKENS.items()}


def _checked(client: NomadClient, name: str, answer: Answer, fields: Mapping[str, Field]) -> Function:
    async def function(arguments: Properties) -> Properties:
        wrong = [sentence for _, sentence in faults(fields, arguments.values, secret=arguments.secrets)]
        if wrong:
            raise ProviderError(f"{name}: " + " ".join(wrong))
        result = await answer(client, arguments)
        return Properties(result.values, result.secrets | (arguments.secrets & result.values.keys()))

    return function
