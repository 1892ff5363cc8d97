"""The resource nomad:index/aclPolicy:AclPolicy."""

from dataclasses import dataclass
from typing import Any, ClassVar

from providers.fields import Block, Text
from providers.http_api import join
from providers.nomad.client import Json
from providers.nomad.record import MAX_DESCRIPTION_CHARS, NomadRecord
from providers.plugin import CheckFailure
from providers.properties import Properties

_JOB_ACL = {"namespace": "Namespace", "jobId": "JobID", "group": "Group", "task": "Task"}


@dataclass(frozen=True, kw_only=True)
class Rules(Text):
    """A text in HCL or JSON; empty lines and spaces around it do not matter."""

    def normal(self, value: Any) -> Any:
        return (value or "").strip() or None


class AclPolicyResource(NomadRecord):
    """ACL policies. ID: the name. Nomad judges the rules when they are written; it has no dry run for them."""

    token = "nomad:index/aclPolicy:AclPolicy"
    noun = "ACL policy"
    fields: ClassVar = {
        "name": Text(
            replaces=True, pattern="[a-zA-Z0-9-]{1,128}", allowed="1 to 128 letters (a-z, A-Z), digits and hyphens"
        ),
        "description": Text(max_chars=MAX_DESCRIPTION_CHARS),
        "rulesHcl": Rules(required=True),
        "jobAcl": Block(fields={name: Text() for name in _JOB_ACL}),
    }

    async def fetch(self, id: str) -> Json | None:
        found: Json | None = await self._client.find(join("v1", "acl", "policy", id))
        return found

    def values(self, found: Json) -> dict[str, Any]:
        job = found.get("JobACL") or {}
        values = {
            "name": found["Name"],
            "description": found.get("Description"),
            "rulesHcl": found.get("Rules"),
            "jobAcl": {name: job[theirs] for name, theirs in _JOB_ACL.items() if job.get(theirs)},
        }
        return {name: value for name, value in values.items() if value}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        name, job = self.id(inputs), inputs.get("jobAcl", {})
        given = {theirs: job[ours] for ours, theirs in _JOB_ACL.items() if job.get(ours)}
        body = {
            "Name": name,
            "Description": inputs.get("description", ""),
            "Rules": inputs.values["rulesHcl"],
            "JobACL": given or None,
        }
        await self._client.api.change("POST", join("v1", "acl", "policy", name), body, query=self._client.query())
        return name

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        await self._client.api.change("DELETE", join("v1", "acl", "policy", id), query=self._client.query())

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """A job is in a namespace, a group in a job, a task in a group (source: Nomad `ACLPolicy.Validate`)."""
        job = inputs.get("jobAcl", {})
        if not isinstance(job, dict):
            return []
        return [
            CheckFailure("jobAcl", f"ACL policy: jobAcl.{inner} is given without jobAcl.{outer}; give that too.")
            for outer, inner in (("namespace", "jobId"), ("jobId", "group"), ("group", "task"))
            if job.get(inner) and not job.get(outer)
        ]
