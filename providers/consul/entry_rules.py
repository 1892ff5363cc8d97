"""Consul's rules for single config entries, told at preview and all at once.

Source: `Validate` of the entries in Consul's `agent/structs`. Consul itself tells the first one, at the write.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

PROTOCOLS = ("tcp", "http", "http2", "grpc")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"})
_RETRY_ON = (
    "5xx",
    "cancelled",
    "connect-failure",
    "deadline-exceeded",
    "envoy-ratelimited",
    "gateway-error",
    "internal",
    "refused-stream",
    "reset",
    "resource-exhausted",
    "retriable-4xx",
    "unavailable",
)
_POLICIES = ("", "random", "round_robin", "least_request", "ring_hash", "maglev")
_HASH_FIELDS = ("header", "cookie", "query_parameter")
_PATHS = ("PathExact", "PathPrefix", "PathRegex")
_ACTIONS = ("allow", "deny")
_MAX_META = 64
_MAX_META_KEY_CHARS = 128
_MAX_META_VALUE_CHARS = 512


def broken(kind: str, name: str, entry: Json) -> Iterator[str]:
    """A sentence for each rule that an entry in normal form breaks. It must be known and of the right types."""
    yield from _meta(entry.get("Meta", {}))
    rule = _RULES.get(kind)
    if rule is not None:
        yield from rule(name, entry)


def _meta(meta: Json) -> Iterator[str]:
    if len(meta) > _MAX_META:
        yield f"Meta has {len(meta)} pairs; {_MAX_META} are the most."
    for key, value in meta.items():
        if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{_MAX_META_KEY_CHARS}}}", key):
            yield f"Meta has the key {key!r}; it must be 1 to {_MAX_META_KEY_CHARS} letters, digits and the signs - _"
        if len(value) > _MAX_META_VALUE_CHARS:
            yield f"Meta.{key} has {len(value)} characters; {_MAX_META_VALUE_CHARS} are the most."


def _defaults(name: str, entry: Json) -> Iterator[str]:
    if name == "*":
        yield "the name is '*'; service-defaults are of one service. For all of them: proxy-defaults."
    if entry.get("Protocol", "tcp") not in PROTOCOLS:
        yield f"Protocol is {entry['Protocol']!r}; it must be {' or '.join(map(repr, PROTOCOLS))}."
    if entry.get("BalanceInboundConnections", "") not in ("", "exact_balance"):
        yield f"BalanceInboundConnections is {entry['BalanceInboundConnections']!r}; it must be 'exact_balance'."
    destination = entry.get("Destination")
    if destination is None:
        return
    if "UpstreamConfig" in entry:
        yield "UpstreamConfig and Destination are both given; give one of them."
    if not destination.get("Addresses"):
        yield "Destination.Addresses is empty; give an address."
    if not 1 <= destination.get("Port", 0) <= 65535:
        yield f"Destination.Port is {destination.get('Port', 0)}; it must be 1 to 65535."


def _proxy(name: str, entry: Json) -> Iterator[str]:
    if name != "global":
        yield f"the name is {name!r}; there is one proxy-defaults, named 'global'."


def _mesh(name: str, entry: Json) -> Iterator[str]:
    if name != "mesh":
        yield f"the name is {name!r}; there is one mesh entry, named 'mesh'."


def _exported(name: str, entry: Json) -> Iterator[str]:
    if name != "default":
        yield f"the name is {name!r}; there is one exported-services, named as the partition: 'default'."
    for number, service in enumerate(entry.get("Services", [])):
        if not service.get("Name"):
            yield f"Services[{number}].Name is missing; give it."
        if not service.get("Consumers"):
            yield f"Services[{number}].Consumers is empty; give a peer."


def _splitter(name: str, entry: Json) -> Iterator[str]:
    splits = entry.get("Splits", [])
    if not splits:
        yield "Splits is empty; give at least one, and weights that add up to 100."
        return
    for number, split in enumerate(splits):
        if not 0 <= split["Weight"] <= 100:
            yield f"Splits[{number}].Weight is {_number(split['Weight'])}; it must be 0 to 100."
    total = round(sum(round(split["Weight"] * 100) for split in splits) / 100, 2)
    if total != 100:
        shares = " + ".join(_number(split["Weight"]) for split in splits)
        yield f"the weights of Splits add up to {_number(total)} ({shares}); they must add up to 100."
    counts = Counter(_place(name, split) for split in splits)
    for place, count in counts.items():
        if count > 1:
            yield f"Splits name {place} {count} times; name it once, with the sum of the weights."


def _place(name: str, destination: Json) -> str:
    subset = destination.get("ServiceSubset")
    return f"service {destination.get('Service') or name!r}" + (f", subset {subset!r}" if subset else "")


def _number(value: float) -> str:
    return f"{value:g}"


def _router(name: str, entry: Json) -> Iterator[str]:
    for number, route in enumerate(entry.get("Routes", [])):
        where = f"Routes[{number}]"
        http = route.get("Match", {}).get("HTTP", {})
        yield from _http(f"{where}.Match.HTTP", http, ("Present", "Exact", "Prefix", "Suffix", "Regex"))
        for position, parameter in enumerate(http.get("QueryParam", [])):
            yield from _one_way(f"{where}.Match.HTTP.QueryParam[{position}]", parameter, ("Present", "Exact", "Regex"))
        destination = route.get("Destination", {})
        if destination.get("PrefixRewrite") and not (http.get("PathExact") or http.get("PathPrefix")):
            yield f"{where}.Destination.PrefixRewrite needs PathExact or PathPrefix in {where}.Match.HTTP."
        for condition in destination.get("RetryOn", []):
            if condition not in _RETRY_ON:
                yield f"{where}.Destination.RetryOn has {condition!r}; it takes {', '.join(_RETRY_ON)}."


def _http(where: str, http: Json, ways: tuple[str, ...]) -> Iterator[str]:
    """The rules for what a request is matched by."""
    given = [path for path in _PATHS if http.get(path)]
    if len(given) > 1:
        yield f"{where} has {' and '.join(given)}; give one of them."
    for path in ("PathExact", "PathPrefix"):
        if http.get(path) and not http[path].startswith("/"):
            yield f"{where}.{path} is {http[path]!r}; it must start with '/'."
    for number, header in enumerate(http.get("Header", [])):
        yield from _one_way(f"{where}.Header[{number}]", header, ways)
    methods: list[str] = http.get("Methods", [])
    for method, count in Counter(methods).items():
        if method not in _METHODS:
            yield f"{where}.Methods has {method!r}; it takes {', '.join(sorted(_METHODS))}."
        elif count > 1:
            yield f"{where}.Methods has {method!r} {count} times; give it once."


def _one_way(where: str, part: Json, ways: tuple[str, ...]) -> Iterator[str]:
    if not part.get("Name"):
        yield f"{where}.Name is missing; give it."
    given = [way for way in ways if part.get(way)]
    if len(given) != 1:
        yield f"{where} has {' and '.join(given) or 'nothing to match by'}; give one of {', '.join(ways)}."


def _resolver(name: str, entry: Json) -> Iterator[str]:
    subsets = entry.get("Subsets", {})
    for subset in subsets:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", subset):
            yield f"Subsets has {subset!r}; a subset's name is lower-case letters, digits and hyphens inside."
    if (default := entry.get("DefaultSubset")) and default not in subsets:
        yield f"DefaultSubset is {default!r}; {_there(subsets)}"
    redirect, failover = entry.get("Redirect"), entry.get("Failover", {})
    if redirect is not None:
        if failover:
            yield "Redirect and Failover are both given; give one of them."
        yield from _redirect(name, redirect, subsets)
    for subset, target in failover.items():
        yield from _failover(name, subset, target, subsets)
    yield from _load_balancer(entry.get("LoadBalancer", {}))


def _there(subsets: Json) -> str:
    return f"there are the subsets {', '.join(subsets)}." if subsets else "there are no subsets."


def _redirect(name: str, redirect: Json, subsets: Json) -> Iterator[str]:
    for one in ("Peer", "SamenessGroup"):
        for other in ("ServiceSubset", "Partition", "Datacenter"):
            if redirect.get(one) and redirect.get(other):
                yield f"Redirect has {one} and {other}; give one of them."
    if not redirect.get("Service"):
        for part in ("ServiceSubset", "Namespace", "Partition", "Peer"):
            if redirect.get(part):
                yield f"Redirect.{part} is given without Redirect.Service; give that too."
    elif redirect["Service"] == name and (subset := redirect.get("ServiceSubset")) and subset not in subsets:
        yield f"Redirect.ServiceSubset is {subset!r}; {_there(subsets)}"


def _failover(name: str, subset: str, target: Json, subsets: Json) -> Iterator[str]:
    where = f"Failover.{subset}"
    if subset != "*" and subset not in subsets:
        yield f"Failover has {subset!r}; {_there(subsets)} '*' stands for all."
    if not any(
        target.get(part)
        for part in ("Service", "ServiceSubset", "Namespace", "Targets", "Datacenters", "SamenessGroup")
    ):
        yield f"{where} is empty; give it Service, ServiceSubset, Targets or Datacenters."
    own = target.get("Service", name) == name
    if own and (other := target.get("ServiceSubset")) and other not in subsets:
        yield f"{where}.ServiceSubset is {other!r}; {_there(subsets)}"
    for part in ("Datacenters", "ServiceSubset", "Service", "SamenessGroup"):
        if target.get("Targets") and target.get(part):
            yield f"{where} has Targets and {part}; give one of them."
    for number, one in enumerate(target.get("Targets", [])):
        inner = one.get("ServiceSubset")
        if inner and one.get("Service", name) == name and inner not in subsets:
            yield f"{where}.Targets[{number}].ServiceSubset is {inner!r}; {_there(subsets)}"
        for part in ("ServiceSubset", "Partition", "Datacenter"):
            if one.get("Peer") and one.get(part):
                yield f"{where}.Targets[{number}] has Peer and {part}; give one of them."


def _load_balancer(balancer: Json) -> Iterator[str]:
    policy = balancer.get("Policy", "")
    if policy not in _POLICIES:
        yield f"LoadBalancer.Policy is {policy!r}; it must be {' or '.join(map(repr, _POLICIES[1:]))}."
    for part, its in (("RingHashConfig", "ring_hash"), ("LeastRequestConfig", "least_request")):
        if part in balancer and policy != its:
            yield f"LoadBalancer.{part} is for the policy {its!r}; the policy is {policy!r}."
    if balancer.get("HashPolicies") and policy not in ("ring_hash", "maglev"):
        yield f"LoadBalancer.HashPolicies are for the policies 'ring_hash' and 'maglev'; the policy is {policy!r}."
    for number, hash_policy in enumerate(balancer.get("HashPolicies", [])):
        where, field = f"LoadBalancer.HashPolicies[{number}]", hash_policy.get("Field")
        if field and field not in _HASH_FIELDS:
            yield f"{where}.Field is {field!r}; it must be {' or '.join(map(repr, _HASH_FIELDS))}."
        if hash_policy.get("SourceIP") and (field or hash_policy.get("FieldValue")):
            yield f"{where} has SourceIP and a field; give one of them."
        elif bool(field) != bool(hash_policy.get("FieldValue")):
            yield f"{where} has one of Field and FieldValue; give both."
        cookie = hash_policy.get("CookieConfig", {})
        if cookie and field != "cookie":
            yield f"{where}.CookieConfig is for the field 'cookie'; the field is {field!r}."
        if cookie.get("Session") and cookie.get("TTL"):
            yield f"{where}.CookieConfig has Session and TTL; a session cookie has none."


def _intentions(name: str, entry: Json) -> Iterator[str]:
    sources = entry.get("Sources", [])
    if not sources:
        yield "Sources is empty; give at least one."
    for number, source in enumerate(sources):
        where = f"Sources[{number}]"
        yield from _wildcard(f"{where}.Name", source.get("Name", ""))
        permissions, action = source.get("Permissions", []), source.get("Action")
        if source["Type"] != "consul":
            yield f"{where}.Type is {source['Type']!r}; it must be 'consul'."
        if permissions and action:
            yield f"{where} has Action and Permissions; give one of them."
        elif not permissions and action not in _ACTIONS:
            yield f"{where}.Action is {action or ''!r}; it must be 'allow' or 'deny'."
        if permissions and name == "*":
            yield f"{where}.Permissions are given, but the destination is every service ('*'), which takes only Action."
        for position, permission in enumerate(permissions):
            yield from _permission(f"{where}.Permissions[{position}]", permission)
    same = Counter((source.get("Peer"), source.get("SamenessGroup"), source.get("Name")) for source in sources)
    for (_, _, source_name), count in same.items():
        if count > 1 and source_name:
            yield f"Sources has {source_name!r} {count} times; give it once."
    yield from _wildcard("the name", name)


def _wildcard(where: str, name: str) -> Iterator[str]:
    if not name:
        yield f"{where} is missing; give it."
    elif "*" in name and name != "*":
        yield f"{where} is {name!r}; '*' stands alone, for every service."


def _permission(where: str, permission: Json) -> Iterator[str]:
    if permission.get("Action") not in _ACTIONS:
        yield f"{where}.Action is {permission.get('Action', '')!r}; it must be 'allow' or 'deny'."
    http = permission.get("HTTP", {})
    yield from _http(f"{where}.HTTP", http, ("Present", "Exact", "Prefix", "Suffix", "Contains", "Regex"))
    if not any(http.get(part) for part in (*_PATHS, "Header", "Methods")):
        yield f"{where}.HTTP is empty; give a path, a header or methods."


_RULES: Mapping[str, Callable[[str, Json], Iterator[str]]] = {
    "service-defaults": _defaults,
    "proxy-defaults": _proxy,
    "service-splitter": _splitter,
    "service-router": _router,
    "service-resolver": _resolver,
    "service-intentions": _intentions,
    "mesh": _mesh,
    "exported-services": _exported,
}
