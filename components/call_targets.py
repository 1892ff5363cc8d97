"""What the called service itself says of a call, so that the caller need not repeat it."""

from collections.abc import Collection, Mapping

from components.service.calls import Call
from components.service_model import Service


def resolved_calls(
    service: Service, others: Mapping[str, Service], external_schemes: Mapping[str, str | None]
) -> dict[str, Call]:
    """The service's calls with the schemes of the ports that they lead to.

    Args:
        service: the caller.
        others: the services of the same program, by name.
        external_schemes: those of services outside of it, by name. Calls of anything else stay as they are.
    """

    def resolved(name: str, call: Call) -> Call:
        if name in others:
            return _resolved(call, others[name])
        return call.model_copy(update={"scheme": call.scheme or external_schemes.get(name)})

    return {name: resolved(name, call) for name, call in service.calls.items()}


def callers(name: str, service: Service, calls: Mapping[str, Collection[str]]) -> list[str] | None:
    """The services that may call this one in the mesh; None where nothing is to be said of it.

    Args:
        name: the service's, in Consul.
        service: the callee.
        calls: by service of the same program, those that it calls.
    """
    found = {caller for caller, called in calls.items() if name in called}
    # An intention is of effect in the mesh only; and who calls a service that nobody calls here is not known here.
    if service.callers is None and not (service.mesh and found):
        return None
    return sorted(found.union(service.callers or ()))


def _resolved(call: Call, callee: Service) -> Call:
    # Consul knows the main port by the service's own name, whatever its label.
    port = None if call.port == callee.advertised_port else call.port
    return call.model_copy(update={"port": port, "scheme": call.scheme or callee.protocol(call.port)})
