"""The dry run of a job against the registered one, with every difference between the two: no noise, nothing missed.

Nomad's diff names fields, and leaves some out; so the two jobs are compared here, key by key (`job_difference`). What
Nomad says serves in three ways: a group or task that it finds equal is equal, for it compares with everything filled
in; a difference that it does not name is asked about once more (`job_doubts`); and where it names one and the
comparison finds none, it is believed.
"""

from collections.abc import Sequence

from providers.http_api import ApiError
from providers.nomad.client import Json, NomadClient
from providers.nomad.job_difference import Found, differences
from providers.nomad.job_doubts import Verdicts, without_unreal
from providers.nomad.job_of_the_mesh import is_port_of_check
from providers.nomad.job_places import moved, tasks
from providers.nomad.job_types import PLAIN, fields
from providers.nomad.noise import is_implied, tidied
from providers.nomad.plan import Change, changes, of_job, one_line
from providers.plugin import ProviderError


def refusal(job_id: str, said: str) -> str:
    """Nomad's own words for why it refuses a job; those that do not name the job get it."""
    own = of_job(job_id, said)
    return own if own == said else f'job "{job_id}": Nomad refuses it: {said}'


class Refused(ProviderError):
    """Nomad finds a job wrong, in its own words."""


async def compared(client: NomadClient, job: Json, current: Json | None, *, policy_override: bool = False) -> Json:
    """Nomad's plan for a job (as it is written), with its differences from the registered one (`current`) as `Changes`.

    Raises Refused for a job that Nomad finds wrong.
    """
    try:
        plan = await client.plan(job, policy_override=policy_override)
    except ApiError as error:
        if error.status not in (400, 500):
            raise
        raise Refused(refusal(job["ID"], one_line(error.answer))) from error
    diff = plan.get("Diff")
    if current is None or not diff or diff.get("Type") in ("Added", "Deleted"):
        return plan
    verdicts = Verdicts(diff)
    own = [one for one in differences(current, job) if verdicts.may_be_real(one) and _counts(one, verdicts, job)]
    own = await without_unreal(client, verdicts, own, job, current)
    tidy = tidied(diff, job)
    added_by_nomad = tasks(current) - tasks(job)
    more = [
        change
        for change in _only_nomads(own, changes({"Diff": tidy}))
        if change.path not in added_by_nomad and not moved(change, current, job)
    ]
    found = sorted([*(one.change for one in own), *more], key=lambda change: change.path)
    return {**plan, "Diff": tidy, "Changes": found}


_COMPARED_BY_NOMAD = frozenset(
    {"Affinities", "Constraints", "Datacenters", "Multiregion", "ParameterizedJob", "Periodic", "UI"}
)
"""Keys of the job itself that Nomad's diff compares, but for the order and number of what they hold."""


def _counts(found: Found, verdicts: Verdicts, job: Json) -> bool:
    """Whether a difference in the job itself counts although, or because, Nomad does not name it.

    The plain keys are Nomad's to tell: some of their defaults are settings of the server. So are those that only a
    newer Nomad knows, where the job does not set them.
    """
    if found.change.path:
        return True
    if found.key in _COMPARED_BY_NOMAD:
        return found.same_elements or verdicts.names(found) or verdicts.names_a_side(found)
    type_ = fields("Job").get(found.key)
    return job.get(found.key) is not None if type_ is None else type_.kind not in PLAIN


def _only_nomads(own: Sequence[Found], nomads: Sequence[Change]) -> list[Change]:
    """The differences that Nomad names in a job, group or task in which none was found."""
    paths = {one.change.path for one in own}
    # A constraint that Nomad implies from the use of something, in one group or in all, follows from what is told.
    told = [change for change in nomads if not (own and is_implied(change.field))]
    return [
        change
        for change in told
        if (change.path not in paths or (not change.path and change.field in fields("Job")))
        and change.field.rsplit(".", 1)[-1] not in ("Kind", "TaskName")
        # The same checks in another order or in other words: Nomad names their ports anew, and pairs by their names.
        and not (is_port_of_check(change.old) or is_port_of_check(change.new))
    ]
