"""The jobspec input as Nomad's job: HCL2 or JSON, parsed by Nomad itself where it is HCL."""

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from providers.http_api import ApiError
from providers.nomad import jobspec_keys
from providers.nomad.client import Json, NomadClient
from providers.nomad.job_ids import unaddressable
from providers.nomad.own_promotion import held_as, promoted_by_up
from providers.nomad.parser_errors import READ_IT, parser_sentence
from providers.plugin import ProviderError
from providers.properties import UNKNOWN, Properties, contains_unknown

OWNER_KEY = "caravan_owner"
"""Key in a job's `meta` that names the Pulumi resource (URN) the job belongs to."""

SERVICES_KEY = "caravan_services"
"""Key in a group's `meta` with a fingerprint of its checks. It changes only together with them.

The components set it, so that Nomad does not change checks in place.
"""

SECRETS_KEY = "caravan_secrets"
"""Key in a group's `meta` that changes with the values of the secrets that the group's tasks read."""

BUILT_KEY = "caravan_image"
"""Key in a task's `meta` by which the components say that this very stack builds the task's image."""

MAX_JOBSPEC_BYTES = 1024 * 1024
"""Nomad's limit for a job's source (`server.job_max_source_size`, default 1 MB)."""


class SpecError(ProviderError):
    """What is wrong with a jobspec, a sentence each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Spec:
    """A wanted job. `job` is Nomad's API form with ID, Name, Namespace and Type filled in, without our mark."""

    job: Json
    secret: bool
    by_up: frozenset[str] = frozenset()
    """The groups whose canaries `up` promotes in Nomad's place (own_promotion.py)."""

    @property
    def id(self) -> str:
        return str(self.job["ID"])

    @property
    def namespace(self) -> str:
        return str(self.job["Namespace"])

    def held_as(self, current: Json | None) -> "Spec":
        """The job with auto_promote off where it is off in `current` because `up` promotes."""
        return replace(self, job=held_as(self.job, self.by_up, current)) if self.by_up else self

    def marked(self, urn: str) -> Json:
        """The job as it is registered: with the mark of the resource that owns it."""
        return {**self.job, "Meta": {**(self.job.get("Meta") or {}), OWNER_KEY: urn}}


def is_known(inputs: Properties) -> bool:
    """Whether the jobspec can be parsed now, or holds values that only the update knows."""
    names = ("jobspec", "hcl2", "json")
    return not any(contains_unknown(inputs.values.get(name)) for name in names)


def unknown_parts(inputs: Properties) -> list[str]:
    """What of the jobspec only the update knows: `jobspec`, `hcl2.vars.NAME`."""
    variables = inputs.values.get("hcl2")
    variables = variables.get("vars") if isinstance(variables, dict) else variables
    if isinstance(variables, dict):
        found = [f"hcl2.vars.{name}" for name, value in sorted(variables.items()) if contains_unknown(value)]
    else:
        found = ["hcl2"] if contains_unknown(variables) else []
    return [name for name in ("jobspec", "json") if contains_unknown(inputs.values.get(name))] + found


def is_secret(inputs: Properties) -> bool:
    """Whether the job's source holds a secret, so that none of its values may be shown."""
    return bool({"jobspec", "hcl2"} & inputs.secrets)


def is_json(inputs: Properties) -> bool:
    """Whether the jobspec is JSON: it says so, or it is what a refresh has written of a job that was HCL, and the
    program's own `json` beside it, as `ignore_changes` leaves it."""
    source = inputs.get("jobspec")
    return bool(inputs.get("json")) or (isinstance(source, str) and source.lstrip()[:1] == "{" and _of_the_api(source))


@lru_cache(maxsize=256)
def _of_the_api(source: str) -> bool:
    """Whether a text is a job as Nomad's API has it; HCL has a JSON form of its own, with other keys."""
    try:
        parsed = json.loads(source)
    except ValueError:
        return False
    job = jobspec_keys.unwrapped(parsed)[0] if isinstance(parsed, dict) else None
    return isinstance(job, dict) and bool({"TaskGroups", "taskgroups"} & job.keys())


def same_source(one: Properties, other: Properties) -> bool:
    """Whether two inputs hold the very same source, so that nothing needs parsing."""
    return all(one.get(name) == other.get(name) for name in ("jobspec", "hcl2")) and is_json(one) == is_json(other)


async def parse(client: NomadClient, inputs: Properties) -> Spec:
    """Parses the inputs.

    Raises SpecError with every reason; Unreachable where Nomad has to parse and cannot be reached.
    """
    source = checked_source(inputs)
    job = _from_json(source, inputs) if is_json(inputs) else await _from_hcl(client, source, inputs)
    return _spec(job, client.namespace, inputs)


def parse_json(inputs: Properties, namespace: str) -> Spec:
    """Parses JSON inputs, which takes no Nomad; `namespace` is the one of a job that names none. Raises SpecError."""
    return _spec(_from_json(checked_source(inputs), inputs), namespace, inputs)


def checked_source(inputs: Properties) -> str:
    """The text of the jobspec. Raises SpecError where it is empty or too long."""
    source = inputs.get("jobspec", "")
    if not isinstance(source, str) or not source.strip():
        raise SpecError(["The jobspec is empty; give the text of an HCL2 job file, or of a JSON job with json=True."])
    if len(source.encode()) > MAX_JOBSPEC_BYTES:
        raise SpecError([f"The jobspec has {len(source.encode())} bytes; Nomad takes {MAX_JOBSPEC_BYTES} at the most."])
    return source


def _spec(job: Json, namespace: str, inputs: Properties) -> Spec:
    reasons = [
        f"The job's {key} is {job.get(key)!r}; it must be a text that is not empty."
        for key in ("ID", "Name")
        if job.get(key) is not None and (not isinstance(job[key], str) or not job[key])
    ]
    identity = job.get("ID") or job.get("Name")
    if not identity:
        reasons.append("The job has no ID; give it one.")
    elif isinstance(identity, str) and (reason := unaddressable(identity)):
        reasons.append(reason)
    if reasons:
        raise SpecError(reasons)
    job = {
        **job,
        "ID": identity,
        "Name": job.get("Name") or identity,
        "Namespace": job.get("Namespace") or namespace,
        "Type": job.get("Type") or "service",
    }
    return Spec(job, secret=is_secret(inputs), by_up=promoted_by_up(job))


def _from_json(source: str, inputs: Properties) -> Json:
    if inputs.get("hcl2"):
        raise SpecError(["hcl2 is set together with json=True; variables exist in HCL2 jobspecs only. Take one out."])
    return json_job(source)[0]


# Check, diff and update of a resource each ask for the same text, with those of others between them.
@lru_cache(maxsize=256)
def json_job(source: str) -> tuple[Json, str]:
    """The job of a JSON jobspec with its keys in Nomad's spelling, and where it stands in it: "Job" or "".

    An unedited `nomad job inspect` is one, too: what Nomad keeps beside the job is left out.

    It is shared: nobody may change it. Raises SpecError.
    """
    try:
        parsed = json.loads(source)
    except json.JSONDecodeError as error:
        raise SpecError(
            [f"The jobspec is not JSON (line {error.lineno}, column {error.colno}: {error.msg}), but json is True."]
        ) from error
    job, where, _ = jobspec_keys.unwrapped(parsed) if isinstance(parsed, dict) else (parsed, "", [])
    if not isinstance(job, dict):
        raise SpecError(
            [f"The jobspec's JSON is a {type(job).__name__}; it must be an object, Nomad's job as its API takes it."]
        )
    return jobspec_keys.without_the_servers(jobspec_keys.spelled(job, where)[0]), where


def unknown_keys(inputs: Properties) -> list[str]:
    """A sentence for each key of a JSON jobspec that Nomad would ignore; none where it is not a JSON object at all."""
    source = inputs.get("jobspec")
    return jobspec_keys.unknown(source) if is_json(inputs) and isinstance(source, str) else []


async def parse_anew(client: NomadClient, inputs: Properties) -> Spec:
    """Parses the inputs once more, also where that was done before. Raises as `parse`."""
    job = await _from_hcl(client, checked_source(inputs), inputs, anew=True)
    return _spec(job, client.namespace, inputs)


async def _from_hcl(client: NomadClient, source: str, inputs: Properties, *, anew: bool = False) -> Json:
    hcl2 = inputs.get("hcl2", {})
    if hcl2.get("allowFs"):
        raise SpecError([f"hcl2.allow_fs is not supported: {READ_IT}"])
    variables = hcl2.get("vars") or {}
    try:
        given = variables_file(source, variables)
        return await (client.parse_hcl(source, given, anew=True) if anew else client.parse_hcl(source, given))
    except ApiError as error:
        if error.status == 403 or (error.status >= 500 and "parse" not in error.answer):
            raise
        raise SpecError([parser_sentence(error.answer)]) from error


def variables_file(source: str, variables: dict[str, Any]) -> str:
    """The text of an HCL2 variables file for `hcl2.vars`.

    As on Nomad's command line (`-var`): for a variable of type string, or of none, a text counts as it is; for one of
    another type it is an HCL expression. Numbers and booleans are what they are; so is a list or map, which may come
    as JSON: the SDK takes no other.
    """
    lines = []
    for name, value in sorted(variables.items()):
        if value is UNKNOWN:
            continue
        as_expression = isinstance(value, str) and takes_expression(source, name)
        lines.append(f"{name} = {_expression(value) if as_expression else expression(value)}")
    return "\n".join(lines) + "\n" if lines else ""


def takes_expression(source: str, name: str) -> bool:
    """Whether the jobspec's variable is of another type than string, so that its values are HCL expressions.

    Without a type it has that of its default, of which a list and a map count here.
    """
    header = re.search(rf'(?m)^[ \t]*variable\s+"?{re.escape(name)}"?\s*\{{', source)
    if header is None:
        return False
    own = _own_text(source[header.end() :])
    declared = re.search(r"(?m)^\s*type\s*=\s*(?P<type>.+?)\s*$", own)
    if declared is None:
        return re.search(r"(?m)^\s*default\s*=\s*[\[{]", own) is not None
    return declared["type"] not in ("string", "any")


_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|(?:#|//)[^\n]*|[{}]|.', re.S)


def _own_text(block: str) -> str:
    """The text of a block up to its closing brace, without comments, strings and what stands in inner braces."""
    kept = []
    depth = 0
    for token in _TOKEN.findall(block):
        if token == "}":
            depth -= 1
            if depth < 0:
                break
        elif token == "{":
            if depth == 0:
                # What begins here, and no more of it.
                kept.append(token)
            depth += 1
        elif depth == 0 and not token.startswith(('"', "#", "//")):
            kept.append(token)
    return "".join(kept)


def _expression(text: str) -> str:
    """A text as an HCL expression: JSON is nearly one, but `${` in its texts has to be escaped."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return expression(value) if isinstance(value, list | dict) else text


def expression(value: Any) -> str:
    """A value of the program as an HCL expression."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_hcl_string(key)} = {expression(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(expression, value)) + "]"
    return _hcl_string(value) if isinstance(value, str) else json.dumps(value)


def _hcl_string(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    # JSON's two short escapes that HCL does not know; the pairs before them are escaped backslashes.
    return re.sub(r"\\(.)", lambda pair: {"b": r"\u0008", "f": r"\u000c"}.get(pair[1], pair[0]), quoted)
