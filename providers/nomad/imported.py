"""The jobspec by which a job that runs already comes under a stack, as its author would write it.

Whatever is left out here, Nomad has said that registering the rest would change nothing.
"""

import json
import re
from typing import Any

from providers.nomad.additions import without_additions
from providers.nomad.client import Json, NomadClient
from providers.nomad.comparison import Refused, compared
from providers.nomad.drift import content
from providers.nomad.job_defaults import defaults as job_defaults
from providers.nomad.job_defaults import without_defaults, without_made_up
from providers.nomad.jobspec_keys import accepted
from providers.nomad.plan import changes
from providers.nomad.spec import SpecError, parse, takes_expression
from providers.properties import Properties

_FIRST = ("ID", "Name", "Namespace", "Type")


_OF_MICROSERVICE = "caravan:index:Microservice$nomad:index/job:Job"
"""In the URN of a job that the component Microservice makes."""


def settings_of_component(urn: str) -> dict[str, Any]:
    """The inputs beside the job's source that the component gives its job, if it is the resource's parent.

    They stand nowhere in Nomad, and without them the preview after the import would show a change.
    """
    return {"purgeOnDestroy": True} if _OF_MICROSERVICE in urn else {}


async def source(client: NomadClient, current: Json) -> dict[str, Any]:
    """The inputs `jobspec`, `json` and `hcl2` for the registered job `current`.

    Its source as it was submitted, where that is still what runs, or else JSON without what Nomad fills in by itself.
    """
    submitted = await client.submission(current["Namespace"], current["ID"], current["Version"])
    if submitted:
        found = _as_submitted(submitted)
        texts = [found["jobspec"], *found.get("hcl2", {"vars": {}})["vars"].values()]
        if all(map(_can_be_generated, texts)) and await _is_what_runs(client, found, current):
            return found
    job = without_made_up(accepted(content(_bare(current))))
    defaults = await job_defaults(client, current["Type"])
    for zeros in (True, False):
        if await _is_what_runs(client, found := _as_json(without_defaults(job, defaults, zeros=zeros)), current):
            return found
    return _as_json(accepted(content(current)))


def _bare(current: Json) -> Json:
    """The job without what Nomad has added, but with the namespace, by which the resource is found."""
    return {**without_additions(current), "Namespace": current["Namespace"]}


def _can_be_generated(text: str) -> bool:
    """Whether Pulumi's generator for Python writes a text of several lines as it is.

    It puts it between three quotes and escapes nothing (`genEscapedString` in Pulumi's codegen/python); a text of one
    line it escapes.
    """
    return "\n" not in text or ("\\" not in text and '"""' not in text and not text.endswith('"'))


def _as_json(job: Json) -> dict[str, Any]:
    job = {**{key: job[key] for key in _FIRST if key in job}, **job}
    text = json.dumps(job, indent=2, ensure_ascii=False)
    return {"jobspec": text if _can_be_generated(text) else json.dumps(job, ensure_ascii=False), "json": True}


def _as_submitted(submission: Json) -> dict[str, Any]:
    """The inputs for a job's source (Nomad `JobSubmission`). May be wrong where its files are of an unusual form."""
    text = str(submission.get("Source") or "")
    if submission.get("Format") == "json":
        return {"jobspec": text, "json": True}
    variables = {
        **_assignments(text, str(submission.get("Variables") or "")),
        **(submission.get("VariableFlags") or {}),
    }
    return {"jobspec": text, "hcl2": {"vars": variables}} if variables else {"jobspec": text}


def _assignments(source: str, variables: str) -> dict[str, str]:
    """A variables file as values for `hcl2.vars`: each assignment begins its line, as `nomad fmt` has it."""
    parts = re.split(r"(?m)^([A-Za-z_][\w-]*)[ \t]*=", variables)
    found = {}
    for name, expression in zip(parts[1::2], parts[2::2], strict=True):
        found[name] = expression.strip() if takes_expression(source, name) else _unquoted(expression.strip())
    return found


def _unquoted(literal: str) -> str:
    """The text of a quoted string; what follows is a comment."""
    try:
        return str(json.JSONDecoder().raw_decode(literal)[0])
    except json.JSONDecodeError:
        return literal


async def _is_what_runs(client: NomadClient, values: dict[str, Any], current: Json) -> bool:
    try:
        spec = await parse(client, Properties(values))
    except SpecError:
        return False
    if (spec.id, spec.namespace) != (current["ID"], current["Namespace"]):
        return False
    try:
        return not changes(await compared(client, spec.held_as(current).job, current))
    except Refused:
        # Something was left out that Nomad does not fill in.
        return False
