"""What Consul says of the instances of a rollout, after Nomad has said yes or no."""

from providers.nomad.client import Json
from providers.nomad.consul_health import ConsulWatch, Instance
from providers.nomad.diagnosis import NO_ANSWER
from providers.nomad.meanings import in_few_words, of_check
from providers.nomad.service_names import consul_services
from providers.nomad.snapshot import Snapshot
from providers.nomad.verdict import State, Verdict
from providers.words import counted


def passing(snapshot: Snapshot, watch: ConsulWatch) -> bool:
    """Whether every running instance of the version that registers services passes in Consul, with all of them."""
    found = [(watch.of_allocation(a["ID"]), registers(snapshot.job, a["TaskGroup"])) for a in snapshot.running()]
    return watch.known() and all(
        (instances or not has_any) and all(instance.status == "passing" for instance in instances)
        for instances, has_any in found
    )


def not_passing_text(snapshot: Snapshot, watch: ConsulWatch) -> str:
    """That Consul does not agree with Nomad, and what it says."""
    said = [
        f"service {i.service} at {i.address} is {i.status}: {of_check(i.output)}"
        for a in snapshot.of_version()
        for i in watch.of_allocation(a["ID"])
        if i.status != "passing"
    ]
    why = watch.trouble or "; ".join(said) or "Consul does not list them"
    return (
        f'Nomad calls the deployment of job "{snapshot.job["ID"]}" version {snapshot.version} successful, but its '
        f"instances do not pass in Consul: {why}"
    )


def not_started_text(snapshot: Snapshot, starting: list[Json]) -> str:
    """That Nomad has started instances last which do not run."""
    ids = ", ".join(f"{a['ID'][:8]} ({a['ClientStatus']})" for a in starting)
    return (
        f'Nomad calls the deployment of job "{snapshot.job["ID"]}" version {snapshot.version} successful, but '
        f"instances that it started last do not run yet: {ids}. Look at them with: nomad job status "
        f"-namespace {snapshot.job['Namespace']} {snapshot.job['ID']}"
    )


def check_words(watch: ConsulWatch | None, allocation_id: str) -> list[str]:
    """A sentence for each service of an allocation whose check failed last."""
    if watch is None:
        return []
    return [
        f"service {i.service} at {i.address} is {i.status} in Consul: {of_check(i.output) or _without_output(i)}"
        for i in watch.last_words(allocation_id)
    ]


def _without_output(instance: Instance) -> str:
    check = f"its check {instance.silent}" if instance.silent else "its check"
    return f"{check} fails without output or {NO_ANSWER}"


def failing_now(snapshot: Snapshot, watch: ConsulWatch) -> str:
    """Why an instance of the version does not pass yet, in a few words; "" where none has said anything."""
    said = (in_few_words(i.output) for a in snapshot.of_version() for i in watch.failing(a["ID"]) if i.output)
    return next(said, "")


def registers(job: Json, group_name: str) -> bool:
    """Whether instances of a group register services in Consul under names that are known."""
    return bool(consul_services({**job, "TaskGroups": [g for g in job["TaskGroups"] if g["Name"] == group_name]}))


def unfinished(snapshot: Snapshot, verdict: Verdict, watch: ConsulWatch | None) -> str | None:
    """What is still to come after Nomad's yes: instances that it has started since, Consul's yes, the old ones' end.

    None where nothing is.
    """
    if verdict.state is State.SUCCEEDED and (starting := snapshot.starting()):
        return f"waiting for {counted(len(starting), 'new instance')} that Nomad started last"
    if watch is not None and watch.trouble:
        return f"Nomad is satisfied, but Consul cannot say whether the new instances pass: {watch.trouble}"
    if watch is not None and not passing(snapshot, watch):
        cause = failing_now(snapshot, watch)
        return f"waiting for Consul: {cause}" if cause else "waiting for Consul"
    leaving = snapshot.leaving()
    if verdict.state is State.SUCCEEDED and leaving:
        return f"{len(leaving)} old to end"
    return None
