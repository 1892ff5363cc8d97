"""The names that a stack puts into Consul: where two of them are one, those who ask for it get instances of either."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from components.jobspec import Placement, build_job
from components.layers import Layers
from components.problems import Problem
from components.service.calls import consul_name
from components.service.group import InGroup
from components.service_model import Service
from components.stack_config import StackConfig
from components.yaml_file import KeyPath

_SIDECAR = "-sidecar-proxy"
"""Source: Consul, the name of a proxy that is registered beside its service."""


class Member(Protocol):
    """A service of the stack."""

    @property
    def spec(self) -> Service: ...

    @property
    def layers(self) -> Layers: ...


@dataclass(frozen=True)
class SharedName:
    """A name that comes from two places."""

    problem: Problem
    meant: bool
    """Whether it is written as such, in a job: then it may be what somebody wants."""


@dataclass(frozen=True)
class _Owner:
    where: str
    path: KeyPath


def shared_names(stack: StackConfig, services: Sequence[Member]) -> Iterator[SharedName]:
    """Every name that two services, or a service and an external one, have in Consul.

    Not here are two services with one name of their own, which no job can have either.
    """
    owners: dict[str, _Owner] = {}
    for name in sorted(stack.external_services):
        owners[name] = _Owner(stack.file.where(("external_services", name)), ("external_services",))
    # A service's own name comes first, so that what is told is told of the name that is derived.
    found = [(service, name, path) for service in services for name, path in registered(service.spec).items()]
    for service, name, path in sorted(found, key=lambda it: (it[2] != ("name",), it[0].spec.name)):
        first = owners.setdefault(name, _Owner(service.layers.where(path), path))
        here = service.layers.where(path)
        if first.where == here or (path == ("name",) and first.path in (("name",), ("external_services",))):
            continue
        what = (
            f'registers "{name}" in Consul, as does {first.where}: those who call "{name}" would get instances of '
            "either. Rename one of them"
        )
        meant = any(it[0] in ("job", "services", "groups") for it in (path, first.path))
        yield SharedName(Problem(here, what), meant)


def registered(service: Service) -> dict[str, KeyPath]:
    """The names that a service's job registers in Consul, and the keys that they come from."""
    own: dict[str, KeyPath] = {service.name: ("name",)} if service.registered else {}
    for label in service.ports:
        own.setdefault(consul_name(service.name, label), ("ports", label, "registered"))
    for besides, path in _besides(service):
        own.setdefault(besides, path)
    names: dict[str, KeyPath] = {}
    for entry in _services(build_job(service, "image", Placement(), built=False, secrets_version="x")):
        name = entry.get("Name")
        # What Nomad fills in is not known here.
        if not isinstance(name, str) or "${" in name or entry.get("Provider", "consul") != "consul":
            continue
        names[name] = own.get(name, ("job",))
        if _inside(entry.get("Connect"), "SidecarService") is not None:
            names[name + _SIDECAR] = ("mesh",) if service.mesh else names[name]
    return names


def _besides(service: Service) -> Iterator[tuple[str, KeyPath]]:
    """The names of `services`, and where they are."""
    owners: list[tuple[KeyPath, InGroup]] = [((), service)]
    owners += [(("groups", name), group) for name, group in service.groups.items()]
    for prefix, owner in owners:
        yield from ((entry.name or key, (*prefix, "services", key)) for key, entry in owner.services.items())


def _services(job: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in _parts(job, "TaskGroups"):
        yield from _parts(group, "Services")
        for task in _parts(group, "Tasks"):
            yield from _parts(task, "Services")


def _parts(value: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """The mappings in a list that a mapping has; under the key `job` anything may be anywhere."""
    parts = _inside(value, key)
    yield from (part for part in parts if isinstance(part, Mapping)) if isinstance(parts, list) else ()


def _inside(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None
