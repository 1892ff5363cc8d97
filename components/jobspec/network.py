"""The group's network."""

from components.jobspec.nomad import Job, given
from components.service.network import Network
from components.service_model import Service


def has_network(service: Service) -> bool:
    """Whether anything is to be said of the network."""
    return bool(service.ports) or service.mesh or service.network != Network()


def network(service: Service) -> Job:
    """Its ports; in the mesh a network of the instance's own, too."""
    wanted = service.network
    network: Job = given(
        Mode=wanted.mode or ("bridge" if service.mesh else None),
        Hostname=wanted.hostname,
        DNS=_dns(wanted),
        CNI={"Args": dict(wanted.cni_args)} if wanted.cni_args else None,
    )
    for label, port in sorted(service.ports.items()):
        host_network = port.host_network or service.host_network
        more = given(
            To=port.to, Value=port.static, HostNetwork=host_network, IgnoreCollision=port.ignore_collision or None
        )
        network.setdefault("DynamicPorts" if port.static is None else "ReservedPorts", []).append(
            {"Label": label, **more}
        )
    return network


def _dns(network: Network) -> Job | None:
    if network.dns is None:
        return None
    dns = network.dns
    return given(
        Servers=list(dns.servers) or None, Searches=list(dns.searches) or None, Options=list(dns.options) or None
    )
