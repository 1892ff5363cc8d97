"""The parts of a Microservice's arguments: the keys of service.yaml, for programs.

Values are checked by components/service/ and components/rules/. Types that Pulumi can offer to other languages are
TypedDicts without a base, and their annotations must not be strings: no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from components.microservice_policies import AffinityArgs, ConstraintArgs
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
