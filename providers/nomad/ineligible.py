"""Which constraint keeps a changed job from being placed, where Nomad has forgotten it.

The scheduler first tries to update each running instance where it is, and notes the class of its node as ineligible;
then it looks for other places with a report begun anew, in which each node of that class is "computed class ineligible"
(Nomad `scheduler/util.go`, genericAllocUpdateFn). A job without instances is reported with the constraint, so the same
job is asked about under an ID that nobody has. Only the constraints are taken from that answer: its resources would
count twice.
"""

import secrets

from providers.nomad.client import Json, NomadClient

FORGOTTEN = "computed class ineligible"


async def with_constraints(client: NomadClient, job: Json, plan: Json, *, policy_override: bool) -> Json:
    """The plan, its failed placements with the constraints of a job that has no instances. At most one request."""
    failed = plan.get("FailedTGAllocs") or {}
    if not any(FORGOTTEN in (metrics.get("ConstraintFiltered") or {}) for metrics in failed.values()):
        return plan
    copy = {**job, "ID": f"{job['ID']}-{secrets.token_hex(8)}"}
    fresh = (await client.plan(copy, policy_override=policy_override)).get("FailedTGAllocs") or {}
    return {**plan, "FailedTGAllocs": {group: _named(failed[group], fresh.get(group) or {}) for group in failed}}


def _named(metrics: Json, fresh: Json) -> Json:
    """The metrics of a failed placement with the constraints from `fresh` in place of the forgotten ones."""
    filtered = dict(metrics.get("ConstraintFiltered") or {})
    known = {name: count for name, count in (fresh.get("ConstraintFiltered") or {}).items() if name != FORGOTTEN}
    if FORGOTTEN not in filtered or not known:
        return metrics
    forgotten = filtered.pop(FORGOTTEN)
    if len(known) == 1:
        # Nodes of one class share their fate: all that were left out were left out for this.
        (name,) = known
        return {**metrics, "ConstraintFiltered": {**filtered, name: filtered.get(name, 0) + forgotten}}
    rest = forgotten - sum(known.values())
    return {**metrics, "ConstraintFiltered": {**filtered, **known, **({FORGOTTEN: rest} if rest > 0 else {})}}
