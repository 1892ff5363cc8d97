"""Changes of a registered job that Nomad refuses only when it is registered: its dry run takes them."""

from providers.nomad.client import Json


def refused(current: Json | None, wanted: Json) -> str:
    """Why Nomad would not take `wanted` in the place of the registered job, also a stopped one; "" where it would.

    Source: Nomad `validateJobUpdate`.
    """
    if current is None:
        return ""
    before, after = current.get("Type") or "service", wanted.get("Type") or "service"
    changes = [f"the job's type from {before} to {after}"] if before != after else []
    for key, name in (("Periodic", "periodic"), ("ParameterizedJob", "parameterized")):
        was, will = current.get(key) is not None, wanted.get(key) is not None
        if was != will:
            changes.append(f"a job that is {'' if was else 'not '}{name} into one that is{' not' if was else ''}")
    if not changes:
        return ""
    namespace, job_id = current["Namespace"], current["ID"]
    return (
        f'job "{job_id}": Nomad does not change {" or ".join(changes)}. Give the new job another ID, or remove the '
        f"registered one first, which ends what runs of it: nomad job stop -purge -namespace {namespace} {job_id}"
    )
