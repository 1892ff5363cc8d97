"""What a service is: the shape of service.yaml, its defaults, and the rules for each single value.

Rules between values are in service_rules.py. Times are in seconds, memory in MiB, processor time in MHz. The sources
named are pages of Nomad's jobspec reference.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from components.image_reference import MAX_TAG, ImageReference

MAX_NAME = 63
"""Longest DNS label (RFC 1035), and Nomad's limit for the name of a service."""
_TAG_HASH = 13
"""A built image's tag is the version, a hyphen and 12 hex digits."""


def _matching(pattern: str, rule: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise ValueError(rule)
        return value

    return AfterValidator(check)


def _one_line(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError("must be text on one line, not empty and without control characters")
    return value


def _no_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain a NUL character: no process can receive it")
    return value


def _reference(value: str) -> str:
    ImageReference.parse(value)
    return value


def _inside_path(value: str) -> str:
    _one_line(value)
    if value.startswith("/"):
        raise ValueError("must be a relative path")
    return value


Name = Annotated[
    str,
    _matching(
        rf"[a-z0-9](?:[a-z0-9-]{{0,{MAX_NAME - 2}}}[a-z0-9])?",
        f"must be 1 to {MAX_NAME} lower-case letters, digits and hyphens, with a letter or digit at both ends: "
        "it becomes a name in Nomad, Consul and DNS",
    ),
]
Version = Annotated[
    str,
    _matching(
        rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{MAX_TAG - _TAG_HASH - 1}}}",
        f"must be 1 to {MAX_TAG - _TAG_HASH} letters, digits, dots, hyphens and underscores, with none of .- in front: "
        "it becomes part of an image tag",
    ),
]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=7 * 24 * 3600, allow_inf_nan=False)]
Text = Annotated[str, AfterValidator(_one_line)]
RelativePath = Annotated[str, AfterValidator(_inside_path)]

PortLabel = Annotated[
    str, _matching(r"[A-Za-z0-9_]{1,63}", "must be 1 to 63 letters, digits and underscores, as the label of a port")
]
EnvName = Annotated[
    str,
    _matching(
        r"(?!NOMAD_)[A-Za-z_][A-Za-z0-9_]*",
        "must be letters, digits and underscores, not starting with a digit nor with NOMAD_, as the name of a variable",
    ),
]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ImageBuild(_Model):
    """An image that is built from a Dockerfile."""

    context: RelativePath = "."
    """Folder that the Dockerfile may copy from, relative to the service's own. Default: the service's folder."""
    dockerfile: RelativePath = "Dockerfile"
    """Relative to the context."""
    args: dict[str, Annotated[str, AfterValidator(_no_nul)]] = Field(default_factory=dict)
    """Values for the Dockerfile's `ARG`s. They can be read in the image's history: no place for secrets."""
    target: Text | None = None
    """Stage to build. Default: the last one."""
    platform: (
        Annotated[str, _matching(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9]+)?", 'must be as "linux/amd64" or "linux/arm/v7"')]
        | None
    ) = None
    """Default: that of the Docker daemon."""


class ImageSource(_Model):
    """Where the image comes from: exactly one of the two."""

    build: ImageBuild | None = None
    reference: Annotated[str, AfterValidator(_reference)] | None = None
    """A finished image, used as it is: `registry.example.com/web:1.2.3`, or with a digest."""


class Port(_Model):
    """A port of the service; its key is its label."""

    to: PortNumber
    """Port that the process listens on, inside its container."""
    static: PortNumber | None = None
    """Port on the node. Default: one that Nomad chooses, which lets instances share a node."""


class Check(_Model):
    """How Consul finds out whether an instance can serve."""

    type: Literal["http", "tcp"] = "http"
    path: Annotated[Text, _matching(r"/.*", 'must start with "/"')] | None = None
    """For http only. Default /health."""
    port: str = "http"
    """Label of the port to ask."""
    interval_s: Annotated[Seconds, Field(ge=1)] = 5
    """Time between two checks, 1 or more. Source: service > check > interval."""
    timeout_s: Annotated[Seconds, Field(ge=1)] = 2
    """Time for an answer, 1 or more. Source: service > check > timeout."""


class Resources(_Model):
    """What is reserved for each instance."""

    cpu_mhz: Annotated[int, Field(ge=1)] = 100
    """1 or more. Source: resources > cpu."""
    memory_mb: Annotated[int, Field(ge=10)] = 256
    """10 or more. Source: resources > memory."""
    memory_max_mb: int | None = None
    """What an instance may use while the node has it, at least memory_mb. Needs oversubscription switched on."""


class Rollout(_Model):
    """How a new version replaces the old one. Source: update."""

    canary: Annotated[int, Field(ge=0)] = 1
    """Instances of the new version that must be healthy before an old one stops."""
    auto_promote: bool | None = None
    """Go on when the canaries are healthy. Default: true, if there are canaries."""
    auto_revert: bool = True
    """Go back to the last stable version when the new one fails."""
    max_parallel: Annotated[int, Field(ge=1)] = 1
    """Instances replaced at a time. Nomad's 0 would switch deployments off, and with them every safety."""
    min_healthy_s: Seconds = 10
    """How long an instance must be healthy to count."""
    healthy_deadline_s: Seconds = 120
    """Time for one instance to become healthy, above min_healthy_s."""
    progress_deadline_s: Seconds = 180
    """Time in which one more instance must have become healthy, above healthy_deadline_s."""
    health_check: Literal["checks", "task_states"] = "checks"
    """What healthy means: passing in Consul, or just running."""

    @property
    def promotes(self) -> bool:
        """auto_promote, with its default."""
        return self.canary > 0 if self.auto_promote is None else self.auto_promote


class Restart(_Model):
    """What happens on the node when an instance exits. Source: restart."""

    attempts: Annotated[int, Field(ge=0)] = 2
    interval_s: Annotated[Seconds, Field(ge=5)] = 300
    delay_s: Seconds = 5
    mode: Literal["fail", "delay"] = "fail"
    """After the attempts: fail (place the instance anew, see Reschedule), or wait for the interval to end."""


class Reschedule(_Model):
    """How often a failed instance is placed anew, possibly elsewhere. Source: reschedule.

    Bounded, so that a version that cannot start fails its deployment early rather than at the deadline.
    """

    attempts: Annotated[int, Field(ge=0)] = 2
    interval_s: Annotated[Seconds, Field(ge=15)] = 3600
    delay_s: Annotated[Seconds, Field(ge=5)] = 5


class Service(_Model):
    """A service, complete and valid for itself."""

    name: Name
    """Default: the name of the service's folder."""
    version: Version
    image: ImageSource = Field(default_factory=lambda: ImageSource(build=ImageBuild()))
    """Default: built from the service's folder."""
    ports: dict[PortLabel, Port] = Field(default_factory=dict)
    check: Check | None = None
    """Default: GET /health on the port labelled http, if there is one. null: no check."""
    resources: Resources = Resources()
    count: Annotated[int, Field(ge=0)] = 1
    """Instances."""
    env: dict[EnvName, Annotated[str, AfterValidator(_no_nul)]] = Field(default_factory=dict)
    """Variables for the process, readable by everybody who can read the job: no place for secrets. PORT is set to the
    `to` of the port labelled http. Nomad fills in what it knows, as ${NOMAD_ALLOC_ID}, ${node.class} or ${meta.rack}
    (Nomad, "runtime interpolation"); any other ${...} reaches the process as it is written."""
    tags: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    """Tags in Consul besides the name and name@version."""
    rollout: Rollout = Rollout()
    restart: Restart = Restart()
    reschedule: Reschedule = Reschedule()
    shutdown_delay_s: Seconds = 3
    """Time between leaving Consul and SIGTERM: clients look elsewhere meanwhile. Source: group > shutdown_delay."""
    kill_timeout_s: Annotated[Seconds, Field(gt=0)] = 20
    """Time between SIGTERM and SIGKILL. Source: task > kill_timeout."""

    @model_validator(mode="before")
    @classmethod
    def _default_check(cls, data: Any) -> Any:
        # A check is what makes a rollout safe, so it is there unless refused.
        if isinstance(data, dict) and "check" not in data and "http" in (data.get("ports") or {}):
            return {**data, "check": {}}
        return data
