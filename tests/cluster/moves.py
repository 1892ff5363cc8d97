"""What somebody else does to the cluster between two commands of a test."""

from collections.abc import Callable

from tests.cluster.project import Project
from tests.quick_engine.stack import Stack

Move = Callable[[Project | Stack], None]


def raised_priority(project: Project | Stack) -> None:
    running = project.nomad.job(project.name)
    project.nomad.register({**running, "Priority": 70})


def scaled(project: Project | Stack) -> None:
    body = {"Count": 2, "Target": {"Group": "g"}, "Message": "by hand"}
    project.nomad.call("POST", f"/v1/job/{project.name}/scale", body)


def stopped(project: Project | Stack) -> None:
    project.nomad.call("DELETE", f"/v1/job/{project.name}")


def purged(project: Project | Stack) -> None:
    project.nomad.purge(project.name)


def without_variable(project: Project | Stack) -> None:
    project.nomad.call("DELETE", f"/v1/var/{project.name}")


def with_another_value(project: Project | Stack) -> None:
    body = {"Path": project.name, "Namespace": "default", "Items": {"a": "2"}}
    project.nomad.call("PUT", f"/v1/var/{project.name}", body)
