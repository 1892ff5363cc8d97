"""Ports for servers that start a little later, or never."""

import itertools
import random

from toolchain.embedded.ports import is_free


def free_ports(count: int) -> list[int]:
    """Free on loopback, for TCP and for UDP.

    They are below those that Linux gives to outgoing connections (32768 and up): one of those may be taken again before
    the server starts. Embedded clusters take theirs from 15000 up.
    """
    candidates = random.sample(range(10000, 15000), k=5000)
    # Consul's DNS is a server that needs both protocols.
    found = list(itertools.islice((port for port in candidates if is_free("consul_dns", port)), count))
    assert len(found) == count, "hardly a port from 10000 to 14999 is free"
    return found
