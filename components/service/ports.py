"""The ports of a service."""

from typing import Literal

from components.service.base import Model, PortNumber, Text

Protocol = Literal["http", "https", "grpc", "tcp", "udp"]


class Port(Model):
    """A port of the service; its key is its label."""

    to: PortNumber | None = None
    """Port that the process listens on, inside its container. Without a container (raw_exec, exec, java, ...) there is
    none: the process listens on the node's port, which it finds in NOMAD_PORT_<label>, and in PORT for http."""
    static: PortNumber | None = None
    """Port on the node. Default: one that Nomad chooses, which lets instances share a node."""
    protocol: Protocol | None = None
    """What is spoken there, the scheme of addresses. Default: http on the port labelled http, tcp on any other."""
    registered: bool = False
    """Whether a port besides the main one is a service of its own in Consul, <name>-<label>, which others can call."""
    host_network: Text | None = None
    """Network of the node that it is published on, for nodes with several. Default: the service's."""
    mapped: bool = True
    """Whether it leads to `to`, by a container or a network of the instance's own. false: the process listens on the
    node's port, and `to` is only what the job says."""
    ignore_collision: bool = False
    """For static: whether several instances of a node may have it, as by SO_REUSEPORT."""
