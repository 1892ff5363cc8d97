"""More groups of a service's job, each as a service of its own to those who build and check it."""

from components.service.group import Group
from components.service_model import Service


def of_group(service: Service, key: str) -> Service:
    """The service that a group of `service.groups` would be, if it were alone in the job."""
    group: Group = service.groups[key]
    # Only what was written: a default may be another one where the value is said to be there.
    written = group.model_dump(exclude={"image", "image_floating"}, exclude_unset=True)
    reference = group.image or service.image.reference or "image"
    return Service.model_validate(
        {
            "name": service.name,
            "version": service.version,
            "type": service.type,
            "registered": False,
            "host_network": service.host_network,
            **written,
            "image": {"reference": reference} if group.runs_image else {},
            "group_name": key,
            "task_name": group.task_name or key,
        }
    )
