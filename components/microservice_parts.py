"""The parts of a Microservice's arguments: the keys of service.yaml, for programs.

Values are checked by components/service/ and components/rules/. Types that Pulumi can offer to other languages are
TypedDicts without a base, and their annotations must not be strings: no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from components.microservice_workload import ArtifactArgs, IdentityArgs, LogsArgs, ScriptArgs, VaultArgs, WaitArgs


class PortArgs(TypedDict):
    """A port of the service; its key is its label."""

    to: NotRequired[int | None]
    """Port that the process listens on, inside its container. Without a container (raw_exec, exec, java, ...) there
    is none: the process listens on the node's port, which it finds in NOMAD_PORT_<label>, and in PORT for http."""
    static: NotRequired[int | None]
    """Port on the node. Default: one that Nomad chooses, which lets instances share a node."""
    protocol: NotRequired[str | None]
    """What is spoken there, the scheme of addresses. Default: http on the port labelled http, tcp on any other. One
    of `http`, `https`, `grpc`, `tcp`, `udp`."""
    registered: NotRequired[bool]
    """Whether a port besides the main one is a service of its own in Consul, <name>-<label>, which others can call.
    Default false."""
    host_network: NotRequired[str | None]
    """Network of the node that it is published on, for nodes with several. Default: the service's."""
    mapped: NotRequired[bool]
    """Whether it leads to `to`, by a container or a network of the instance's own. false: the process listens on the
    node's port, and `to` is only what the job says. Default true."""
    ignore_collision: NotRequired[bool]
    """For static: whether several instances of a node may have it, as by SO_REUSEPORT. Default false."""


class RestartOnFailureArgs(TypedDict):
    """Restart an instance whose check keeps failing. Source: check_restart."""

    limit: NotRequired[int]
    """Failures in a row before the restart. Default 3."""
    grace_s: NotRequired[float]
    """Time after a start in which failures do not count. In seconds. Default 30."""
    ignore_warnings: NotRequired[bool]
    """Whether a warning is no failure. Default false."""


class CheckArgs(TypedDict):
    """A question to an instance that Consul repeats. Source: service > check."""

    type: NotRequired[str]
    """One of `http`, `tcp`, `grpc`, `script`. Default `http`."""
    name: NotRequired[str | None]
    """Name in Consul. Default: the service's, and the check's key or type."""
    port: NotRequired[str]
    """Label of the port to ask; a script has none. Default `http`."""
    path: NotRequired[str | None]
    """For http only. Default /health."""
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
    """For script only: the task to run it in. Default: the service's own."""
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


class ConstraintArgs(TypedDict):
    """A condition that a node must meet. Source: constraint."""

    attribute: NotRequired[str | None]
    """As ${attr.kernel.name}, ${meta.rack} or ${node.class}. Only distinct_hosts has none."""
    operator: NotRequired[str]
    """One of `=`, `!=`, `>`, `>=`, `<`, `<=`, `regexp`, `version`, `semver`, `set_contains`, `set_contains_all`,
    `set_contains_any`, `is_set`, `is_not_set`, `distinct_hosts`, `distinct_property`. Default `=`."""
    value: NotRequired[str | None]
    """What to compare with. For distinct_property: how many instances may share a value, default 1."""
    level: NotRequired[str]
    """Where it is in the job: of the job, of the group, or of the service's own task. To Nomad it is the same. Default
    `group`. One of `job`, `group`, `task`."""


class AffinityArgs(TypedDict):
    """A preference for nodes. Source: affinity."""

    attribute: str
    """As ${node.class}."""
    operator: NotRequired[str]
    """One of `=`, `!=`, `>`, `>=`, `<`, `<=`, `regexp`, `version`, `semver`, `set_contains`, `set_contains_all`,
    `set_contains_any`. Default `=`."""
    value: str
    """What to compare with."""
    weight: NotRequired[int]
    """-100 to 100, not 0; below 0 to avoid such nodes. Default 50."""
    level: NotRequired[str]
    """Where it is in the job: of the job, of the group, or of the service's own task. To Nomad it is the same. Default
    `group`. One of `job`, `group`, `task`."""


class SpreadArgs(TypedDict):
    """Spread instances over the values of an attribute. Source: spread."""

    attribute: str
    """As ${node.datacenter}."""
    weight: NotRequired[int]
    """1 to 100, against other spreads and affinities. Default 50."""
    targets: NotRequired[Mapping[str, int]]
    """Percent of the instances per value, 100 together at the most. Default: evenly."""
    level: NotRequired[str]
    """Where it is in the job: of the job, or of the group. To Nomad it is the same. Default `group`. One of `job`,
    `group`."""


class DeviceArgs(TypedDict):
    """A device of the node, such as a GPU. Source: resources > device."""

    name: str
    """<type>, <vendor>/<type> or <vendor>/<type>/<model>: gpu, nvidia/gpu, nvidia/gpu/1080ti."""
    count: NotRequired[int]
    """1 or more. Default 1."""
    constraints: NotRequired[Sequence[ConstraintArgs]]
    """On the device's own attributes, as ${device.attr.memory}."""
    affinities: NotRequired[Sequence[AffinityArgs]]
    """The same, as preferences."""


class ResourcesArgs(TypedDict):
    """What is reserved for each instance."""

    cpu_mhz: NotRequired[int | None]
    """1 or more. Default 100, unless cores are given. Source: resources > cpu. In MHz."""
    cores: NotRequired[int | None]
    """Whole cores for each instance alone, instead of cpu_mhz."""
    memory_mb: NotRequired[int]
    """10 or more. Source: resources > memory. In MiB. Default 256."""
    memory_max_mb: NotRequired[int | None]
    """What an instance may use while the node has it, at least memory_mb. Needs oversubscription switched on. In
    MiB."""
    devices: NotRequired[Sequence[DeviceArgs]]
    """Devices of the node."""


class InstanceResourcesArgs(TypedDict):
    """What is reserved for each instance, with what its tasks share."""

    cpu_mhz: NotRequired[int | None]
    """1 or more. Default 100, unless cores are given. Source: resources > cpu. In MHz."""
    cores: NotRequired[int | None]
    """Whole cores for each instance alone, instead of cpu_mhz."""
    memory_mb: NotRequired[int]
    """10 or more. Source: resources > memory. In MiB. Default 256."""
    memory_max_mb: NotRequired[int | None]
    """What an instance may use while the node has it, at least memory_mb. Needs oversubscription switched on. In
    MiB."""
    devices: NotRequired[Sequence[DeviceArgs]]
    """Devices of the node."""
    disk_mb: NotRequired[int | None]
    """Scratch disk, 10 or more. Default: Nomad's 300. Source: ephemeral_disk > size. In MiB."""
    disk_sticky: NotRequired[bool]
    """Whether a replaced instance gets the contents, if Nomad can place it on the same node. Default false."""
    disk_migrate: NotRequired[bool]
    """Whether contents are copied to another node, too. Needs disk_sticky. Default false."""


class MigrateArgs(TypedDict):
    """How instances leave a node that drains. Source: migrate."""

    max_parallel: NotRequired[int]
    """Instances that move at a time. Default 1."""
    health_check: NotRequired[str]
    """What healthy means of the new one. Default `checks`. One of `checks`, `task_states`."""
    min_healthy_s: NotRequired[float]
    """How long it must be healthy to count. In seconds. Default 10."""
    healthy_deadline_s: NotRequired[float]
    """Time for it to become healthy. In seconds. Default 300."""


class DisconnectArgs(TypedDict):
    """What becomes of instances on a node that Nomad does not reach. Source: disconnect."""

    lost_after_s: NotRequired[float | None]
    """How long they may come back, before they count as lost. Default: they are lost at once. In seconds."""
    stop_after_s: NotRequired[float | None]
    """After which time the node stops them by itself. Source: disconnect > stop_on_client_after. In seconds."""
    replace: NotRequired[bool]
    """Whether others are started meanwhile. Default true."""
    reconcile: NotRequired[str]
    """Which of the two stays when the node is back. Default `best_score`. One of `best_score`, `keep_original`,
    `keep_replacement`, `longest_running`."""


class RolloutArgs(TypedDict):
    """How a new version replaces the old one. Source: update."""

    canary: NotRequired[int]
    """Instances of the new version that must be healthy before an old one stops. Default 1."""
    auto_promote: NotRequired[bool | None]
    """Go on when the canaries are healthy. Default: true, if there are canaries."""
    auto_revert: NotRequired[bool]
    """Go back to the last stable version when the new one fails. Default true."""
    max_parallel: NotRequired[int]
    """Instances replaced at a time. Nomad's 0 would switch deployments off, and with them every safety. Default
    1."""
    min_healthy_s: NotRequired[float]
    """How long an instance must be healthy to count: raise it to catch versions that fail after a while. In
    seconds. Default 10."""
    soak_s: NotRequired[float | None]
    """How long `up` watches healthy canaries before it promotes them and old instances stop, so that a version that
    crashes or fails its check after a while is taken back. Needs a canary. Default: not at all. In seconds."""
    healthy_deadline_s: NotRequired[float]
    """Time for one instance to become healthy, above min_healthy_s. In seconds. Default 120."""
    progress_deadline_s: NotRequired[float]
    """Time in which one more instance must have become healthy, above healthy_deadline_s. 0: the first unhealthy one
    ends the rollout. In seconds. Default 180."""
    stagger_s: NotRequired[float | None]
    """Time between the moves of instances away from nodes that drain or are lost. Default: Nomad's 30. In
    seconds."""
    health_check: NotRequired[str | None]
    """What healthy means: passing in Consul, or just running. null: Nomad's own rule, by which an instance without any
    check is healthy when it runs. Default `checks`. One of `checks`, `task_states`."""
    level: NotRequired[str]
    """Where it is in the job: of the group, or of the job as well, by whose max_parallel and stagger_s Nomad replaces
    the instances of a system job. Default `group`. One of `group`, `job`."""


class RestartArgs(TypedDict):
    """What happens on the node when an instance exits. Source: restart."""

    attempts: NotRequired[int]
    """Restarts within the interval. Default 2."""
    interval_s: NotRequired[float]
    """5 or more. In seconds. Default 300."""
    delay_s: NotRequired[float]
    """Time before a restart. In seconds. Default 5."""
    mode: NotRequired[str]
    """After the attempts: fail (place the instance anew, see Reschedule), or wait for the interval to end. One of
    `fail`, `delay`. Default `fail`."""
    render_templates: NotRequired[bool]
    """Whether a restart fills in the templates again. Default false."""


class RescheduleArgs(TypedDict):
    """How often a failed instance is placed anew, possibly elsewhere. Source: reschedule.

    Bounded, so that a version that cannot start fails its deployment early rather than at the deadline."""

    attempts: NotRequired[int]
    """New placements within the interval. Default 2."""
    interval_s: NotRequired[float]
    """15 or more. In seconds. Default 3600."""
    delay_s: NotRequired[float]
    """Time before a new placement, 5 or more. In seconds. Default 5."""
    delay_function: NotRequired[str]
    """How the delay grows from one attempt to the next. One of `constant`, `exponential`, `fibonacci`. Default
    `constant`."""
    max_delay_s: NotRequired[float | None]
    """Where the growth ends, delay_s or more. Default: Nomad's, 3600. In seconds."""
    unlimited: NotRequired[bool]
    """Never give up; attempts and interval_s then mean nothing. Default false."""


class ScalingArgs(TypedDict):
    """Bounds within which an autoscaler changes the count. Source: scaling."""

    min: NotRequired[int]
    """At the most count. Default 1."""
    max: int
    """At least count."""
    enabled: NotRequired[bool]
    """While it is, the number that runs is the autoscaler's, and `count` only what the first deployment starts
    with. Default true."""
    policy: NotRequired[Mapping[str, Any]]
    """For the autoscaler, as its documentation has it."""


class FileArgs(TypedDict):
    """A file that Nomad writes; its key is where. Exactly one of text and source. Source: template."""

    text: NotRequired[str | None]
    """What the file holds."""
    source: NotRequired[str | None]
    """A file that holds it, relative to the service's folder."""
    source_path: NotRequired[str | None]
    """A template that the task has on the node, as from an artifact: local/app.conf.tpl."""
    template: NotRequired[bool]
    """Whether {{ }} in it is filled in by Nomad (keys of Consul, services, Nomad's variables, ...) and kept
    current. Otherwise the file is what is written here, braces and all. Default false."""
    env: NotRequired[bool]
    """Whether its lines NAME=value become variables of the process. Default false."""
    left_delimiter: NotRequired[str | None]
    """For a template: what stands for {{."""
    right_delimiter: NotRequired[str | None]
    """For a template: what stands for }}."""
    once: NotRequired[bool]
    """For a template: whether it is filled in at the start only. Default false."""
    error_on_missing_key: NotRequired[bool]
    """For a template: whether the task fails where a value is missing. Default false."""
    wait: NotRequired[WaitArgs | None]
    """For a template: how long its values must stay the same before it is filled in. Default: Nomad's."""
    elsewhere: NotRequired[bool]
    """Whether its path may be anywhere in the task's folder: a container has it only where `config` mounts it. Default
    false."""
    perms: NotRequired[str]
    """Three octal digits. Default `0644`."""
    uid: NotRequired[int | None]
    """Owner. Default: that of the Nomad agent."""
    gid: NotRequired[int | None]
    """Group. Default: that of the Nomad agent."""
    change_mode: NotRequired[str]
    """What happens to the process when a template's values change: nothing (the file is rewritten), a restart, a
    signal, a script. Default nothing, because Nomad would restart all instances at once and without a canary. One of
    `noop`, `restart`, `signal`, `script`."""
    change_signal: NotRequired[str | None]
    """For change_mode signal."""
    change_script: NotRequired[ScriptArgs | None]
    """For change_mode script."""
    splay_s: NotRequired[float]
    """A random wait up to this long before a restart or signal. In seconds. Default 5."""


class SecretArgs(TypedDict):
    """How a secret reaches the process; its key is its name. Its value is in the stack's file, encrypted."""

    of: NotRequired[str | None]
    """Another service of the stack whose secret of the same name this is. In service.yaml only: a program has the
    value."""
    file: NotRequired[str | None]
    """Path below the secrets directory: the value becomes this file, and <NAME>_FILE its path. Default: the value
    is a variable of the secret's name."""
    perms: NotRequired[str]
    """Of the file. Default `0644`."""
    uid: NotRequired[int | None]
    """Owner of the file. Default: that of the Nomad agent."""
    gid: NotRequired[int | None]
    """Group of the file. Default: that of the Nomad agent."""


class CallArgs(TypedDict):
    """How a service finds another; its key is the other's name in Consul."""

    port: NotRequired[str | None]
    """Label of a registered port of the other. Default: its main one."""
    scheme: NotRequired[str | None]
    """What addresses begin with. Default: the protocol of the other's port, where it is known; otherwise http."""
    deliver: NotRequired[str]
    """file: <NAME>_FILE is the path of a file with the addresses of the healthy instances, one per line, which
    Nomad keeps current. env: <NAME>_URL is the first of them, and the process is restarted whenever that one
    changes. Default `file`."""
    mesh: NotRequired[bool]
    """By the mesh's proxy instead: <NAME>_URL is an address on this instance's own loopback. Default false."""
    local_port: NotRequired[int | None]
    """For mesh: the port on loopback."""


class VolumeArgs(TypedDict):
    """Storage; its key is its name in the job. Source: volume, volume_mount, ephemeral_disk."""

    type: str
    """host: a volume of the node; csi: one of a CSI plugin; ephemeral: the instance's scratch disk, once at most."""
    mount: str
    """Where the process finds it. Ephemeral volumes are mounted by the docker driver only."""
    source: NotRequired[str | None]
    """Its name among the node's volumes, or its CSI ID. Default: the key. Not for ephemeral."""
    read_only: NotRequired[bool]
    """Whether the process may only read. Default false."""
    mount_read_only: NotRequired[bool | None]
    """The same of the mount alone, where the volume is asked for otherwise. Default: as read_only."""
    per_instance: NotRequired[bool]
    """One volume per instance: source[0], source[1], ... Not with canaries. Default false."""
    sticky: NotRequired[bool]
    """host: a replaced instance gets the same volume. ephemeral: a replaced instance gets the contents, if Nomad
    can place it on the same node. Default false."""
    migrate: NotRequired[bool]
    """For ephemeral and sticky: contents are copied to another node, too. Default false."""
    access: NotRequired[str | None]
    """For host and csi. Default for csi: single-node-writer. One of `single-node-reader-only`,
    `single-node-writer`, `single-node-single-writer`, `single-node-multi-writer`, `multi-node-reader-only`,
    `multi-node-single-writer`, `multi-node-multi-writer`."""
    block_device: NotRequired[bool]
    """For csi: a device instead of a file system. Default false."""
    fs_type: NotRequired[str | None]
    """For csi: the file system. Default: the volume's own."""
    mount_flags: NotRequired[Sequence[str]]
    """For csi: options of the mount."""


class PeriodicArgs(TypedDict):
    """Run at times. Source: periodic."""

    crons: Sequence[str]
    """One or more: minute, hour, day of the month, month, day of the week; or @daily and the like."""
    time_zone: NotRequired[str]
    """As Europe/Berlin. Default `UTC`."""
    allow_overlap: NotRequired[bool]
    """Start another run while the last one is still going on. Default false."""
    enabled: NotRequired[bool]
    """Whether its times count. Default true."""


class ParameterizedArgs(TypedDict):
    """Run when dispatched. Source: parameterized."""

    payload: NotRequired[str]
    """One of `optional`, `required`, `forbidden`. Default `optional`."""
    meta_required: NotRequired[Sequence[str]]
    """Keys that a dispatch must give; the process finds them as NOMAD_META_<key>."""
    meta_optional: NotRequired[Sequence[str]]
    """Keys that a dispatch may give."""
    payload_file: NotRequired[str | None]
    """Where below local/ the process finds the payload. Default: nowhere."""


class TaskArgs(TypedDict):
    """A task beside the service's own; its key is its name. Source: task > lifecycle."""

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
    resources: NotRequired[ResourcesArgs]
    """What is reserved for it."""
    kill_timeout_s: NotRequired[float]
    """Time between SIGTERM and SIGKILL. Source: task > kill_timeout. In seconds. Default 20."""
    kill_signal: NotRequired[str | None]
    """Signal that asks the process to end. Default SIGTERM (SIGINT without a container)."""
    image: NotRequired[str | None]
    """A finished image, with a tag or a digest. Default: the service's own image."""
    image_floating: NotRequired[bool]
    """Whether the image may have no tag, and so mean another one tomorrow. Default false."""
    hook: NotRequired[str]
    """When it starts: before the service's own process, after its start, or after its end; main: with it, as another
    process that the instance cannot do without. Default `prestart`. One of `prestart`, `poststart`, `poststop`,
    `main`."""
    sidecar: NotRequired[bool]
    """Whether it goes on beside the process (and is restarted with it), or must end well before the process starts.
    Default false."""
    secrets: NotRequired[Sequence[str]]
    """Names of the service's secrets that this task gets, too."""
    mounts: NotRequired[Mapping[str, str]]
    """Volumes of the service that this task mounts, too, with their paths."""
    constraints: NotRequired[Sequence[ConstraintArgs]]
    """Conditions that nodes must meet for it."""
    affinities: NotRequired[Sequence[AffinityArgs]]
    """Preferences for nodes for it."""
    meta: NotRequired[Mapping[str, str]]
    """Of this task; its process finds them as NOMAD_META_<key>."""
    shutdown_delay_s: NotRequired[float]
    """Time between its services leaving Consul and SIGTERM. Source: task > shutdown_delay. In seconds. Default 0."""
