"""Ports for servers that start a little later, or never."""

import itertools
import random

from toolchain.embedded.ports import is_free

_SERVERS = range(10000, 13000)

SECURED_TASKS = range(13000, 15000)
"""What clusters with ACLs give to tasks, a hundred each."""

SMALL_TASKS = range(32000, 32768)
"""What small clusters give to tasks."""


def free_ports(count: int) -> list[int]:
    """Free on loopback, for TCP and for UDP.

    They are below those that Linux gives to outgoing connections (32768 and up): one of those may be taken again before
    the server starts. Embedded clusters take theirs from 15000 up, and give those from 20000 to 31999 to tasks.
    """
    candidates = random.sample(_SERVERS, k=len(_SERVERS))
    # Consul's DNS is a server that needs both protocols.
    found = list(itertools.islice((port for port in candidates if is_free("consul_dns", port)), count))
    assert len(found) == count, f"hardly a port from {_SERVERS.start} to {_SERVERS.stop - 1} is free"
    return found
