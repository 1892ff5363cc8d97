"""What the called service itself says of a call, so that the caller need not repeat it."""

from collections.abc import Mapping

from components.service.calls import Call
from components.service_model import Service


def resolved_calls(service: Service, others: Mapping[str, Service]) -> dict[str, Call]:
    """The service's calls with the schemes of the ports that they lead to.

    Args:
        service: the caller.
        others: the services of the same program, by name. Calls of anything else stay as they are.
    """
    return {name: _resolved(call, others[name]) if name in others else call for name, call in service.calls.items()}


def _resolved(call: Call, callee: Service) -> Call:
    # Consul knows the main port by the service's own name, whatever its label.
    port = None if call.port == callee.advertised_port else call.port
    return call.model_copy(update={"port": port, "scheme": call.scheme or callee.protocol(call.port)})
