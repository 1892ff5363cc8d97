"""A group of a job: instances of one kind, and how many there are."""

from typing import Annotated

from pydantic import Field

from components.service.base import MetaKey, Name, PortLabel, Seconds, Text, Value
from components.service.image import Reference
from components.service.network import Network
from components.service.placement import Affinity, Constraint, Spread
from components.service.ports import Port
from components.service.registrations import Registration
from components.service.resources import InstanceResources
from components.service.rollout import Disconnect, Migrate, Reschedule, Restart, Rollout, Scaling
from components.service.tasks import Process, Task
from components.service.volumes import Volume


class InGroup(Process):
    """What a service and each more group of its job have: the main process, and what its instances share."""

    ports: dict[PortLabel, Port] = Field(default_factory=dict)
    """By label."""
    services: dict[Name, Registration] = Field(default_factory=dict)
    """More services that instances register, in Consul or in Nomad, exactly as they are written here, by name."""
    resources: InstanceResources = InstanceResources()
    """What is reserved for each instance."""
    count: Annotated[int, Field(ge=0)] = 1
    """Instances. For system jobs: per node."""
    scaling: Scaling | None = None
    """Bounds for an autoscaler. Default: nothing but `count` decides how many there are."""
    volumes: dict[Name, Volume] = Field(default_factory=dict)
    """Storage, by name."""
    tasks: dict[Name, Task] = Field(default_factory=dict)
    """Tasks beside the service's own: to prepare it, to accompany it, to clear up after it."""
    constraints: Annotated[tuple[Constraint, ...], Field(strict=False)] = ()
    """Conditions that nodes must meet."""
    affinities: Annotated[tuple[Affinity, ...], Field(strict=False)] = ()
    """Preferences for nodes."""
    spreads: Annotated[tuple[Spread, ...], Field(strict=False)] = ()
    """How instances are spread over nodes."""
    rollout: Rollout = Rollout()
    """For services and system jobs; what runs to its end has no rollout."""
    restart: Restart = Restart()
    """What happens on the node when an instance exits."""
    migrate: Migrate | None = None
    """How instances leave a node that drains. Default: Nomad's, one at a time. For services."""
    disconnect: Disconnect | None = None
    """What becomes of instances on a node that Nomad does not reach. Default: they are replaced at once."""
    reschedule: Reschedule = Reschedule()
    """How often a failed instance is placed anew. For services and batch jobs."""
    shutdown_delay_s: Seconds | None = 3
    """Time between leaving Consul and SIGTERM: clients look elsewhere meanwhile. null: none is set. Source: group >
    shutdown_delay."""
    port_variable: bool = True
    """Whether PORT is set to the port labelled http. false: the process has NOMAD_PORT_http only."""
    network: Network = Network()
    """The network that the tasks of an instance share."""
    task_name: Text | None = None
    """Name of the main task. Default: the service's name, or that of its group in `groups`."""
    group_meta: dict[MetaKey, Value] = Field(default_factory=dict)
    """The same as `meta`, of the group."""
    group_consul: bool = False
    """Whether its services get a token of Consul. Source: group > consul."""
    task_meta: dict[MetaKey, Value] = Field(default_factory=dict)
    """The same as `meta`, of the service's own task."""
    task_shutdown_delay_s: Seconds = 0
    """Time between the task's own services leaving Consul and SIGTERM. Source: task > shutdown_delay."""


class Group(InGroup):
    """One more group of the job; its key is its name. It is registered by `services` alone. Source: group."""

    image: Reference | None = None
    """A finished image, with a tag or a digest. Default: the service's own image."""
    image_floating: bool = False
    """Whether the image may have no tag, and so mean another one tomorrow."""
