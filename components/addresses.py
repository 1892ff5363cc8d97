"""The addresses at which Consul finds a service healthy."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pulumi
import pulumi_nomad as nomad

from components.service_model import Service

_FUNCTION = "consul:index/getServiceHealth:getServiceHealth"

_ENDED = (
    "connection is closing",
    "monitor has terminated",
    "code = Canceled",
    "code = Unavailable",
    "context canceled",
)
"""What a function's error says where the engine ends the command, and its plugins with it."""


def healthy_urls(service: Service, job: nomad.Job, parent: pulumi.Resource) -> pulumi.Output[list[str]]:
    """The URLs of the instances that pass in Consul, sorted; known after the job's rollout.

    Where Consul cannot be asked there are none, and a warning says so: the job knows whether its rollout has succeeded.
    """
    if service.advertised_port is None:
        return pulumi.Output.from_input([])

    async def ask(_: Any = None) -> list[str]:
        opts = pulumi.InvokeOptions(parent=parent, version=version("pulumi-consul"))
        try:
            found = await pulumi.runtime.invoke_async(_FUNCTION, {"name": service.name, "passing": True}, opts)
        except Exception as error:
            # A command that fails ends while this still waits. That is no failure of its own. A preview shows no
            # addresses, and its jobs say what Consul lacks.
            if not pulumi.runtime.is_dry_run() and not any(words in str(error) for words in _ENDED):
                pulumi.log.warn(f'the addresses of "{service.name}" are not known: {_sentence(error)}', parent)
            return []
        results = (found or {}).get("results") or []
        return sorted(url for result in results for url in _urls(result, service.protocol()))

    if pulumi.runtime.is_dry_run():
        # Asked whatever becomes of the job: a plan (`--save-plan`, `--strict`) has to know each provider that the
        # update uses. What the answer says of a job that changes would be the addresses that the change replaces.
        found: pulumi.Output[list[str]] = pulumi.Output.from_input(None).apply(ask)
        return pulumi.Output.all(job.modify_index, found).apply(lambda known: list(known[1]))
    return job.modify_index.apply(ask)


def _urls(result: Mapping[str, Any], scheme: str) -> list[str]:
    """The addresses of one entry of a health query. Source: Consul, /v1/health/service."""
    node = result["nodes"][0]["address"] if result["nodes"] else ""
    # An instance without an address of its own is at that of its node; one without a port has no address.
    found = ((entry["address"] or node, int(entry["port"])) for entry in result["services"] if entry["port"])
    return [f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}" for host, port in found]


def _sentence(error: Exception) -> str:
    """What the provider says, without the words that Pulumi and gRPC put before it."""
    return str(error).rpartition(" desc = ")[2].removeprefix(f"invoke of {_FUNCTION} failed: ")
