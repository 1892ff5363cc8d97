"""A job's source as Nomad keeps it beside the job: for its UI, `nomad job inspect -hcl` and imports.

A registration without one leaves the source of the version before in its place (Nomad `updateJobSubmission`).
"""

from typing import Any

from providers.nomad.client import Json
from providers.nomad.outputs import setting
from providers.nomad.spec import Spec, expression, is_secret
from providers.properties import UNKNOWN, Properties


def submission(spec: Spec, inputs: Properties) -> Json:
    """The source that the inputs hold, with its variables; in the place of a secret one, a sentence."""
    if is_secret(inputs):
        return {"Format": "hcl2", "Source": _secret(spec.id)}
    text = inputs.values["jobspec"]
    if setting(inputs, "json"):
        return {"Format": "json", "Source": text}
    variables: dict[str, Any] = inputs.get("hcl2", {}).get("vars") or {}
    # As flags, not as a file: `nomad job start` reads only these.
    flags = {name: _flag(value) for name, value in sorted(variables.items()) if value is not UNKNOWN}
    return {"Format": "hcl2", "Source": text, "VariableFlags": flags}


def _flag(value: Any) -> str:
    """A value as `-var` on Nomad's command line takes it."""
    return value if isinstance(value, str) else expression(value)


def _secret(job_id: str) -> str:
    """Nomad parses it when it starts a stopped job again, so it has to be a job."""
    name = job_id.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return (
        "# The source of this job, or one of its variables, is a secret of the Pulumi stack that registered it,\n"
        f'# so it is not kept here. What runs is the job itself: nomad job inspect\njob "{name}" {{}}\n'
    )
