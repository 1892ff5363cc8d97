"""Sentences about a job that others have, had or changed."""

from providers.nomad.client import Json
from providers.nomad.ended import RUN, Run
from providers.nomad.spec import OWNER_KEY, Spec, unknown_parts
from providers.nomad.standing import Assessment, Standing
from providers.properties import Properties


def ended_text(id: str, outputs: Properties) -> str:
    """That Nomad has removed a job that had ended, and that it is left at that."""
    seen = (
        "it had ended"
        if outputs.get(RUN) == Run.COMPLETE.value
        else "it must have ended, for Nomad removes no batch job before and knows of no purge"
    )
    return (
        f'Nomad has removed job "{id}" after it ended: {seen}. It is not run again. To run it again, change it (a key '
        "of its meta is enough) or set rerun_if_dead."
    )


def standing_text(id: str, standing: Assessment) -> str:
    """What moved the job since the last `pulumi up`, and what becomes of it."""
    if standing.standing is Standing.GONE:
        return f'Job "{id}" is not in Nomad any more: it was removed outside this stack and is registered again.'
    if standing.standing is Standing.ENDED:
        return f'Nomad has removed job "{id}" after it ended; it is registered again and runs again.'
    if standing.standing is Standing.STOPPED:
        return f'Job "{id}" was stopped outside this stack; it is started again.'
    if standing.standing is Standing.REVERTED:
        return (
            f'Nomad went back to an earlier version of job "{id}" after a failed deployment; '
            "the change starts from there."
        )
    if standing.standing is Standing.UNRECORDED:
        return (
            f'What runs of job "{id}" was registered by a `pulumi up` of this stack that was killed before it could '
            "record it; the change starts from there."
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


def same_text(id: str) -> str:
    """That an update has nothing to register."""
    return (
        f'Job "{id}" is in Nomad as it is wanted: it is not registered again, and no instance changes. Only what this '
        "stack records of it does; a rollout that goes on is followed to its end."
    )


def drift_text(id: str, standing: Assessment, *, secret: bool) -> str:
    """What a refresh takes from the running job, by field; `secret` masks every value."""
    lines = "".join(f"\n  {change.text(secret=secret)}" for change in standing.changes)
    who = {
        Standing.FOREIGN: f'Job "{id}" was changed outside this stack since the last `pulumi up`.',
        Standing.UNRECORDED: f'Job "{id}" was registered by a `pulumi up` of this stack that was killed.',
        Standing.REVERTED: f'Nomad went back to an earlier version of job "{id}" after a failed deployment.',
    }.get(standing.standing, f'Job "{id}" was scaled outside this stack.')
    return (
        f"{who} The refresh takes what runs as the new base: the next `pulumi up`, this very one with --refresh, puts "
        f"back what the program says. What was changed (recorded → running):{lines}"
    )


def forgotten_text(id: str) -> str:
    """That a refresh finds nothing of a job."""
    return (
        f'Job "{id}" is not in Nomad any more: it was removed outside this stack. The refresh forgets it; where the '
        "program declares it, `pulumi up` registers it again."
    )


def destroyed_text(urn: str, standing: Assessment, *, secret: bool) -> str:
    """That a job which is to be destroyed was changed by others, by field; `secret` masks every value."""
    current = standing.current or {}
    marked = (current.get("Meta") or {}).get(OWNER_KEY) == urn
    lines = "".join(f"\n  {change.text(secret=secret)}" for change in standing.changes)
    then = (
        "It still bears the mark of this stack and is stopped."
        if marked
        else "It is not stopped. To stop it as it is now, run `pulumi refresh` first. To keep it and forget it here: "
        f"pulumi state delete '{urn}'."
    )
    return (
        f'Job "{current.get("ID")}" was changed outside this stack, or by an interrupted `pulumi up` of it, since the '
        f"last one (it is at version {current.get('Version')} now). {then} "
        f"What was changed (recorded → running):{lines}"
    )


def adopted_text(current: Json) -> str:
    """That a job which is to be made is in Nomad already, with the mark of this very resource."""
    if current.get("Stop"):
        return (
            f'Job "{current["ID"]}" is in Nomad already (version {current["Version"]}, stopped), with the mark of this '
            "stack; it is registered over that and started again."
        )
    return (
        f'Job "{current["ID"]}" is in Nomad already (version {current["Version"]}), with the mark of this stack: an '
        "earlier `pulumi up` was interrupted, or its state is lost. It is taken over as it is, and updated."
    )


def orphan_text(job: Json) -> str:
    """That a job which a killed command registered is neither in the state nor in what this command was about."""
    namespace, job_id = job["Namespace"], job["ID"]
    return (
        f'Job "{job_id}" (namespace {namespace}) is registered with the mark of this stack, but its state does not '
        "know it: a `pulumi up` was killed after it had registered the job. The `up` of a program that declares it "
        "takes it over. If it is not wanted any more, stop it with: "
        f"nomad job stop -purge -namespace {namespace} {job_id}"
    )


def unknown_text(inputs: Properties) -> str:
    """What the preview says of a job that cannot be parsed yet."""
    parts = unknown_parts(inputs)
    verb = "is" if len(parts) == 1 else "are"
    return (
        f"job: {' and '.join(parts)} {verb} known only during the update. Only then Nomad "
        "and its scheduler can be asked about this job; what they refuse is refused then, before it is registered."
    )


def exists_text(token: str, spec: Spec, current: Json, owner: str | None, urn: str) -> str:
    """That a job of this ID is somebody else's, and the ways out."""
    name = urn.rsplit("::", 1)[-1]
    whose = f"it belongs to the resource {owner}" if owner else "it was not made by this stack"
    state = "stopped" if current.get("Stop") else str(current.get("Status"))
    return (
        f'Job "{spec.id}" already exists in Nomad (namespace {spec.namespace}, version {current["Version"]}, {state}): '
        f"{whose}. It is not overwritten. To manage it here: pulumi import {token} {name} "
        f"{spec.id}@{spec.namespace}. To start anew: nomad job stop -purge -namespace {spec.namespace} {spec.id}. "
        "Or give this job another ID."
    )


DETACHED_PREVIEW = "  detach is on: `pulumi up` registers the job and does not wait for its rollout"


def detached_text(registered: Json) -> str:
    """That a registered job is left to its rollout, and how to look at it."""
    return (
        f'Job "{registered["ID"]}" version {registered["Version"]} is registered; detach is on, so its rollout is not '
        f"waited for. Look at it with: nomad job status -namespace {registered['Namespace']} {registered['ID']}"
    )
