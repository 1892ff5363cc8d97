"""What runs in an instance: the service's own process and tasks beside it."""

from typing import Annotated, Literal

from pydantic import Field

from components.service.base import (
    AbsolutePath,
    AnyEnvName,
    EnvName,
    Json,
    MetaKey,
    Model,
    Name,
    Seconds,
    Signal,
    Text,
    Texts,
    Value,
    Values,
    matching,
)
from components.service.files import Destination, File
from components.service.image import Reference
from components.service.placement import Affinity, Constraint
from components.service.resources import Resources
from components.service.workload import Artifact, Identity, Logs, Vault

IMAGE_DRIVERS = frozenset({"docker", "podman"})
"""Drivers that run an image, with ports of its own."""

Driver = Annotated[str, matching(r"[A-Za-z0-9][A-Za-z0-9_.-]*", 'must be the name of a driver, as "docker" or "exec"')]


class Process(Model):
    """A process and its surroundings. Source: task."""

    driver: Driver = "docker"
    """docker, podman, exec, raw_exec, java, qemu or any other that the nodes have."""
    command: Value | None = None
    """Program to run. Default for images: the image's own command."""
    args: Values = ()
    """Its arguments. Everybody who can read the job or list processes reads them: no place for secrets. Nomad fills in
    what it knows, as in env; any other ${...} reaches the process as it is written. The same goes for command and
    entrypoint."""
    entrypoint: Values = ()
    """For images: instead of the image's own entrypoint."""
    config: Json = Field(default_factory=dict)
    """More of the driver's own configuration, handed on as it is: every ${...} in it is Nomad's."""
    user: Text | None = None
    """User to run as. Default: the image's, or that of the Nomad agent's configuration."""
    env: dict[AnyEnvName, Value] = Field(default_factory=dict)
    """Variables for the process, readable by everybody who can read the job: no place for secrets. PORT is set to the
    port labelled http. Nomad fills in what it knows, as ${NOMAD_ALLOC_ID}, ${node.class} or ${meta.rack}
    (Nomad, "runtime interpolation"); any other ${...} reaches the process as it is written."""
    files: dict[Destination, File] = Field(default_factory=dict)
    """Files that it finds, by path."""
    labels: dict[Text, Value] = Field(default_factory=dict)
    """Labels of the container."""
    publish: Texts | None = None
    """For images: labels of the ports that the driver maps into the container. []: none. Default: all ports for the
    service's own process, none for a task beside it."""
    artifacts: Annotated[tuple[Artifact, ...], Field(strict=False)] = ()
    """What Nomad fetches for it before it starts, in this order."""
    vault: Vault | None = None
    """A token of Vault for it. Default: none."""
    identities: dict[Name, Identity] = Field(default_factory=dict)
    """Identities by which others know it, by name. Default: Nomad's own."""
    consul: bool = False
    """Whether it gets a token of Consul. Source: consul."""
    logs: Logs = Logs()
    """What Nomad keeps of its output."""
    leader: bool = False
    """Whether the other tasks of the instance end when it does."""
    resources: Resources = Resources()
    """What is reserved for it."""
    kill_timeout_s: Annotated[Seconds, Field(gt=0)] = 20
    """Time between SIGTERM and SIGKILL. Source: task > kill_timeout."""
    kill_signal: Signal | None = None
    """Signal that asks the process to end. Default SIGTERM (SIGINT without a container)."""

    @property
    def runs_image(self) -> bool:
        """Whether its driver runs images."""
        return self.driver in IMAGE_DRIVERS

    @property
    def uses_host_network(self) -> bool:
        """Whether it is in the node's own network, where nothing maps ports."""
        return not self.runs_image or self.config.get("network_mode") == "host"


class Task(Process):
    """A task beside the service's own; its key is its name. Source: task > lifecycle."""

    image: Reference | None = None
    """A finished image, with a tag or a digest. Default: the service's own image."""
    image_floating: bool = False
    """Whether the image may have no tag, and so mean another one tomorrow."""
    hook: Literal["prestart", "poststart", "poststop", "main"] = "prestart"
    """When it starts: before the service's own process, after its start, or after its end; main: with it, as another
    process that the instance cannot do without."""
    sidecar: bool = False
    """Whether it goes on beside the process (and is restarted with it), or must end well before the process starts."""
    secrets: Annotated[tuple[EnvName, ...], Field(strict=False)] = ()
    """Names of the service's secrets that this task gets, too."""
    mounts: dict[str, AbsolutePath] = Field(default_factory=dict)
    """Volumes of the service that this task mounts, too, with their paths."""
    constraints: Annotated[tuple[Constraint, ...], Field(strict=False)] = ()
    """Conditions that nodes must meet for it."""
    affinities: Annotated[tuple[Affinity, ...], Field(strict=False)] = ()
    """Preferences for nodes for it."""
    meta: dict[MetaKey, Value] = Field(default_factory=dict)
    """Of this task; its process finds them as NOMAD_META_<key>."""
    shutdown_delay_s: Seconds = 0
    """Time between its services leaving Consul and SIGTERM. Source: task > shutdown_delay."""
