"""Rules for how instances come, go and are replaced, and for each type of job."""

from collections.abc import Iterator
from typing import Any

from components.problems import shown
from components.rules.violation import Violation
from components.service_model import Service

_SET_BY_NOMAD = (
    "CreateIndex",
    "JobModifyIndex",
    "ModifyIndex",
    "ParentID",
    "Stable",
    "Status",
    "StatusDescription",
    "SubmitTime",
    "Version",
)
"""Source: Nomad, what a job has besides its specification."""
_SET_BY = {"ID": "job_id", "Name": "job_name", "Type": "type", "Namespace": "namespace", "Region": "region"}


def rollout(service: Service) -> Iterator[Violation]:
    """The order of the deadlines, and canaries."""
    wanted = service.rollout
    if not service.deploys:
        if wanted.canary > 0 and "canary" in wanted.model_fields_set:
            what = f"is {wanted.canary}, but a {service.type} job runs to its end and has no rollout: take it out"
            yield Violation(("rollout", "canary"), what, ("type",))
        if wanted.soak_s is not None:
            what = f"is {wanted.soak_s:g}, but a {service.type} job runs to its end and has no rollout: take it out"
            yield Violation(("rollout", "soak_s"), what, ("type",))
        return
    if wanted.soak_s is not None and wanted.canary == 0:
        what = f"is {wanted.soak_s:g}, but there is no canary to watch: set rollout.canary to 1 or more"
        yield Violation(("rollout", "soak_s"), what, ("rollout.canary",))
    if wanted.soak_s is not None and wanted.auto_promote is False:
        what = f"is {wanted.soak_s:g}, but with auto_promote: false a person promotes: take one of the two out"
        yield Violation(("rollout", "soak_s"), what, ("rollout.auto_promote",))
    if wanted.auto_promote and wanted.canary == 0:
        what = "is true, but there is no canary to promote: set rollout.canary to 1 or more, or leave it out"
        yield Violation(("rollout", "auto_promote"), what, ("rollout.canary",))
    for lower, upper in (("min_healthy_s", "healthy_deadline_s"), ("healthy_deadline_s", "progress_deadline_s")):
        low, high = getattr(wanted, lower), getattr(wanted, upper)
        if low >= high and not (upper == "progress_deadline_s" and high == 0):
            what = f"is {low:g}, but must be below {upper} ({high:g})"
            yield Violation(("rollout", lower), what, (f"rollout.{upper}",))
    if service.type == "service":
        for path, seconds in _kill_timeouts(service):
            if seconds > wanted.progress_deadline_s > 0:
                deadline = wanted.progress_deadline_s
                what = f"is {seconds:g}, but must not be above rollout.progress_deadline_s ({deadline:g})"
                yield Violation(path, what, ("rollout.progress_deadline_s",))


def nodes(service: Service) -> Iterator[Violation]:
    """What becomes of instances on nodes that drain or cannot be reached.

    Source: Nomad, `structs.TaskGroup.Validate` and `DisconnectStrategy.Validate`.
    """
    if service.migrate is not None and service.type != "service":
        what = f'is there, but type is "{service.type}": only services leave a node in turn'
        yield Violation(("migrate",), what, ("type",))
    wanted = service.disconnect
    if wanted is not None and wanted.lost_after_s is not None and wanted.stop_after_s is not None:
        what = "is there, but so is lost_after_s: Nomad takes one of the two"
        yield Violation(("disconnect", "stop_after_s"), what, ("disconnect.lost_after_s",))


def _kill_timeouts(service: Service) -> Iterator[tuple[tuple[str, ...], float]]:
    yield ("kill_timeout_s",), service.kill_timeout_s
    for name, task in service.tasks.items():
        yield ("tasks", name, "kill_timeout_s"), task.kill_timeout_s


def restart(service: Service) -> Iterator[Violation]:
    """That the attempts fit in their interval."""
    again = service.reschedule
    policies: list[tuple[str, Any]] = [("restart", service.restart)]
    if not again.unlimited:
        policies.append(("reschedule", again))
    for key, policy in policies:
        needed = policy.attempts * policy.delay_s
        if needed > policy.interval_s:
            what = (
                f"is {policy.interval_s:g}, but {policy.attempts} attempts {policy.delay_s:g} s apart take {needed:g}"
            )
            yield Violation((key, "interval_s"), what, (f"{key}.attempts", f"{key}.delay_s"))
    if again.max_delay_s is not None:
        if again.delay_function == "constant":
            what = 'is there, but a constant delay does not grow: take it out, or set delay_function to "exponential"'
            yield Violation(("reschedule", "max_delay_s"), what, ("reschedule.delay_function",))
        elif again.max_delay_s < again.delay_s:
            what = f"is {again.max_delay_s:g}, but must not be below delay_s ({again.delay_s:g})"
            yield Violation(("reschedule", "max_delay_s"), what, ("reschedule.delay_s",))


def scaling(service: Service) -> Iterator[Violation]:
    """That the count is within an autoscaler's bounds."""
    bounds = service.scaling
    if service.type in ("system", "sysbatch"):
        if bounds is not None:
            yield Violation(
                ("scaling",), f"is there, but a {service.type} job runs on every node: take it out", ("type",)
            )
        if service.count > 1:
            what = f"is {service.count}, but a {service.type} job runs once on every node: take it out"
            yield Violation(("count",), what, ("type",))
        return
    if bounds is None:
        return
    if bounds.min > bounds.max:
        what = f"is {bounds.min}, but must not be above scaling.max ({bounds.max})"
        yield Violation(("scaling", "min"), what, ("scaling.max",))
    elif not bounds.min <= service.count <= bounds.max:
        what = f"is {service.count}, but must be within scaling.min ({bounds.min}) and scaling.max ({bounds.max})"
        yield Violation(("count",), what, ("scaling.min", "scaling.max"))


def schedule(service: Service) -> Iterator[Violation]:
    """What can wait for its time."""
    for key in ("periodic", "parameterized"):
        if getattr(service, key) is not None and service.deploys:
            what = f'is there, but type is "{service.type}", which runs all the time: set type to batch'
            yield Violation((key,), what, ("type",))
    if service.periodic is not None:
        if service.periodic.cron is not None:
            yield from _cron(("periodic", "cron"), service.periodic.cron)
            if service.periodic.crons:
                yield Violation(("periodic", "cron"), "is there, but so is crons: write all times there")
        elif not service.periodic.crons:
            yield Violation(("periodic", "crons"), "is empty, but must have one time at least")
        for position, cron in enumerate(service.periodic.crons):
            yield from _cron(("periodic", "crons", str(position)), cron)
    if service.parameterized is not None:
        wanted = service.parameterized
        both = sorted(set(wanted.meta_required).intersection(wanted.meta_optional))
        if both:
            yield Violation(("parameterized", "meta_optional"), f"has {shown(both[0])}, which is in meta_required, too")
        if wanted.payload_file is not None and wanted.payload == "forbidden":
            what = "is there, but payload is forbidden"
            yield Violation(("parameterized", "payload_file"), what, ("parameterized.payload",))


def _cron(path: tuple[str, ...], cron: str) -> Iterator[Violation]:
    if not cron.startswith("@") and not 5 <= len(cron.split()) <= 7:
        what = f'is {shown(cron)}, but must have five fields, as "30 3 * * *", or be as "@daily"'
        yield Violation(path, what)


def tasks(service: Service) -> Iterator[Violation]:
    """Names and times of the tasks beside the service's own."""
    if service.own_task == "alloc":
        yield Violation(
            ("task_name" if service.task_name else "name",),
            'is "alloc", which Nomad keeps for itself as the name of a task',
        )
    for name, task in service.tasks.items():
        if name in (service.own_task, "alloc") or (service.mesh and name.startswith("connect-proxy")):
            taken = "the service's own task" if name == service.own_task else "Nomad"
            yield Violation(("tasks", name), f"has a name that is taken by {taken}: rename it", ("name",))
        if task.sidecar and task.hook == "poststop":
            what = "is true, but after the service's end there is nothing to accompany"
            yield Violation(("tasks", name, "sidecar"), what, (f"tasks.{name}.hook",))


def tags(service: Service) -> Iterator[Violation]:
    """That no tag is there twice."""
    known = (service.name, f"{service.name}@{service.version}", *service.tags)
    for position, tag in enumerate(service.tags):
        if tag in known[: position + 2]:
            yield Violation(
                ("tags", str(position)), f"is {shown(tag)}, which the service has already", ("name", "version")
            )


def job(service: Service) -> Iterator[Violation]:
    """Keys of the escape hatch that have a place of their own; unknown ones are refused by the Nomad provider."""
    for key in service.job:
        # Nomad takes keys in any case. Source: Go, encoding/json.
        known = next((it for it in (*_SET_BY, "Stop", *_SET_BY_NOMAD) if it.lower() == key.lower()), None)
        if known in _SET_BY:
            yield Violation(("job", key), f"is set by {_SET_BY[known]}: change it there")
        elif known == "Stop":
            what = "is there, but a job that is deployed runs: leave the service out of the stack, or set count to 0"
            yield Violation(("job", key), what)
        elif known is not None:
            yield Violation(("job", key), "is there, but Nomad sets it itself and takes nobody's word: take it out")
