"""Rules for the image and what its driver runs."""

from collections.abc import Iterator

from components.image_reference import ImageReference
from components.problems import shown
from components.rules.violation import Violation
from components.service.tasks import Process, Task
from components.service_model import Service


def image(service: Service) -> Iterator[Violation]:
    """Where the images come from, and the keys that only images have."""
    source = service.image
    if service.runs_image:
        if (source.build is None) == (source.reference is None):
            found = "both" if source.build else "neither"
            yield Violation(("image",), f'has {found} of "build" and "reference", but must have exactly one')
    elif source.build or source.reference:
        what = f'is for the drivers docker and podman, but driver is "{service.driver}": take it out'
        yield Violation(("image",), what, ("driver",))
    yield from _process(service, ())
    for name, task in service.tasks.items():
        yield from _task_image(service, name, task)
        yield from _process(task, ("tasks", name))


def _task_image(service: Service, name: str, task: Task) -> Iterator[Violation]:
    path = ("tasks", name, "image")
    if task.image is not None:
        reference = ImageReference.parse(task.image)
        if not task.runs_image:
            what = f'is for the drivers docker and podman, but the task\'s driver is "{task.driver}": take it out'
            yield Violation(path, what, (f"tasks.{name}.driver",))
        elif reference.tag is None and reference.digest is None and not task.image_floating:
            what = f"is {shown(task.image)}, but must have a tag or a digest; or set image_floating: true"
            yield Violation(path, what, (f"tasks.{name}.image_floating",))
    elif task.runs_image and not service.runs_image:
        yield Violation(path, f'is missing: the service has no image, its driver is "{service.driver}"', ("driver",))


def _process(process: Process, path: tuple[str, ...]) -> Iterator[Violation]:
    if not process.runs_image:
        involves = (".".join((*path, "driver")),)
        what = f'is for the drivers docker and podman, but driver is "{process.driver}": take it out'
        for key in ("entrypoint", "labels", "publish"):
            if getattr(process, key):
                yield Violation((*path, key), what, involves)
        if process.driver in ("exec", "raw_exec") and process.command is None and "command" not in process.config:
            yield Violation((*path, "command"), f'is missing: the driver "{process.driver}" has no image', involves)
    for key, value in (("command", process.command), ("args", process.args), ("entrypoint", process.entrypoint)):
        if value and key in process.config:
            yield Violation((*path, "config", key), f"is set by {key}: write it there only")
    if process.runs_image:
        for key in sorted({"image", "ports", "labels"}.intersection(process.config)):
            by = "publish, or by ports" if key == "ports" else key
            yield Violation((*path, "config", key), f"is set by {by}: write it there")
        if not isinstance(process.config.get("volumes", []), list):
            yield Violation((*path, "config", "volumes"), "must be a list: from:to, as the driver has it")
