"""A plugin's process: it serves as long as the engine that has started it wants it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import grpc

from providers.engine import MAX_MESSAGE_BYTES, Engine
from providers.plugin import Plugin
from providers.protocol import provider_pb2_grpc

STOP_GRACE_S = 5.0
"""How long calls in flight may go on after the engine is gone or has said stop."""


def run(make: Callable[[Engine], Plugin]) -> None:
    """Serves the plugin until the engine is gone or says stop (SIGINT, SIGTERM).

    The engine's address is the last argument (source: Pulumi `plugin.buildPluginArguments`); prints the port.
    """
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if not addresses:
        sys.exit("This program is a Pulumi resource plugin; the Pulumi engine starts it, with the address of its log.")
    asyncio.run(_serve(make, addresses[-1]))


async def _serve(make: Callable[[Engine], Plugin], engine_address: str) -> None:
    plugin = make(Engine(engine_address, sys.argv[1:]))
    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    # Watched before the port is told: an engine that is gone by then makes the print fail, one that goes later is seen.
    engine_gone = _watch_parent()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, engine_gone.set)
    print(port, flush=True)
    await engine_gone.wait()
    plugin.stop_waiting()
    await server.stop(STOP_GRACE_S)
    await plugin.close()


def _watch_parent() -> asyncio.Event:
    """Is set when the process that started this one has ended, so that a killed engine leaves no orphan."""
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    started_by = os.getppid()
    try:
        loop.add_reader(os.pidfd_open(started_by), gone.set)
    except (AttributeError, OSError):
        # No pidfd (not Linux): an orphan is handed to another parent, which is seen within a second.
        def look() -> None:
            if os.getppid() != started_by:
                gone.set()
            else:
                loop.call_later(1.0, look)

        look()
    return gone
