"""How Consul finds out whether an instance can serve."""

from typing import Annotated, Literal

from pydantic import Field

from components.service.base import AbsolutePath, Model, Seconds, Text, Value, Values


class RestartOnFailure(Model):
    """Restart an instance whose check keeps failing. Source: check_restart."""

    limit: Annotated[int, Field(ge=1)] = 3
    """Failures in a row before the restart."""
    grace_s: Seconds = 30
    """Time after a start in which failures do not count."""
    ignore_warnings: bool = False
    """Whether a warning is no failure."""


class Question(Model):
    """What checks have in common. Source: service > check."""

    type: Literal["http", "tcp", "grpc", "script"] = "http"
    name: Text | None = None
    """Name in Consul. Default: the service's, and the check's key or type."""
    port: Text | None = None
    """Label of the port to ask; a script has none."""
    path: AbsolutePath | None = None
    """For http only. Default /health."""
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] | None = None
    """For http only. Default GET."""
    headers: dict[Text, Text] = Field(default_factory=dict)
    """For http only. Readable by everybody who can read the job: no place for secrets."""
    tls: bool = False
    """Ask by TLS, for http and grpc."""
    tls_skip_verify: bool = False
    """Take any certificate."""
    tls_server_name: Text | None = None
    """Name in the certificate. Default: the address."""
    grpc_service: Text | None = None
    """For grpc only. Default: the server as a whole."""
    command: Value | None = None
    """For script only: a program in the task's own file system; 0 passes, 1 warns, anything else fails."""
    args: Values = ()
    """For script only."""
    task: Text | None = None
    """For script only: the task to run it in. Default: the service's own."""
    interval_s: Annotated[Seconds, Field(ge=1)] = 5
    """Time between two checks, 1 or more. Source: service > check > interval."""
    timeout_s: Annotated[Seconds, Field(ge=1)] = 2
    """Time for an answer, 1 or more. Source: service > check > timeout."""
    successes_before_passing: Annotated[int, Field(ge=0)] = 0
    """Answers in a row that make an instance pass. Source: success_before_passing."""
    failures_before_critical: Annotated[int, Field(ge=0)] = 0
    """Failures in a row that take an instance out of Consul."""
    failures_before_warning: Annotated[int, Field(ge=0)] = 0
    """Failures in a row that make an instance warn."""
    restart: RestartOnFailure | None = None
    """Default: an instance that fails its check leaves Consul and keeps running."""
    address_mode: Literal["alloc", "alloc_ipv6", "driver", "host"] | None = None
    """Which address is asked. Default: the service's."""
    body: Value | None = None
    """For http only: what is sent."""
    initial_status: Literal["passing", "warning", "critical"] | None = None
    """What counts before the first answer. Default: Consul's, critical."""
    notes: Text | None = None
    """For people."""
    on_update: Literal["require_healthy", "ignore_warnings", "ignore"] | None = None
    """What of it counts in a rollout. Default: the service's, require_healthy."""
    expose: bool = False
    """Whether a proxy of the mesh lets the check through."""


class Check(Question):
    """A question to an instance that Consul repeats. Source: service > check."""

    port: Text = "http"
    """Label of the port to ask; a script has none."""
