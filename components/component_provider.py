"""The components as a Pulumi component provider, for programs in YAML and other languages.

The engine starts it by the executable pulumi-resource-caravan. Names are in camelCase there: memoryMb.
"""

import os
import signal
import sys
import threading
import time
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.provider import ConstructResult
from pulumi.provider import main as host
from pulumi.provider.experimental.component import ComponentProvider

from components.microservice import Microservice
from components.problems import SettingsError

NAME = "caravan"
VERSION = "0.1.0"


class Provider(ComponentProvider):
    """Makes components from what other languages send."""

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Make the component. Raises InputPropertiesError with everything that is wrong with its inputs."""
        try:
            return super().construct(name, resource_type, _whole_numbers(inputs), options)
        except Exception as error:
            inner = getattr(error, "inner", error)
            if isinstance(inner, SettingsError):
                found = [InputPropertyErrorDetails(property_path="", reason=str(it)) for it in inner.problems]
                raise InputPropertiesError("", found) from None
            raise


def main() -> None:
    """Serve until the engine says stop or is gone."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    host(Provider([Microservice], NAME, version=VERSION), sys.argv[1:])


def _whole_numbers(value: Any) -> Any:
    """The value with 3 where it has 3.0: what the engine sends knows no integers, and Nomad's API takes no 3.0."""
    if isinstance(value, dict):
        return {key: _whole_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _end_with_parent(parent: int) -> None:
    """End this process with the one that started it: a killed engine leaves no orphan."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
