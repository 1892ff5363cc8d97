"""Rules for what Nomad fetches and vouches for, and for where conditions are in the job."""

from collections.abc import Iterator
from typing import Any

from components.rules.violation import Violation
from components.service.tasks import Process
from components.service_model import Service


def workload(service: Service) -> Iterator[Violation]:
    """Signals, identities and leaders."""
    processes: list[tuple[tuple[str, ...], Process]] = [((), service)]
    processes += [(("tasks", name), task) for name, task in service.tasks.items()]
    leaders = [path for path, process in processes if process.leader]
    for path in leaders[1:]:
        first = ".".join((*leaders[0], "leader"))
        yield Violation((*path, "leader"), f"is true, but so is {first}: an instance has one leader", (first,))
    for path, process in processes:
        if process.vault is not None:
            yield from _signal((*path, "vault"), process.vault)
        for name, identity in process.identities.items():
            yield from _signal((*path, "identities", name), identity)
            if name == "default" and identity.audience:
                yield Violation(
                    (*path, "identities", name, "audience"), "is there, but the default one has Nomad's own"
                )
    if service.resources.disk_migrate and not service.resources.disk_sticky:
        what = "is true, but needs disk_sticky: true as well"
        yield Violation(("resources", "disk_migrate"), what, ("resources.disk_sticky",))
    for name, task in service.tasks.items():
        if task.hook == "main" and task.sidecar:
            what = 'is true, but hook is "main": it runs as long as the process anyway'
            yield Violation(("tasks", name, "sidecar"), what, (f"tasks.{name}.hook",))


def _signal(path: tuple[str, ...], block: Any) -> Iterator[Violation]:
    if (block.change_mode == "signal") != (block.change_signal is not None):
        what = "is missing" if block.change_signal is None else 'is for change_mode "signal" only'
        yield Violation((*path, "change_signal"), what, (f"{'.'.join(path)}.change_mode",))


def levels(service: Service) -> Iterator[Violation]:
    """That only what has several places says which."""
    places: list[tuple[tuple[str, ...], Any]] = []
    for prefix, process in (((), service), *((("tasks", name), task) for name, task in service.tasks.items())):
        for number, device in enumerate(process.resources.devices):
            places.append(((*prefix, "resources", "devices", str(number)), device))
    places += [(("tasks", name), task) for name, task in service.tasks.items()]
    for path, owner in places:
        for key in ("constraints", "affinities"):
            for number, one in enumerate(getattr(owner, key)):
                if one.level != "group":
                    what = f'is "{one.level}", but this is about one task or device only: take it out'
                    yield Violation((*path, key, str(number), "level"), what)
