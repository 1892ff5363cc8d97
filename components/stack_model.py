"""What an environment is: the shape of the `caravan:` keys in its stack file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from components.image_reference import ImageReference, Registry
from components.service.base import Name, PortNumber, Seconds, Text, matching
from components.service.calls import Scheme


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


def _address(value: str) -> str:
    Registry.parse(value)
    return value


def _reference(value: str) -> str:
    ImageReference.parse(value)
    return value


def _just_an_address(value: Any) -> Any:
    return {"address": value} if isinstance(value, str) else value


def _override(value: Any) -> dict[str, Any] | Literal[False]:
    if value is False:
        return False
    if value is None or isinstance(value, dict):
        return value or {}
    raise ValueError("must be a mapping of what differs here, {} for nothing, or false to leave the service out")


_HOST = matching(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]+",
    'must be a host name or an IP address, as "payments.example.com": scheme, port and path stand elsewhere',
)
_URL = matching(r"https?://[!-~]+", 'must be a URL, as "https://payments.example.com/health"')
_ENDPOINT = matching(r"[!-~]+:[0-9]{1,5}", 'must be as host:port, as "payments.example.com:443"')
_SECRET = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
    "description": "Encrypted by `pulumi config set --secret --path`.",
}
Secret = Annotated[Any, WithJsonSchema(_SECRET)]
"""Checked in stack_secrets.py: a sentence of the model's would show it."""


class RegistryLogin(_Model):
    """Where built images go, and as whom to push them."""

    address: Annotated[str, AfterValidator(_address)]
    """`registry.example.com/team`, with the scheme http:// or a port where needed."""
    username: Text | None = None
    """Default: the account of `docker login` on the machine that deploys."""
    password: Secret | None = None
    """Set it with `pulumi config set --secret --path caravan:registry.password`."""


class ExternalCheck(_Model):
    """How consul-esm finds out if an external service can serve: one of http and tcp. Consul asks nobody itself."""

    http: Annotated[str, _URL] | None = None
    """URL that must answer with 2xx."""
    tcp: Annotated[str, _ENDPOINT] | None = None
    """host:port that must accept a connection."""
    interval_s: Seconds = 30
    """Time between two checks."""
    timeout_s: Seconds = 5
    """Time for an answer."""
    forget_after_s: Seconds = 259200
    """Time after which consul-esm takes a failing service out of Consul. Default: 3 days."""


class External(_Model):
    """A service that this stack does not deploy, but that Consul knows."""

    address: Annotated[str, _HOST] | None = None
    """Host name or IP address: with one, this stack registers it in Consul. Default: others do."""
    port: PortNumber | None = None
    """Of the address. Default: none."""
    scheme: Scheme | None = None
    """What addresses begin with, where a call does not say it. Default: http."""
    check: ExternalCheck | None = None
    """For an address. Default: none, and it counts as healthy."""
    ports: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    """Labels of its ports that calls may name, where others register it. Default: any."""


class Stack(_Model):
    """The `caravan:` keys of a stack file."""

    registry: Annotated[RegistryLogin, BeforeValidator(_just_an_address)] | None = None
    """Where built images go: an address, or an address with an account. Default: CARAVAN_REGISTRY."""
    base_image: Annotated[str, AfterValidator(_reference)] | None = None
    """Value for `ARG BASE_IMAGE` in Dockerfiles that have it. Default: CARAVAN_BASE_IMAGE, or the Dockerfile's own."""
    images: dict[Annotated[str, AfterValidator(_reference)], Annotated[str, AfterValidator(_reference)]] = Field(
        default_factory=dict
    )
    """Finished images that are taken from elsewhere here, as from a mirror: by the reference that services have, the
    one to use. Default: CARAVAN_IMAGES, as reference=other,reference=other."""
    datacenters: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] = ("dc1",)
    """Nomad datacenters that instances may run in."""
    namespace: Text | None = None
    """Nomad namespace. Default: the Nomad provider's."""
    region: Text | None = None
    """Nomad region. Default: the Nomad provider's."""
    host_network: Text | None = None
    """Network of the nodes that ports are published on. Default: their default network."""
    defaults: dict[str, Any] = Field(default_factory=dict)
    """What differs here in every service from its service.yaml."""
    services: dict[str, Annotated[dict[str, Any] | Literal[False], PlainValidator(_override)]]
    """The services to deploy, by folder in services/, each with what differs here; false leaves one out."""
    external_services: dict[Name, External | None] = Field(default_factory=dict)
    """Services outside of this stack that calls may name, registered in Consul by others or, with an address, by it."""
    secrets: dict[str, dict[str, Secret]] = Field(default_factory=dict)
    """Values of the secrets that services declare, by service and name:
    `pulumi config set --secret --path caravan:secrets.<service>.<NAME>`."""


KEYS = tuple(Stack.model_fields)
