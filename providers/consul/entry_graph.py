"""How config entries depend on one another, as far as it can be known before Consul judges it at the write.

Source: `validateProposedConfigEntryInServiceGraph` and the compiler of discovery chains in Consul's `agent/consul`.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.consul import entry_schema
from providers.consul.client import ConsulClient
from providers.consul.entry_schema import OWNER_KEY
from providers.properties import UNKNOWN

Entries = Mapping[tuple[str, str], Mapping[str, Any]]

KINDS = (
    "proxy-defaults",
    "service-defaults",
    "service-intentions",
    "service-resolver",
    "service-router",
    "service-splitter",
)
"""The kinds that depend on one another."""

_HTTP = ("http", "http2", "grpc")
_NEEDS_HTTP = "needs a service whose protocol is http, http2 or grpc"


class EntryGraph:
    """The entries that Consul has, with those that the previewed update is going to write. Read once per preview."""

    def __init__(self, client: ConsulClient) -> None:
        self._client = client
        self._entries: dict[tuple[str, str], Mapping[str, Any]] | None = None
        self._reading = asyncio.Lock()
        self._declared: set[tuple[str, Any]] = set()
        self._stack = ""
        self._deletes = False
        self._owners: dict[tuple[str, str], str] = {}

    def declares(self, stack: str, kind: str, name: Any) -> None:
        """Takes note of an entry of the program. `stack`: what the URNs of all its resources begin with."""
        self._stack = stack
        self._declared.add((kind, name))

    def deletes(self) -> None:
        """Takes note that entries are deleted already: what is wrong with that, Consul tells."""
        self._deletes = True

    async def refused_deletions(self) -> list[str]:
        """At the end of a preview: what Consul would refuse if this stack's entries that were not declared go.

        The engine asks no plugin about a deletion before it is made.
        """
        if not self._declared or self._deletes or any(UNKNOWN in entry for entry in self._declared):
            return []
        entries = await self._read()
        gone = {
            place
            for place, owner in self._owners.items()
            if owner.startswith(self._stack) and place not in self._declared
        }
        before = set(problems(entries))
        left = {place: entry for place, entry in entries.items() if place not in gone}
        named = ", ".join(f'{kind} "{name}"' for kind, name in sorted(gone))
        return [
            f"The program does not declare {named} any more, and Consul is going to refuse to delete that: without it "
            f'{one.text} Take {one.holder[0]} "{one.holder[1]}" out of the program, too, or keep what it needs.'
            for one in problems(left)
            if one not in before
        ]

    async def add(self, kind: str, name: str, entry: Mapping[str, Any]) -> list[str]:
        """Takes an entry in normal form in; what it newly breaks, for which Consul would refuse it."""
        if kind not in KINDS:
            return []
        async with self._reading:
            if self._entries is None:
                self._entries = await self._read()
        before = set(problems(self._entries))
        self._entries[kind, name] = entry
        return [
            f"{one.text} {one.advice if one.holder == (kind, name) else _way_round(one.holder)}"
            for one in problems(self._entries)
            if one not in before
        ]

    async def needing(self, kind: str, name: str) -> list[str]:
        """A sentence for each entry that Consul has and that could not be without this one; reads them anew."""
        entries = await self._read() if kind in KINDS else {}
        before = set(problems(entries))
        entries.pop((kind, name), None)
        return [
            f'Without it {one.text} Take {one.holder[0]} "{one.holder[1]}" out of the program, too, or keep this entry.'
            for one in problems(entries)
            if one not in before
        ]

    async def _read(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        query = self._client.query()
        answers = await asyncio.gather(*(self._client.find(f"/v1/config/{kind}", query) for kind in KINDS))
        found = {
            (kind, str(entry["Name"])): entry
            for kind, entries in zip(KINDS, answers, strict=True)
            for entry in entries or []
        }
        self._owners = {place: str((entry.get("Meta") or {}).get(OWNER_KEY)) for place, entry in found.items()}
        return {(kind, name): entry_schema.normal(kind, entry) for (kind, name), entry in found.items()}


@dataclass(frozen=True)
class Problem:
    """A dependency that does not hold: which entry (kind and name) has it, and what helps who writes that one."""

    holder: tuple[str, str]
    text: str
    advice: str


def _way_round(holder: tuple[str, str]) -> str:
    """What helps who changes an entry that another one depends on: protocols change one by one, in no right order."""
    kind, name = holder
    return (
        f'As long as there is {kind} "{name}", no single step changes that. Take it out of the program and run '
        "`pulumi up`, then make this change with all that belong to it, and then put it back."
    )


def problems(entries: Entries) -> Iterator[Problem]:
    """Each dependency between the entries that does not hold."""
    for (kind, name), entry in entries.items():
        if kind in ("service-router", "service-splitter"):
            protocol = _protocol(entries, name)
            if protocol not in _HTTP:
                yield _needs_http((kind, name), f'{kind} "{name}"', protocol)
            for target in _targets(kind, entry):
                yield from _target_problems(entries, kind, name, protocol, target)
        if kind == "service-resolver" and (redirect := entry.get("Redirect")):
            yield from _subset_problems(entries, kind, name, redirect)
        if kind == "service-intentions" and name != "*":
            protocol = _protocol(entries, name)
            if protocol not in _HTTP and any(source.get("Permissions") for source in entry.get("Sources", [])):
                yield _needs_http((kind, name), f'service-intentions "{name}" with Permissions', protocol)


def _targets(kind: str, entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if kind == "service-splitter":
        return list(entry.get("Splits", []))
    return [route["Destination"] for route in entry.get("Routes", []) if route.get("Destination")]


def _needs_http(holder: tuple[str, str], who: str, protocol: str) -> Problem:
    name = holder[1]
    return Problem(holder, f'{who} {_NEEDS_HTTP}; that of "{name}" is {protocol}.', _advice(name))


def _target_problems(
    entries: Entries, kind: str, name: str, protocol: str, target: Mapping[str, Any]
) -> Iterator[Problem]:
    service = target.get("Service") or name
    other = _protocol(entries, service)
    if other != protocol and protocol in _HTTP:
        text = (
            f'{kind} "{name}" sends to the service "{service}", whose protocol is {other} and not {protocol}, as that '
            f'of "{name}".'
        )
        yield Problem((kind, name), text, _advice(service))
    yield from _subset_problems(entries, kind, name, target)


def _subset_problems(entries: Entries, kind: str, name: str, target: Mapping[str, Any]) -> Iterator[Problem]:
    service, subset = target.get("Service") or name, target.get("ServiceSubset")
    # What is elsewhere is not among these entries.
    if not subset or target.get("Datacenter") or target.get("Peer"):
        return
    subsets = entries.get(("service-resolver", service), {}).get("Subsets", {})
    if subset not in subsets:
        there = f"it has {', '.join(sorted(subsets))}" if subsets else "it has none"
        text = f'{kind} "{name}" sends to the subset "{subset}" of the service "{service}"; {there}.'
        advice = "Give it that subset in a service-resolver, and let this entry depend on that (depends_on)."
        yield Problem((kind, name), text, advice)


def _protocol(entries: Entries, service: str) -> str:
    defaults = entries.get(("service-defaults", service))
    if defaults is not None:
        return str(defaults.get("Protocol", "tcp"))
    config = entries.get(("proxy-defaults", "global"), {}).get("Config", {})
    return str(config.get("protocol") or "tcp").lower()


def _advice(service: str) -> str:
    return (
        f'Give "{service}" a service-defaults entry with the right Protocol, and let this entry depend on it '
        "(depends_on)."
    )
