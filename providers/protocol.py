"""The engine's protocol: the generated gRPC modules of the Pulumi SDK, without the SDK around them.

Importing `pulumi` itself runs all of it (automation, tracing, the program's runtime): a third of a plugin's start, and
every command starts plugins.
"""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc"]

_AROUND = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")
"""The packages around the generated modules, which do not need them."""


def _generated(name: str) -> ModuleType:
    """A module of `pulumi.runtime.proto`: the very one that a program gets that imports `pulumi` before or after."""
    stand_ins = []
    for package in _AROUND:
        if package not in sys.modules:
            spec = importlib.util.find_spec(package)
            assert spec is not None, f"{package} is installed with this project"
            stand_in = ModuleType(package)
            stand_in.__path__ = list(spec.submodule_search_locations or ())
            sys.modules[package] = stand_in
            stand_ins.append(package)
    try:
        return importlib.import_module(f"pulumi.runtime.proto.{name}")
    finally:
        for package in stand_ins:
            del sys.modules[package]


if TYPE_CHECKING:
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc
else:
    engine_pb2 = _generated("engine_pb2")
    engine_pb2_grpc = _generated("engine_pb2_grpc")
    plugin_pb2 = _generated("plugin_pb2")
    provider_pb2 = _generated("provider_pb2")
    provider_pb2_grpc = _generated("provider_pb2_grpc")
