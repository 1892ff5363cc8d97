"""The arguments of a Microservice: the keys of service.yaml, for programs.

Their parts are in microservice_parts.py and the files beside it. Types that Pulumi can offer to other languages are
TypedDicts without a base, and their annotations must not be strings: no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from components.microservice_group import GroupArgs
from components.microservice_parts import (
    CallArgs,
    CheckArgs,
    FileArgs,
    InstanceResourcesArgs,
    PortArgs,
    TaskArgs,
)
from components.microservice_policies import (
    AffinityArgs,
    ConstraintArgs,
    DisconnectArgs,
    MigrateArgs,
    ParameterizedArgs,
    PeriodicArgs,
    RescheduleArgs,
    RestartArgs,
    RolloutArgs,
    ScalingArgs,
    SpreadArgs,
)
from components.microservice_registrations import RegistrationArgs
from components.microservice_workload import (
    ArtifactArgs,
    IdentityArgs,
    LogsArgs,
    NetworkArgs,
    SecretArgs,
    VaultArgs,
    VolumeArgs,
)


class MicroserviceArgs(TypedDict):
    """A service that runs from an image, or by another driver."""

    image: NotRequired[pulumi.Input[str]]
    """Reference of the image, with a tag or a digest: `registry.example.com/web:1.2.3`, or Image.reference. Required if
    the driver runs images."""
    image_digest: NotRequired[pulumi.Input[str]]
    """Image.digest, for an image that this program builds. It need not be in its registry at preview."""
    secrets: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Values that reach the process as variables of these names and are shown nowhere: they are kept in Nomad's
    variable nomad/jobs/<name>, 64 KiB together at the most."""
    secret_options: NotRequired[Mapping[str, SecretArgs]]
    """Secrets by name that become files instead."""
    secrets_version: NotRequired[pulumi.Input[str]]
    """Any text that changes when a secret does and tells nothing of it: a new one starts a rollout. Default: a slow,
    salted fingerprint of the values."""
    driver: NotRequired[str]
    """docker, podman, exec, raw_exec, java, qemu or any other that the nodes have. Default `docker`."""
    command: NotRequired[str | None]
    """Program to run. Default for images: the image's own command."""
    args: NotRequired[Sequence[str]]
    """Its arguments. Everybody who can read the job or list processes reads them: no place for secrets. Nomad fills
    in what it knows, as in env; any other ${...} reaches the process as it is written. The same goes for command
    and entrypoint."""
    entrypoint: NotRequired[Sequence[str]]
    """For images: instead of the image's own entrypoint."""
    config: NotRequired[Mapping[str, Any]]
    """More of the driver's own configuration, handed on as it is: every ${...} in it is Nomad's."""
    user: NotRequired[str | None]
    """User to run as. Default: the image's, or that of the Nomad agent's configuration."""
    env: NotRequired[Mapping[str, str]]
    """Variables for the process, readable by everybody who can read the job: no place for secrets. PORT is set to
    the port labelled http. Nomad fills in what it knows, as ${NOMAD_ALLOC_ID}, ${node.class} or ${meta.rack}
    (Nomad, "runtime interpolation"); any other ${...} reaches the process as it is written."""
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
    name: NotRequired[str]
    """Name in Nomad and Consul, up to 63 lower-case letters, digits and hyphens. Default: the resource's name."""
    version: str
    """The service's own version, a tag in Consul and part of a built image's tag."""
    type: NotRequired[str]
    """service: runs until it is stopped; batch: runs to its end; system and sysbatch: the same, once on every node.
    Default `service`."""
    ports: NotRequired[Mapping[str, PortArgs]]
    """By label."""
    check: NotRequired[CheckArgs | None]
    """Default: GET /health on the port labelled http, if there is one and `checks` is empty. null: none."""
    checks: NotRequired[Mapping[str, CheckArgs]]
    """More checks, by name."""
    registered: NotRequired[bool]
    """Whether the service is in Consul under its own name, with its tags and checks. false: only `services` are.
    Default true."""
    services: NotRequired[Mapping[str, RegistrationArgs]]
    """More services that instances register, in Consul or in Nomad, exactly as they are written here, by name."""
    count: NotRequired[int]
    """Instances. For system jobs: per node. Default 1."""
    scaling: NotRequired[ScalingArgs | None]
    """Bounds for an autoscaler. Default: nothing but `count` decides how many there are."""
    volumes: NotRequired[Mapping[str, VolumeArgs]]
    """Storage, by name."""
    calls: NotRequired[Mapping[str, CallArgs]]
    """Services that this one uses, by their names in Consul."""
    callers: NotRequired[Sequence[str] | None]
    """Services that may call this one in the mesh, by their names in Consul, while all others may not; "*" is
    everybody. Default: nothing is said of it. Source: service-intentions."""
    mesh: NotRequired[bool]
    """Whether instances are in Consul's service mesh: with a proxy beside them and a network of their own (bridge).
    Default false."""
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
    periodic: NotRequired[PeriodicArgs | None]
    """When it runs, for batch and sysbatch. Default: once, when it is deployed."""
    parameterized: NotRequired[ParameterizedArgs | None]
    """Runs when it is dispatched, for batch and sysbatch. Default: runs without being asked."""
    tags: NotRequired[Sequence[str]]
    """Tags in Consul besides the name and name@version."""
    meta: NotRequired[Mapping[str, str]]
    """For people and tools that read the job; the process finds them as NOMAD_META_<key>."""
    shutdown_delay_s: NotRequired[float | None]
    """Time between leaving Consul and SIGTERM: clients look elsewhere meanwhile. null: none is set. Source: group >
    shutdown_delay. In seconds. Default 3."""
    namespace: NotRequired[str | None]
    """Nomad namespace. Default: the provider's."""
    region: NotRequired[str | None]
    """Nomad region. Default: the provider's."""
    port_variable: NotRequired[bool]
    """Whether PORT is set to the port labelled http. false: the process has NOMAD_PORT_http only. Default true."""
    network: NotRequired[NetworkArgs]
    """The network that the tasks of an instance share."""
    host_network: NotRequired[str | None]
    """Network of the nodes that ports are published on, for nodes with several. Default: their default network."""
    job_id: NotRequired[str | None]
    """ID of the job in Nomad, if that is no name for Consul and DNS. Default: the service's name. Another ID is another
    job."""
    job_name: NotRequired[str | None]
    """The job's name in Nomad. Default: its ID."""
    group_name: NotRequired[str | None]
    """Name of the group in the job. Default: the service's name. Another name is another group: all instances anew."""
    task_name: NotRequired[str | None]
    """Name of the service's own task. Default: the service's name."""
    group_meta: NotRequired[Mapping[str, str]]
    """The same as `meta`, of the group."""
    group_consul: NotRequired[bool]
    """Whether its services get a token of Consul. Source: group > consul. Default false."""
    task_meta: NotRequired[Mapping[str, str]]
    """The same as `meta`, of the service's own task."""
    task_shutdown_delay_s: NotRequired[float]
    """Time between the task's own services leaving Consul and SIGTERM. Source: task > shutdown_delay. In seconds.
    Default 0."""
    all_at_once: NotRequired[bool]
    """Whether Nomad places all instances or none. Source: job > all_at_once. Default false."""
    datacenters: NotRequired[Sequence[str] | None]
    """Nomad datacenters to run in. Default `dc1`."""
    node_pool: NotRequired[str | None]
    """Nomad node pool. Default: Nomad's, which is `default`."""
    priority: NotRequired[int | None]
    """Higher goes first where nodes are short. Default: Nomad's 50; Nomad's default limit is 100."""
    groups: NotRequired[Mapping[str, GroupArgs]]
    """More groups of the job, by name: other instances that come and go with it."""
    job: NotRequired[Mapping[str, Any]]
    """More of the job, in the JSON of Nomad's API, merged into it last: mappings key by key, lists of named parts
    (TaskGroups, Tasks, Services) part by part, anything else replaces."""
