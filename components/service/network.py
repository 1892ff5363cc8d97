"""The network of an instance."""

from typing import Annotated

from pydantic import Field

from components.service.base import Model, Text, Texts, Value, matching

Mode = Annotated[
    str,
    matching(r"none|bridge|host|cni/[A-Za-z0-9_.-]+", 'must be "bridge", "host", "none" or as "cni/<network>"'),
]


class Dns(Model):
    """Where the instance's processes look up names. Source: network > dns."""

    servers: Texts = ()
    """Addresses of name servers."""
    searches: Texts = ()
    """Domains that are tried behind a short name."""
    options: Texts = ()
    """As in resolv.conf: `ndots:2`."""


class Network(Model):
    """The network that the tasks of an instance share. Source: network."""

    mode: Mode | None = None
    """bridge: a network of the instance's own; host: the node's; none; cni/<network>: that of a CNI plugin. Default:
    Nomad's host, with which the driver decides; bridge in the mesh."""
    hostname: Text | None = None
    """Name of the instance in its own network."""
    dns: Dns | None = None
    """Default: the node's."""
    cni_args: dict[Text, Value] = Field(default_factory=dict)
    """Arguments for the CNI plugin."""

    @property
    def is_own(self) -> bool:
        """Whether it is the instance's own, so that ports inside and outside differ."""
        return self.mode == "bridge" or (self.mode or "").startswith("cni/")
