"""What programs declare in Consul: who may call whom, services outside of the cluster, and key/values.

Types that Pulumi can offer to other languages are TypedDicts, and their annotations must not be strings: no
`from __future__ import annotations` here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_consul as consul

from components.arguments import ArgumentsError, check_arguments
from components.problems import Problem, shown

EVERYBODY = "*"
"""Consul's name for all services."""


class ServiceIntentionsArgs(TypedDict):
    """Who may call a service."""

    service: str
    """Name of the callee in Consul."""
    callers: Sequence[str]
    """Names in Consul of the services that may call it. All others may not; none: nobody may; "*": everybody may."""


class ServiceIntentions(pulumi.ComponentResource):
    """Lets the callers of a service through, and nobody else. It is of effect where the service is in the mesh.

    Source: Consul, service-intentions.
    """

    service: pulumi.Output[str]
    """Name of the callee."""

    def __init__(self, name: str, args: ServiceIntentionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caravan:index:ServiceIntentions", name, None, opts)
        check_arguments(f'ServiceIntentions "{name}"', args, ServiceIntentionsArgs)
        callers = sorted(set(args["callers"]))
        sources = [consul.ConfigEntryServiceIntentionsSourceArgs(name=caller, action="allow") for caller in callers]
        if EVERYBODY not in callers:
            sources.append(consul.ConfigEntryServiceIntentionsSourceArgs(name=EVERYBODY, action="deny"))
        entry = consul.ConfigEntryServiceIntentions(
            f"{name}-intentions",
            name=args["service"],
            sources=sources,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.service = entry.name
        self.register_outputs({"service": self.service})


def intentions_for_calls(
    calls: Mapping[str, Sequence[str]], opts: pulumi.ResourceOptions | None = None
) -> dict[str, ServiceIntentions]:
    """The intentions that follow from what services call, by the callee's name, in the order of the names.

    `calls` holds the names of the callees by the name of their caller: `{"web": ["api"], "api": ["store"]}`. A service
    that nobody calls gets none.
    """
    callees = sorted({callee for called in calls.values() for callee in called})
    return {
        callee: ServiceIntentions(
            callee,
            {"service": callee, "callers": sorted(caller for caller, called in calls.items() if callee in called)},
            opts,
        )
        for callee in callees
    }


class ExternalCheckArgs(TypedDict):
    """How consul-esm finds out whether the service can serve. Consul itself does not run it."""

    http: NotRequired[str | None]
    """URL that must answer with 2xx. Give this or `tcp`."""
    tcp: NotRequired[str | None]
    """host:port that must accept a connection."""
    interval_s: NotRequired[float]
    """Time between two checks, seconds. Default 30."""
    timeout_s: NotRequired[float]
    """Time for an answer, seconds. Default 5."""
    forget_after_s: NotRequired[float]
    """Time after which consul-esm takes a failing service out of Consul, seconds. Default 259200, 3 days."""


class ExternalServiceArgs(TypedDict):
    """A service that runs outside of the cluster."""

    address: pulumi.Input[str]
    """Host name or IP address."""
    port: NotRequired[pulumi.Input[int]]
    """1 to 65535. Default: none."""
    service: NotRequired[str]
    """Name in Consul. Default: the resource's name."""
    tags: NotRequired[Sequence[str]]
    """Tags in Consul. Default none."""
    meta: NotRequired[Mapping[str, str]]
    """Default none."""
    check: NotRequired[ExternalCheckArgs | None]
    """Default: none, and the service counts as healthy."""
    healthy: NotRequired[bool]
    """Whether it counts as healthy until its check says otherwise. Default true."""


class ExternalService(pulumi.ComponentResource):
    """A service outside of the cluster, found in Consul as those inside are. It gets a node of its own there."""

    service: pulumi.Output[str]
    """Name in Consul."""
    node: pulumi.Output[str]
    """Name of its node in Consul."""

    def __init__(self, name: str, args: ExternalServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caravan:index:ExternalService", name, None, opts)
        check_arguments(f'ExternalService "{name}"', args, ExternalServiceArgs)
        if args.get("check") is not None:
            check_arguments(f'ExternalService "{name}": check', args["check"] or {}, ExternalCheckArgs)
        service_name = args.get("service", name)
        child = pulumi.ResourceOptions(parent=self)
        node = consul.Node(
            f"{name}-node",
            name=f"{service_name}-external",
            address=args["address"],
            meta={"external-node": "true"},
            opts=child,
        )
        check = args.get("check")
        service = consul.Service(
            f"{name}-service",
            name=service_name,
            node=node.name,
            address=args["address"],
            port=args.get("port"),
            tags=list(args.get("tags", ())),
            meta=dict(args.get("meta", {})),
            checks=[] if check is None else [_check(service_name, check, healthy=args.get("healthy", True))],
            opts=child,
        )
        self.service = service.name
        self.node = node.name
        self.register_outputs({"service": self.service, "node": self.node})


def _check(service: str, check: ExternalCheckArgs, *, healthy: bool) -> consul.ServiceCheckArgs:
    return consul.ServiceCheckArgs(
        check_id=f"{service}-external",
        name=f"{service} answers",
        http=check.get("http"),
        tcp=check.get("tcp"),
        interval=_seconds(check.get("interval_s", 30)),
        timeout=_seconds(check.get("timeout_s", 5)),
        deregister_critical_service_after=_seconds(check.get("forget_after_s", 259200)),
        status="passing" if healthy else "critical",
    )


def _seconds(value: float) -> str:
    return f"{round(value * 1000)}ms"


class KeyValuesArgs(TypedDict):
    """Values below one prefix."""

    prefix: str
    """What all keys begin with: `config/web`, without a slash at the end."""
    values: Mapping[str, pulumi.Input[str]]
    """By what follows the prefix. A secret (`pulumi.Output.secret`) is shown nowhere; in Consul, everybody who may read
    the key sees it."""


class KeyValues(pulumi.ComponentResource):
    """Keys in Consul's key/value store that go with this resource. Other keys below the prefix are left alone."""

    prefix: pulumi.Output[str]
    """The prefix, with a slash at the end."""

    def __init__(self, name: str, args: KeyValuesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caravan:index:KeyValues", name, None, opts)
        check_arguments(f'KeyValues "{name}"', args, KeyValuesArgs)
        if problems := list(_wrong_keys(f'KeyValues "{name}"', args)):
            raise ArgumentsError(problems)
        prefix = args["prefix"].rstrip("/") + "/"
        keys = [
            consul.KeysKeyArgs(path=prefix + key, value=value, delete=True)
            for key, value in sorted(args["values"].items())
        ]
        written = consul.Keys(f"{name}-keys", keys=keys, opts=pulumi.ResourceOptions(parent=self))
        self.prefix = written.id.apply(lambda _: prefix)
        self.register_outputs({"prefix": self.prefix})


def _wrong_keys(component: str, args: KeyValuesArgs) -> Iterator[Problem]:
    """Paths that Consul would keep apart from those that they look like: it takes each slash as it is."""
    prefix = args["prefix"]
    if not prefix.strip("/") or prefix.startswith("/") or "//" in prefix:
        what = 'must be as "config/web", without a slash at the beginning or two in a row'
        yield Problem(f"{component}: prefix", f"is {shown(prefix)}, but {what}")
    for key in args["values"]:
        if not key or key.startswith("/") or "//" in key:
            what = "must be what follows the prefix and a slash, without a slash at the beginning or two in a row"
            yield Problem(f"{component}: values", f"has the key {shown(key)}, but it {what}")
