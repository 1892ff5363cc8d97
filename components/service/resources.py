"""What each instance needs of its node."""

from typing import Annotated

from pydantic import Field

from components.service.base import Model, Text
from components.service.placement import Affinity, Constraint

DEFAULT_CPU_MHZ = 100


class Device(Model):
    """A device of the node, such as a GPU. Source: resources > device."""

    name: Text
    """<type>, <vendor>/<type> or <vendor>/<type>/<model>: gpu, nvidia/gpu, nvidia/gpu/1080ti."""
    count: Annotated[int, Field(ge=1)] = 1
    """1 or more."""
    constraints: Annotated[tuple[Constraint, ...], Field(strict=False)] = ()
    """On the device's own attributes, as ${device.attr.memory}."""
    affinities: Annotated[tuple[Affinity, ...], Field(strict=False)] = ()
    """The same, as preferences."""


class Resources(Model):
    """What is reserved for each instance."""

    cpu_mhz: Annotated[int, Field(ge=1)] | None = None
    """1 or more. Default 100, unless cores are given. Source: resources > cpu."""
    cores: Annotated[int, Field(ge=1)] | None = None
    """Whole cores for each instance alone, instead of cpu_mhz."""
    memory_mb: Annotated[int, Field(ge=10)] = 256
    """10 or more. Source: resources > memory."""
    memory_max_mb: int | None = None
    """What an instance may use while the node has it, at least memory_mb. Needs oversubscription switched on."""
    devices: Annotated[tuple[Device, ...], Field(strict=False)] = ()
    """Devices of the node."""


class InstanceResources(Resources):
    """What is reserved for each instance, with what its tasks share."""

    disk_mb: Annotated[int, Field(ge=10)] | None = None
    """Scratch disk, 10 or more. Default: Nomad's 300. Source: ephemeral_disk > size."""
    disk_sticky: bool = False
    """Whether a replaced instance gets the contents, if Nomad can place it on the same node."""
    disk_migrate: bool = False
    """Whether contents are copied to another node, too. Needs disk_sticky."""
