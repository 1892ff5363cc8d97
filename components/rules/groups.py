"""Rules for more groups of a job, besides those that hold for each of them alone."""

from collections.abc import Iterator

from components.image_reference import ImageReference
from components.problems import shown
from components.rules.violation import Violation
from components.service.group import Group
from components.service_model import Service


def groups(service: Service) -> Iterator[Violation]:
    """Names, images, and what only the service itself has."""
    for key, group in service.groups.items():
        path = ("groups", key)
        if key == service.group:
            yield Violation(path, "has the name of the service's own group: rename it", ("name", "group_name"))
        yield from _image(service, path, group)
        if group.rollout.level == "job":
            what = "is \"job\", but only the service's own rollout is the job's, too: take it out"
            yield Violation((*path, "rollout", "level"), what)
        for kind in ("constraints", "affinities", "spreads"):
            for number, one in enumerate(getattr(group, kind)):
                if one.level == "job":
                    what = f'is "job", but this is about one group: write it under {kind} of the service'
                    yield Violation((*path, kind, str(number), "level"), what)


def _image(service: Service, path: tuple[str, ...], group: Group) -> Iterator[Violation]:
    where = (*path, "image")
    if group.image is not None:
        reference = ImageReference.parse(group.image)
        if not group.runs_image:
            what = f'is for the drivers docker and podman, but the group\'s driver is "{group.driver}": take it out'
            yield Violation(where, what, (".".join((*path, "driver")),))
        elif reference.tag is None and reference.digest is None and not group.image_floating:
            what = f"is {shown(group.image)}, but must have a tag or a digest; or set image_floating: true"
            yield Violation(where, what, (".".join((*path, "image_floating")),))
    elif group.runs_image and not service.runs_image:
        yield Violation(where, f'is missing: the service has no image, its driver is "{service.driver}"', ("driver",))
