"""Which right of Nomad's ACLs a request needs, and what to say of a token that lacks it.

Source: the checks in Nomad 1.11.3's endpoints (`AllowNsOp`, `AllowVariableOperation`, ...), whose answer is "Permission
denied" and no more.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from providers.http_api import HttpApi, Unreachable
from providers.plugin import ProviderError

_IN_NAMESPACE = (
    ("POST", "/v1/jobs/parse", "parse-job"),
    ("POST", "/v1/validate/job", "read-job"),
    ("POST", "/v1/jobs", "register-job"),
    ("GET", "/v1/jobs", "list-jobs"),
    ("GET", "/v1/client/fs/logs/.+", "read-logs"),
    ("POST", "/v1/job/[^/]+/plan", "plan-job"),
    ("DELETE", "/v1/job/[^/]+", "deregister-job"),
    ("POST", "/v1/deployment/fail/.+", "fail-deployment"),
    ("POST", "/v1/deployment/promote/.+", "promote-deployment"),
    ("GET", "/v1/(job|allocation|deployment|evaluation)/.+|/v1/(allocations|event/stream).*", "read-job"),
)
"""Method and path of a request, and the capability that it needs in its namespace."""

_ANYWHERE = (
    ("GET", "/v1/node/pools?(/.*)?", 'node_pool "NAME" { policy = "read" }'),
    ("DELETE", "/v1/node/pools?(/.*)?", 'node_pool "NAME" { capabilities = ["delete"] }'),
    (".+", "/v1/node/pools?(/.*)?", 'node_pool "NAME" { policy = "write" }'),
    ("GET", "/v1/nodes?(/.*)?", 'node { policy = "read" }'),
    ("GET", "/v1/agent/self", 'agent { policy = "read" }'),
    (".+", "/v1/acl/.+", "a token of type management"),
    ("GET", "/v1/namespaces?(/.*)?", "any capability in that namespace"),
    (".+", "/v1/namespaces?(/.*)?", "a token of type management"),
)

SUBMIT = frozenset({"register-job", "plan-job", "deregister-job", "purge-job", "fail-deployment", "promote-deployment"})
"""What submit-job includes. Nomad before 1.11 has only that one."""

VOLUMES_TOO = ", and for a job with volumes the rights to mount them (host_volume, csi-mount-volume)"

_ON_VARIABLES = {"GET": "read", "PUT": "write", "POST": "write", "DELETE": "destroy"}


def needed(method: str, path: str, query: Mapping[str, str]) -> str:
    """The right that a request needs, in the words of a policy; "" where it is not known."""
    namespace = query.get("namespace") or "default"
    if path.startswith("/v1/var/"):
        variable = unquote(path.removeprefix("/v1/var/"))
        return f'the capability {_ON_VARIABLES[method]} on the variables path "{variable}" in namespace "{namespace}"'
    for methods, pattern, capability in _IN_NAMESPACE:
        if re.fullmatch(methods, method) and re.fullmatch(pattern, path):
            if capability == "deregister-job" and query.get("purge") == "true":
                capability = "purge-job"
            instead = " (or submit-job)" if capability in SUBMIT else ""
            extra = VOLUMES_TOO if capability == "register-job" else ""
            return f'the capability {capability}{instead} in namespace "{namespace}"{extra}'
    for methods, pattern, right in _ANYWHERE:
        if re.fullmatch(methods, method) and re.fullmatch(pattern, path):
            return right
    return ""


class Rights:
    """Tells what the token of this API lacks."""

    def __init__(self, api: HttpApi) -> None:
        self._api = api

    async def forbidden(self, method: str, path: str, query: Mapping[str, str], answer: str) -> str:
        """One or two sentences for a request that Nomad forbade: whether the token counts at all, and what it lacks."""
        right = needed(method, path, query)
        lacks = f"It needs {right}." if right else "The token may not do that."
        if path == "/v1/acl/token/self" or "disabled" in answer:
            return ""
        if not self._api.has_token():
            return f"No token is given. {lacks} Set one in NOMAD_TOKEN (or secretId)."
        try:
            token = (await self._api.once("/v1/acl/token/self")).body
        except Unreachable:
            return lacks
        except ProviderError:
            return "Nomad does not know the token in NOMAD_TOKEN (or secretId), or it has expired. Take a new one."
        policies = ", ".join(token.get("Policies") or []) or "none"
        return (
            f'{lacks} The token "{token.get("Name")}" has these policies: {policies}. '
            "docs/security.md lists what deploying needs."
        )
