"""The arguments of a Microservice: the keys of service.yaml, for programs.

Values are checked by service_model.py and service_rules.py. Types that Pulumi can offer to other languages are
TypedDicts, and their annotations must not be strings: no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class PortArgs(TypedDict):
    """A port."""

    to: int
    """Port that the process listens on, inside its container, 1 to 65535."""
    static: NotRequired[int | None]
    """Port on the node, 1 to 65535. Default: one that Nomad chooses, which lets instances share a node."""


class CheckArgs(TypedDict):
    """How Consul finds out whether an instance can serve. Source: Nomad, service > check."""

    type: NotRequired[str]
    """`http` or `tcp`. Default `http`."""
    path: NotRequired[str | None]
    """For http only. Default `/health`."""
    port: NotRequired[str]
    """Label of the port to ask. Default `http`."""
    interval_s: NotRequired[float]
    """Time between two checks, seconds, 1 or more. Default 5."""
    timeout_s: NotRequired[float]
    """Time for an answer, seconds, 1 or more. Default 2."""


class ResourcesArgs(TypedDict):
    """What is reserved for each instance. Source: Nomad, resources."""

    cpu_mhz: NotRequired[int]
    """Processor time, MHz, 1 or more. Default 100."""
    memory_mb: NotRequired[int]
    """Memory, MiB, 10 or more. Default 256."""
    memory_max_mb: NotRequired[int | None]
    """What an instance may use while the node has it, MiB, memory_mb or more. Default: memory_mb."""


class RolloutArgs(TypedDict):
    """How a new version replaces the old one. Source: Nomad, update."""

    canary: NotRequired[int]
    """Instances of the new version that must be healthy before an old one stops, 0 or more. Default 1."""
    auto_promote: NotRequired[bool | None]
    """Go on when the canaries are healthy. Default: true, if there are canaries."""
    auto_revert: NotRequired[bool]
    """Go back to the last stable version when the new one fails. Default true."""
    max_parallel: NotRequired[int]
    """Instances replaced at a time, 1 or more. Default 1."""
    min_healthy_s: NotRequired[float]
    """How long an instance must be healthy to count, seconds. Default 10."""
    healthy_deadline_s: NotRequired[float]
    """Time for one instance to become healthy, seconds, above min_healthy_s. Default 120."""
    progress_deadline_s: NotRequired[float]
    """Time in which one more instance must have become healthy, seconds, above healthy_deadline_s. Default 180."""
    health_check: NotRequired[str]
    """What healthy means: `checks` (passing in Consul) or `task_states` (just running). Default `checks`."""


class RestartArgs(TypedDict):
    """What happens on the node when an instance exits. Source: Nomad, restart."""

    attempts: NotRequired[int]
    """Restarts within the interval, 0 or more. Default 2."""
    interval_s: NotRequired[float]
    """Seconds, 5 or more. Default 300."""
    delay_s: NotRequired[float]
    """Time before a restart, seconds. Default 5."""
    mode: NotRequired[str]
    """After the attempts: `fail` (place it anew) or `delay` (wait for the interval to end). Default `fail`."""


class RescheduleArgs(TypedDict):
    """How often a failed instance is placed anew, possibly elsewhere. Source: Nomad, reschedule."""

    attempts: NotRequired[int]
    """Placements within the interval, 0 or more. Default 2."""
    interval_s: NotRequired[float]
    """Seconds, 15 or more. Default 3600."""
    delay_s: NotRequired[float]
    """Time before a placement, seconds, 5 or more. Default 5."""


class MicroserviceArgs(TypedDict):
    """A service that runs from an image."""

    image: pulumi.Input[str]
    """Reference of the image, with a tag or a digest: `registry.example.com/web:1.2.3`, or Image.reference."""
    image_digest: NotRequired[pulumi.Input[str]]
    """Image.digest, for an image that this program builds. It need not be in its registry at preview."""
    name: NotRequired[str]
    """Name in Nomad and Consul, up to 63 lower-case letters, digits and hyphens. Default: the resource's name."""
    version: str
    """The service's own version, a tag in Consul. Up to 115 letters, digits, dots, hyphens and underscores."""
    ports: NotRequired[Mapping[str, PortArgs]]
    """By label. Default none."""
    check: NotRequired[CheckArgs | None]
    """Default: GET /health on the port labelled http, if there is one. None: no check."""
    resources: NotRequired[ResourcesArgs]
    """Default: 100 MHz, 256 MiB."""
    count: NotRequired[int]
    """Instances, 0 or more. Default 1."""
    env: NotRequired[Mapping[str, str]]
    """Variables for the process, readable by everybody who can read the job: no place for secrets. PORT is set to the
    `to` of the port labelled http. Nomad fills in what it knows, as `${NOMAD_ALLOC_ID}`; any other `${...}` reaches the
    process as it is written."""
    tags: NotRequired[Sequence[str]]
    """Tags in Consul besides the name and name@version. Default none."""
    rollout: NotRequired[RolloutArgs]
    """Default: a canary, promoted when healthy, and a revert when not."""
    restart: NotRequired[RestartArgs]
    """Default: 2 restarts, 5 s apart."""
    reschedule: NotRequired[RescheduleArgs]
    """Default: 2 new placements an hour."""
    shutdown_delay_s: NotRequired[float]
    """Time between leaving Consul and SIGTERM, seconds. Default 3. Source: Nomad, group > shutdown_delay."""
    kill_timeout_s: NotRequired[float]
    """Time between SIGTERM and SIGKILL, seconds. Default 20. Source: Nomad, task > kill_timeout."""
    datacenters: NotRequired[Sequence[str]]
    """Nomad datacenters to run in. Default `dc1`."""
    namespace: NotRequired[str | None]
    """Nomad namespace. Default: the provider's."""
    region: NotRequired[str | None]
    """Nomad region. Default: the provider's."""
