"""Sentences about a job that others have, had or changed."""

from providers.nomad.client import Json
from providers.nomad.spec import Spec
from providers.nomad.standing import Assessment, Standing


def standing_text(id: str, standing: Assessment) -> str:
    """What moved the job since the last `pulumi up`, and what becomes of it."""
    if standing.standing is Standing.GONE:
        return f'Job "{id}" is not in Nomad any more: it was removed outside this stack and is registered again.'
    if standing.standing is Standing.STOPPED:
        return f'Job "{id}" was stopped outside this stack; it is started again.'
    if standing.standing is Standing.REVERTED:
        return (
            f'Nomad went back to an earlier version of job "{id}" after a failed deployment; '
            "the change starts from there."
        )
    if standing.standing is Standing.FOREIGN:
        return f'Job "{id}" is registered as it is wanted already, by an interrupted `pulumi up` or by somebody else.'
    lines = "".join(f"\n  {change.text()}" for change in standing.changes)
    return f'Job "{id}" was scaled outside this stack:{lines}'


def foreign_text(id: str, standing: Assessment, then: str, *, secret: bool) -> str:
    """That others changed the job, by field; `then` says what is done about it. `secret` masks every value."""
    version = (standing.current or {}).get("Version")
    lines = "".join(f"\n  {change.text(secret=secret)}" for change in standing.changes)
    return (
        f'Job "{id}" was changed outside this stack since the last `pulumi up` (it is at version {version} now). '
        f"{then} What was changed (recorded → running):{lines}\n"
        "To take the running job as the new base, run `pulumi refresh`; the next `pulumi preview` then shows what "
        "`pulumi up` would put back."
    )


def exists_text(token: str, spec: Spec, current: Json, owner: str | None, urn: str) -> str:
    """That a job of this ID is somebody else's, and the ways out."""
    name = urn.rsplit("::", 1)[-1]
    whose = f"it belongs to the resource {owner}" if owner else "it was not made by this stack"
    state = "stopped" if current.get("Stop") else str(current.get("Status"))
    return (
        f'Job "{spec.id}" already exists in Nomad (namespace {spec.namespace}, version {current["Version"]}, {state}): '
        f"{whose}. It is not overwritten. To manage it here: pulumi import --generate-code=false {token} {name} "
        f"{spec.id}@{spec.namespace}. To start anew: nomad job stop -purge -namespace {spec.namespace} {spec.id}. "
        "Or give this job another ID."
    )
