"""The parts of a Microservice's arguments about what its instances register.

Types that Pulumi can offer to other languages are TypedDicts without a base, and their annotations must not be strings:
no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from components.microservice_parts import RestartOnFailureArgs


class RegisteredCheckArgs(TypedDict):
    """A question to an instance about one of `services`. Its name is left to Nomad where it has none."""

    type: NotRequired[str]
    """Default `http`. One of `http`, `tcp`, `grpc`, `script`."""
    name: NotRequired[str | None]
    """Its name. Default: one that Nomad makes of the registered service's."""
    port: NotRequired[str | None]
    """Label or number of the port to ask; a script has none. Default: the registered service's."""
    path: NotRequired[str | None]
    """For http, which needs it."""
    method: NotRequired[str | None]
    """For http only. Default GET. One of `GET`, `HEAD`, `POST`, `PUT`, `DELETE`, `OPTIONS`, `PATCH`."""
    headers: NotRequired[Mapping[str, str]]
    """For http only. Readable by everybody who can read the job: no place for secrets."""
    tls: NotRequired[bool]
    """Ask by TLS, for http and grpc. Default false."""
    tls_skip_verify: NotRequired[bool]
    """Take any certificate. Default false."""
    tls_server_name: NotRequired[str | None]
    """Name in the certificate. Default: the address."""
    grpc_service: NotRequired[str | None]
    """For grpc only. Default: the server as a whole."""
    command: NotRequired[str | None]
    """For script only: a program in the task's own file system; 0 passes, 1 warns, anything else fails."""
    args: NotRequired[Sequence[str]]
    """For script only."""
    task: NotRequired[str | None]
    """For script only: the task to run it in. Default: the registered service's."""
    interval_s: NotRequired[float]
    """Time between two checks, 1 or more. Source: service > check > interval. In seconds. Default 5."""
    timeout_s: NotRequired[float]
    """Time for an answer, 1 or more. Source: service > check > timeout. In seconds. Default 2."""
    successes_before_passing: NotRequired[int]
    """Answers in a row that make an instance pass. Source: success_before_passing. Default 0."""
    failures_before_critical: NotRequired[int]
    """Failures in a row that take an instance out of Consul. Default 0."""
    failures_before_warning: NotRequired[int]
    """Failures in a row that make an instance warn. Default 0."""
    restart: NotRequired[RestartOnFailureArgs | None]
    """Default: an instance that fails its check leaves Consul and keeps running."""
    address_mode: NotRequired[str | None]
    """Which address is asked. Default: the service's. One of `alloc`, `alloc_ipv6`, `driver`, `host`."""
    body: NotRequired[str | None]
    """For http only: what is sent."""
    initial_status: NotRequired[str | None]
    """What counts before the first answer. Default: Consul's, critical. One of `passing`, `warning`, `critical`."""
    notes: NotRequired[str | None]
    """For people."""
    on_update: NotRequired[str | None]
    """What of it counts in a rollout. Default: the service's, require_healthy. One of `require_healthy`,
    `ignore_warnings`, `ignore`."""
    expose: NotRequired[bool]
    """Whether a proxy of the mesh lets the check through. Default false."""


class RegistrationArgs(TypedDict):
    """A service that Nomad registers, exactly as it is written; its key is its name. Source: service."""

    name: NotRequired[str | None]
    """Its name, where that is no key: with capitals, dots or what Nomad fills in. Default: the key."""
    provider: NotRequired[str]
    """Where: in Consul, or in Nomad's own list of services. Default `consul`. One of `consul`, `nomad`."""
    port: NotRequired[str | None]
    """Label or number of its port. Default: it has none."""
    address_mode: NotRequired[str]
    """Which address others find: the node's, or the instance's own. Default `auto`. One of `auto`, `alloc`,
    `alloc_ipv6`, `driver`, `host`."""
    address: NotRequired[str | None]
    """An address of its own instead of one that Nomad knows."""
    tags: NotRequired[Sequence[str]]
    """Its tags, and no others."""
    canary_tags: NotRequired[Sequence[str]]
    """Tags of canaries instead. Default: the same."""
    meta: NotRequired[Mapping[str, str]]
    """For those who find it."""
    canary_meta: NotRequired[Mapping[str, str]]
    """The same of canaries instead. Default: the same."""
    enable_tag_override: NotRequired[bool]
    """Whether others may change its tags in Consul. Default false."""
    on_update: NotRequired[str]
    """What of its checks counts in a rollout. Default `require_healthy`. One of `require_healthy`, `ignore_warnings`,
    `ignore`."""
    task: NotRequired[str | None]
    """Task that it is about: whose address it has, and in which its scripts run. Default: the group."""
    of_task: NotRequired[bool]
    """Whether the task registers it, rather than the group. Needs `task`. Default false."""
    native: NotRequired[bool]
    """Whether the process is in Consul's service mesh by itself. Source: connect > native. Default false."""
    sidecar: NotRequired[bool]
    """Whether a proxy of the mesh is beside it. Source: connect > sidecar_service. Default false."""
    upstreams: NotRequired[Mapping[str, int]]
    """For sidecar: what the process calls by the proxy, by name in Consul, and the port on loopback for it."""
    local_port: NotRequired[int | None]
    """For sidecar: the port on which the process listens for the proxy. Default: the service's."""
    checks: NotRequired[Mapping[str, RegisteredCheckArgs]]
    """Its checks, by name."""
