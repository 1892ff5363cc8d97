"""What a job was like when its inputs were checked, as an input: by it a saved plan notices a cluster that has moved.

A plan of Pulumi's (`preview --save-plan`, `up --plan`, `up --strict`) holds the checked inputs, and refuses an update
in which they differ (Pulumi pkg/resource/deploy/plan.go). No input whose name begins with "__" is ever shown.
"""

import json
from hashlib import sha256

from providers.nomad.client import Json
from providers.nomad.drift import content
from providers.nomad.standing import autoscaled_groups
from providers.properties import UNKNOWN, Properties

SEEN = "__moved since the preview"
"""Input: the job as it is in Nomad, in words. Where a plan does not fit any more, Pulumi shows the name, too."""

JOB = "__job"
"""Input: which job that is, as ID@NAMESPACE, so that an unchanged jobspec need not be parsed to look it up."""


def note(inputs: Properties, job: tuple[str, str], current: Json | None) -> str:
    """Writes what was seen of `job` (namespace and ID) into its inputs; the words for it."""
    namespace, job_id = job
    words = in_words(job_id, current)
    inputs.values.update({JOB: f"{job_id}@{namespace}", SEEN: words})
    return words


def note_unknown(inputs: Properties) -> None:
    """For a job whose ID is not known yet: a plan takes any value in its place."""
    inputs.values.update({JOB: UNKNOWN, SEEN: UNKNOWN})


def noted_job(inputs: Properties) -> tuple[str, str] | None:
    """Namespace and ID of the job that was looked up; None where the state was written without this input."""
    noted = inputs.get(JOB)
    if not isinstance(noted, str):
        return None
    job_id, _, namespace = noted.rpartition("@")
    return namespace, job_id


def in_words(job_id: str, current: Json | None) -> str:
    """Differs where an update would not find the job that its preview has shown; an autoscaler's counts do not."""
    if current is None:
        return f'job "{job_id}" is not there'
    automatic = autoscaled_groups(current)
    counts = [
        f"{name} autoscaled" if name in automatic else f"{group.get('Count')} of {name}"
        for group in current.get("TaskGroups") or []
        for name in [group["Name"]]
    ]
    # A registration and a scaling both move version and index, an autoscaler's too.
    which = (
        f"with content {_fingerprint(current, automatic)}"
        if automatic
        else f"at version {current['Version']} (index {current['JobModifyIndex']})"
    )
    return ", ".join([f'job "{job_id}" is{" stopped" if current.get("Stop") else ""} {which}', *counts])


def _fingerprint(job: Json, automatic: set[str]) -> str:
    groups = [{**g, "Count": None} if g["Name"] in automatic else g for g in job.get("TaskGroups") or []]
    text = json.dumps({**content(job), "TaskGroups": groups}, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]
