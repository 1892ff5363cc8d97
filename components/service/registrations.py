"""Services that an instance registers besides the service's own, or instead of it."""

from typing import Literal

from pydantic import Field

from components.service.base import AbsolutePath, Model, Name, PortNumber, Text, Value, Values
from components.service.checks import Question


class RegisteredCheck(Question):
    """A question to an instance about one of `services`. Its name is left to Nomad where it has none."""

    name: Text | None = None
    """Its name. Default: one that Nomad makes of the registered service's."""
    path: AbsolutePath | None = None
    """For http, which needs it."""
    task: Text | None = None
    """For script only: the task to run it in. Default: the registered service's."""
    port: Text | None = None
    """Label or number of the port to ask; a script has none. Default: the registered service's."""


class Registration(Model):
    """A service that Nomad registers, exactly as it is written; its key is its name. Source: service."""

    name: Text | None = None
    """Its name, where that is no key: with capitals, dots or what Nomad fills in. Default: the key."""
    provider: Literal["consul", "nomad"] = "consul"
    """Where: in Consul, or in Nomad's own list of services."""
    port: Text | None = None
    """Label or number of its port. Default: it has none."""
    address_mode: Literal["auto", "alloc", "alloc_ipv6", "driver", "host"] = "auto"
    """Which address others find: the node's, or the instance's own."""
    address: Text | None = None
    """An address of its own instead of one that Nomad knows."""
    tags: Values = ()
    """Its tags, and no others."""
    canary_tags: Values = ()
    """Tags of canaries instead. Default: the same."""
    meta: dict[Text, Value] = Field(default_factory=dict)
    """For those who find it."""
    canary_meta: dict[Text, Value] = Field(default_factory=dict)
    """The same of canaries instead. Default: the same."""
    enable_tag_override: bool = False
    """Whether others may change its tags in Consul."""
    on_update: Literal["require_healthy", "ignore_warnings", "ignore"] = "require_healthy"
    """What of its checks counts in a rollout."""
    task: Text | None = None
    """Task that it is about: whose address it has, and in which its scripts run. Default: the group."""
    of_task: bool = False
    """Whether the task registers it, rather than the group. Needs `task`."""
    native: bool = False
    """Whether the process is in Consul's service mesh by itself. Source: connect > native."""
    sidecar: bool = False
    """Whether a proxy of the mesh is beside it. Source: connect > sidecar_service."""
    upstreams: dict[Text, PortNumber] = Field(default_factory=dict)
    """For sidecar: what the process calls by the proxy, by name in Consul, and the port on loopback for it."""
    local_port: PortNumber | None = None
    """For sidecar: the port on which the process listens for the proxy. Default: the service's."""
    checks: dict[Name, RegisteredCheck] = Field(default_factory=dict)
    """Its checks, by name."""
