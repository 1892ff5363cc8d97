"""The arguments of one more group of a Microservice.

Types that Pulumi can offer to other languages are TypedDicts without a base, and their annotations must not be strings:
no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from components.microservice_parts import FileArgs, InstanceResourcesArgs, PortArgs, TaskArgs
from components.microservice_policies import (
    AffinityArgs,
    ConstraintArgs,
    DisconnectArgs,
    MigrateArgs,
    RescheduleArgs,
    RestartArgs,
    RolloutArgs,
    ScalingArgs,
    SpreadArgs,
)
from components.microservice_registrations import RegistrationArgs
from components.microservice_workload import ArtifactArgs, IdentityArgs, LogsArgs, NetworkArgs, VaultArgs, VolumeArgs


class GroupArgs(TypedDict):
    """One more group of the job; its key is its name. It is registered by `services` alone. Source: group."""

    driver: NotRequired[str]
    """docker, podman, exec, raw_exec, java, qemu or any other that the nodes have. Default `docker`."""
    command: NotRequired[str | None]
    """Program to run. Default for images: the image's own command."""
    args: NotRequired[Sequence[str]]
    """Its arguments. Everybody who can read the job or list processes reads them: no place for secrets. Nomad fills in
    what it knows, as in env; any other ${...} reaches the process as it is written. The same goes for command and
    entrypoint."""
    entrypoint: NotRequired[Sequence[str]]
    """For images: instead of the image's own entrypoint."""
    config: NotRequired[Mapping[str, Any]]
    """More of the driver's own configuration, handed on as it is: every ${...} in it is Nomad's."""
    user: NotRequired[str | None]
    """User to run as. Default: the image's, or that of the Nomad agent's configuration."""
    env: NotRequired[Mapping[str, str]]
    """Variables for the process, readable by everybody who can read the job: no place for secrets. PORT is set to the
    port labelled http. Nomad fills in what it knows, as ${NOMAD_ALLOC_ID}, ${node.class} or ${meta.rack} (Nomad,
    "runtime interpolation"); any other ${...} reaches the process as it is written."""
    files: NotRequired[Mapping[str, FileArgs]]
    """Files that it finds, by path."""
    labels: NotRequired[Mapping[str, str]]
    """Labels of the container."""
    publish: NotRequired[Sequence[str] | None]
    """For images: labels of the ports that the driver maps into the container. []: none. Default: all ports for the
    service's own process, none for a task beside it."""
    artifacts: NotRequired[Sequence[ArtifactArgs]]
    """What Nomad fetches for it before it starts, in this order."""
    vault: NotRequired[VaultArgs | None]
    """A token of Vault for it. Default: none."""
    identities: NotRequired[Mapping[str, IdentityArgs]]
    """Identities by which others know it, by name. Default: Nomad's own."""
    consul: NotRequired[bool]
    """Whether it gets a token of Consul. Source: consul. Default false."""
    logs: NotRequired[LogsArgs]
    """What Nomad keeps of its output."""
    leader: NotRequired[bool]
    """Whether the other tasks of the instance end when it does. Default false."""
    resources: NotRequired[InstanceResourcesArgs]
    """What is reserved for each instance."""
    kill_timeout_s: NotRequired[float]
    """Time between SIGTERM and SIGKILL. Source: task > kill_timeout. In seconds. Default 20."""
    kill_signal: NotRequired[str | None]
    """Signal that asks the process to end. Default SIGTERM (SIGINT without a container)."""
    ports: NotRequired[Mapping[str, PortArgs]]
    """By label."""
    services: NotRequired[Mapping[str, RegistrationArgs]]
    """More services that instances register, in Consul or in Nomad, exactly as they are written here, by name."""
    count: NotRequired[int]
    """Instances. For system jobs: per node. Default 1."""
    scaling: NotRequired[ScalingArgs | None]
    """Bounds for an autoscaler. Default: nothing but `count` decides how many there are."""
    volumes: NotRequired[Mapping[str, VolumeArgs]]
    """Storage, by name."""
    tasks: NotRequired[Mapping[str, TaskArgs]]
    """Tasks beside the service's own: to prepare it, to accompany it, to clear up after it."""
    constraints: NotRequired[Sequence[ConstraintArgs]]
    """Conditions that nodes must meet."""
    affinities: NotRequired[Sequence[AffinityArgs]]
    """Preferences for nodes."""
    spreads: NotRequired[Sequence[SpreadArgs]]
    """How instances are spread over nodes."""
    rollout: NotRequired[RolloutArgs]
    """For services and system jobs; what runs to its end has no rollout."""
    restart: NotRequired[RestartArgs]
    """What happens on the node when an instance exits."""
    migrate: NotRequired[MigrateArgs | None]
    """How instances leave a node that drains. Default: Nomad's, one at a time. For services."""
    disconnect: NotRequired[DisconnectArgs | None]
    """What becomes of instances on a node that Nomad does not reach. Default: they are replaced at once."""
    reschedule: NotRequired[RescheduleArgs]
    """How often a failed instance is placed anew. For services and batch jobs."""
    shutdown_delay_s: NotRequired[float | None]
    """Time between leaving Consul and SIGTERM: clients look elsewhere meanwhile. null: none is set. Source: group >
    shutdown_delay. In seconds. Default 3."""
    port_variable: NotRequired[bool]
    """Whether PORT is set to the port labelled http. false: the process has NOMAD_PORT_http only. Default true."""
    network: NotRequired[NetworkArgs]
    """The network that the tasks of an instance share."""
    task_name: NotRequired[str | None]
    """Name of the main task. Default: the service's name, or that of its group in `groups`."""
    group_meta: NotRequired[Mapping[str, str]]
    """The same as `meta`, of the group."""
    group_consul: NotRequired[bool]
    """Whether its services get a token of Consul. Source: group > consul. Default false."""
    task_meta: NotRequired[Mapping[str, str]]
    """The same as `meta`, of the service's own task."""
    task_shutdown_delay_s: NotRequired[float]
    """Time between the task's own services leaving Consul and SIGTERM. Source: task > shutdown_delay. In seconds.
    Default 0."""
    image: NotRequired[str | None]
    """A finished image, with a tag or a digest. Default: the service's own image."""
    image_floating: NotRequired[bool]
    """Whether the image may have no tag, and so mean another one tomorrow. Default false."""
