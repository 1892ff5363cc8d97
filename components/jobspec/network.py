"""The group's network."""

from components.jobspec.nomad import Job, given
from components.service_model import Service


def network(service: Service) -> Job:
    """Its ports; in the mesh a network of the instance's own, too."""
    network: Job = {"Mode": "bridge"} if service.mesh else {}
    for label, port in sorted(service.ports.items()):
        host_network = port.host_network or service.host_network
        entry = {"Label": label, **given(To=port.to, Value=port.static, HostNetwork=host_network)}
        network.setdefault("DynamicPorts" if port.static is None else "ReservedPorts", []).append(entry)
    return network
