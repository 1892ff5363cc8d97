"""What Nomad's own checks say (services of provider "nomad"), where a rollout does not wait for them by itself."""

from providers.nomad.client import Json, NomadClient
from providers.nomad.meanings import of_check
from providers.nomad.own_promotion import unawaited
from providers.nomad.snapshot import Snapshot

LOOK_S = 1.0
"""The time between two looks: a node tells of a check only when it is asked."""


async def failing(client: NomadClient, snapshot: Snapshot) -> dict[str, str]:
    """What does not pass, by the ID of its allocation: of the running instances of the version, in groups whose checks
    Nomad does not wait for. No request for other jobs."""
    job = snapshot.job
    wanted = {
        group["Name"]: {s["Name"] for s in unawaited(job, group) if s.get("Provider") == "nomad"}
        for group in job.get("TaskGroups") or []
    }
    found = {}
    for allocation in snapshot.of_version():
        names = wanted.get(allocation["TaskGroup"])
        if not names or allocation["ClientStatus"] != "running" or allocation["DesiredStatus"] != "run":
            continue
        checks = await client.checks(str(job["Namespace"]), allocation["ID"])
        said = [_words(check) for check in checks if check.get("Status") != "success"]
        if said or not checks:
            found[allocation["ID"]] = "; ".join(sorted(said)) or "its checks have not answered yet"
    return found


def _words(check: Json) -> str:
    status = f"HTTP {check['StatusCode']}" if check.get("StatusCode") else ""
    said = ": ".join(filter(None, [status, of_check(str(check.get("Output") or ""))])) or "it has not answered yet"
    return f"check {check.get('Check')} is {check.get('Status')}: {said}"
