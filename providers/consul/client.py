"""Consul's HTTP API: the calls that the resources make, by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.consul.config import ConsulConfig
from providers.consul.rights import Right, denied
from providers.http_api import ApiError, HttpApi, join
from providers.plugin import CheckFailure, ProviderError
from providers.properties import UNKNOWN, Properties

Json = dict[str, Any]

ANSWER_S = 10.0

POLICIES = "docs/security.md lists what deploying needs."

MAX_OPERATIONS = 128
"""Most operations in one transaction. Source: Consul `agent/txn_endpoint.go`."""


class Conflict(ProviderError):
    """Somebody else has written between the look and the write; nothing of the transaction took place."""


class ConsulClient:
    """Consul behind `config`. Every call raises Unreachable or ApiError."""

    def __init__(self, api: HttpApi, config: ConsulConfig) -> None:
        self.api = api
        self._config = config
        self._edition: str | None = None
        self._has_acls = True

    def query(self, inputs: Mapping[str, Any] | None = None, **extra: str) -> dict[str, str]:
        """The query of a call: where the inputs or the configuration say to look, and `extra`."""
        given = inputs or {}
        query = {
            "dc": given.get("datacenter") or self._config.datacenter,
            "ns": given.get("namespace") or self._config.namespace,
            "partition": given.get("partition"),
            **extra,
        }
        return {name: value for name, value in query.items() if value}

    async def find(self, path: str, query: Mapping[str, str]) -> Any:
        """The answer of a GET, or None where there is no such thing. `path` is built by `join`."""
        try:
            return (await self.api.get(path, query=query)).body
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def filter_problem(self, expression: str) -> str:
        """Why Consul cannot read a filter of service instances; "" where it can."""
        query = {**self.query(), "filter": expression}
        try:
            # Asked once: Consul's answer to one that it cannot read is 500, as that of a server in trouble.
            async with self.api.stream("GET", "/v1/health/service/consul", query=query, read_timeout_s=ANSWER_S):
                return ""
        except ApiError as error:
            if "filter" not in error.answer and "expression" not in error.answer:
                raise
            return error.answer

    async def transaction(self, operations: Sequence[Json], query: Mapping[str, str]) -> None:
        """Does all of the operations or none. Raises Conflict where a `cas` in it does not hold."""
        try:
            await self.api.change("PUT", "/v1/txn", list(operations), query=query)
        except ApiError as error:
            if error.status == 409 and ("index is stale" in error.answer or "changed" in error.answer):
                raise Conflict("somebody else has written meanwhile") from None
            raise

    async def lacking(self, rights: Sequence[Right]) -> str:
        """One sentence that names all of these rights that the token lacks; "" where none is known to be missing.

        Not asked again once Consul has said that it has no ACLs, or has no such question. Raises Unreachable.
        """
        if not rights or not self._has_acls:
            return ""
        try:
            missing = await denied(self.api, rights)
        except ApiError as error:
            self._has_acls = error.status == 403
            return str(error) if error.status == 403 else ""
        if not missing:
            return ""
        rules = ", ".join(right.rule() for right in missing)
        return f"Consul at {self.api.address} will not take it: the token lacks {rules}. {POLICIES}"

    async def enterprise(self) -> bool | None:
        """Whether the server is Consul Enterprise; None where the token may not ask."""
        if self._edition is None:
            try:
                self._edition = str((await self.api.get("/v1/agent/self")).body["Config"]["Version"])
            except ApiError as error:
                if error.status == 403:
                    return None
                raise
        return "+ent" in self._edition

    async def refuse_tenancy(self, noun: str, inputs: Properties) -> list[CheckFailure]:
        """Refuses namespaces and partitions where the server has none; it would say so as late as at the update."""
        given = [name for name in ("namespace", "partition") if inputs.get(name) not in (None, UNKNOWN)]
        if not given or await self.enterprise() is not False:
            return []
        return [
            CheckFailure(
                name, f"{noun}: {name} needs Consul Enterprise; the server is Consul {self._edition}. Take it out."
            )
            for name in given
        ]


def config_path(kind: str, name: str) -> str:
    """The path of a config entry."""
    return join("v1", "config", kind, name)
