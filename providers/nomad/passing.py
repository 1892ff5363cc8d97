"""What Consul says of the instances of a rollout, after Nomad has said yes or no."""

from providers.nomad.client import Json
from providers.nomad.consul_health import ConsulWatch, consul_services
from providers.nomad.meanings import of_check
from providers.nomad.snapshot import Snapshot


def passing(snapshot: Snapshot, watch: ConsulWatch) -> bool:
    """Whether every running instance of the version that registers services passes in Consul, with all of them."""
    running = [a for a in snapshot.of_version() if a["ClientStatus"] == "running" and a["DesiredStatus"] == "run"]
    found = [watch.of_allocation(a["ID"]) for a in running if _has_services(snapshot.job, a["TaskGroup"])]
    return watch.known() and all(
        instances and all(instance.status == "passing" for instance in instances) for instances in found
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
        f"service {i.service} at {i.address} is {i.status} in Consul: "
        f"{of_check(i.output) or 'its check has not answered yet'}"
        for i in watch.last_words(allocation_id)
    ]


def _has_services(job: Json, group_name: str) -> bool:
    return bool(consul_services({"TaskGroups": [g for g in job["TaskGroups"] if g["Name"] == group_name]}))
