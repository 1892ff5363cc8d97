"""What a user composes: images and microservices, and the settings they are made from."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.consul import ExternalService, KeyValues, ServiceIntentions
    from components.image import Image, ImageArgs
    from components.microservice import Microservice
    from components.microservice_args import MicroserviceArgs

__all__ = [
    "ExternalService",
    "Image",
    "ImageArgs",
    "KeyValues",
    "Microservice",
    "MicroserviceArgs",
    "ServiceIntentions",
]

_HOMES = {
    "ExternalService": "components.consul",
    "KeyValues": "components.consul",
    "ServiceIntentions": "components.consul",
    "Image": "components.image",
    "ImageArgs": "components.image",
    "Microservice": "components.microservice",
    "MicroserviceArgs": "components.microservice_args",
}


def __getattr__(name: str) -> Any:
    # On demand: the pure builders beside them are imported without Pulumi and its SDKs.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
