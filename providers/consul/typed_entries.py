"""The types for one kind of config entry each: what their inputs are in the entry."""

from typing import ClassVar

from providers.consul.entry_parts import (
    Parts,
    block,
    duration,
    flag,
    ignored,
    many,
    named,
    number,
    one,
    text,
    text_map,
    texts,
    whole,
    wholes,
)
from providers.consul.typed_entry import META, TypedEntry, inputs_of

_TENANCY: Parts = {"namespace": text("Namespace"), "partition": text("Partition")}
_HEADERS: Parts = {"add": text_map("Add"), "set": text_map("Set"), "removes": texts("Remove")}
_HEADER_WAYS: Parts = {
    "name": text("Name"),
    "exact": text("Exact"),
    "invert": flag("Invert"),
    "prefix": text("Prefix"),
    "present": flag("Present"),
    "regex": text("Regex"),
    "suffix": text("Suffix"),
}
_PATHS: Parts = {
    "pathExact": text("PathExact"),
    "pathPrefix": text("PathPrefix"),
    "pathRegex": text("PathRegex"),
    "methods": texts("Methods"),
    "headers": many("Header", _HEADER_WAYS),
}
_UPSTREAM: Parts = {
    "balanceOutboundConnections": text("BalanceOutboundConnections"),
    "connectTimeoutMs": whole("ConnectTimeoutMs"),
    "limits": one(
        "Limits",
        {
            "maxConcurrentRequests": whole("MaxConcurrentRequests"),
            "maxConnections": whole("MaxConnections"),
            "maxPendingRequests": whole("MaxPendingRequests"),
        },
    ),
    "meshGateways": one("MeshGateway", {"mode": text("Mode")}),
    "passiveHealthChecks": one(
        "PassiveHealthCheck",
        {
            "baseEjectionTime": duration("BaseEjectionTime"),
            "enforcingConsecutive5xx": whole("EnforcingConsecutive5xx"),
            "interval": duration("Interval"),
            "maxEjectionPercent": whole("MaxEjectionPercent"),
            "maxFailures": whole("MaxFailures"),
        },
    ),
    "protocol": text("Protocol"),
}

DEFAULTS: Parts = {
    **META,
    "balanceInboundConnections": text("BalanceInboundConnections"),
    "destinations": one("Destination", {"addresses": texts("Addresses"), "port": whole("Port")}),
    "envoyExtensions": many(
        "EnvoyExtensions",
        {
            "arguments": text_map("Arguments"),
            "consulVersion": text("ConsulVersion"),
            "envoyVersion": text("EnvoyVersion"),
            "name": text("Name"),
            "required": flag("Required"),
        },
    ),
    "exposes": one(
        "Expose",
        {
            "checks": flag("Checks"),
            "paths": many(
                "Paths",
                {
                    "listenerPort": whole("ListenerPort"),
                    "localPathPort": whole("LocalPathPort"),
                    "path": text("Path"),
                    "protocol": text("Protocol"),
                },
            ),
        },
    ),
    "externalSni": text("ExternalSNI"),
    "localConnectTimeoutMs": whole("LocalConnectTimeoutMs"),
    "localRequestTimeoutMs": whole("LocalRequestTimeoutMs"),
    "maxInboundConnections": whole("MaxInboundConnections"),
    "meshGateways": one("MeshGateway", {"mode": text("Mode", required=True)}),
    "mode": text("Mode"),
    "mutualTlsMode": text("MutualTLSMode"),
    "protocol": text("Protocol"),
    "transparentProxies": one(
        "TransparentProxy",
        {"dialedDirectly": flag("DialedDirectly"), "outboundListenerPort": whole("OutboundListenerPort")},
    ),
    "upstreamConfigs": one(
        "UpstreamConfig",
        {
            "defaults": one("Defaults", _UPSTREAM),
            "overrides": many(
                "Overrides",
                {
                    **_UPSTREAM,
                    **_TENANCY,
                    "envoyListenerJson": text("EnvoyListenerJSON"),
                    "name": text("Name"),
                    "peer": text("Peer"),
                },
            ),
        },
    ),
}

_TARGET: Parts = {
    **_TENANCY,
    "datacenter": text("Datacenter"),
    "peer": text("Peer"),
    "service": text("Service"),
    "serviceSubset": text("ServiceSubset"),
}

RESOLVER: Parts = {
    **META,
    "connectTimeout": duration("ConnectTimeout"),
    "defaultSubset": text("DefaultSubset"),
    "failovers": named(
        "Failover",
        "subsetName",
        {
            "datacenters": texts("Datacenters"),
            "namespace": text("Namespace"),
            "samenessGroup": text("SamenessGroup"),
            "service": text("Service"),
            "serviceSubset": text("ServiceSubset"),
            "targets": many("Targets", _TARGET),
        },
    ),
    "loadBalancers": one(
        "LoadBalancer",
        {
            "hashPolicies": many(
                "HashPolicies",
                {
                    "cookieConfigs": one(
                        "CookieConfig", {"path": text("Path"), "session": flag("Session"), "ttl": duration("TTL")}
                    ),
                    "field": text("Field"),
                    "fieldValue": text("FieldValue"),
                    "sourceIp": flag("SourceIP"),
                    "terminal": flag("Terminal"),
                },
            ),
            "leastRequestConfigs": one("LeastRequestConfig", {"choiceCount": whole("ChoiceCount")}),
            "policy": text("Policy"),
            "ringHashConfigs": one(
                "RingHashConfig",
                {"maximumRingSize": whole("MaximumRingSize"), "minimumRingSize": whole("MinimumRingSize")},
            ),
        },
    ),
    "redirects": one("Redirect", {**_TARGET, "samenessGroup": text("SamenessGroup")}),
    "requestTimeout": duration("RequestTimeout"),
    "subsets": named("Subsets", "name", {"filter": text("Filter"), "onlyPassing": flag("OnlyPassing")}),
}

SPLITTER: Parts = {
    **META,
    "splits": many(
        "Splits",
        {
            **_TENANCY,
            "requestHeaders": block("RequestHeaders", _HEADERS),
            "responseHeaders": block("ResponseHeaders", _HEADERS),
            "service": text("Service"),
            "serviceSubset": text("ServiceSubset"),
            "weight": number("Weight"),
        },
    ),
}

ROUTER: Parts = {
    **META,
    "routes": many(
        "Routes",
        {
            "destination": block(
                "Destination",
                {
                    **_TENANCY,
                    "idleTimeout": duration("IdleTimeout"),
                    "numRetries": whole("NumRetries"),
                    "prefixRewrite": text("PrefixRewrite"),
                    "requestHeaders": block("RequestHeaders", _HEADERS),
                    "requestTimeout": duration("RequestTimeout"),
                    "responseHeaders": block("ResponseHeaders", _HEADERS),
                    "retryOnConnectFailure": flag("RetryOnConnectFailure"),
                    "retryOnStatusCodes": wholes("RetryOnStatusCodes"),
                    "retryOns": texts("RetryOn"),
                    "service": text("Service"),
                    "serviceSubset": text("ServiceSubset"),
                },
            ),
            "match": block(
                "Match",
                {
                    "http": block(
                        "HTTP",
                        {
                            **_PATHS,
                            "queryParams": many(
                                "QueryParam",
                                {
                                    "exact": text("Exact"),
                                    "name": text("Name"),
                                    "present": flag("Present"),
                                    "regex": text("Regex"),
                                },
                            ),
                        },
                    )
                },
            ),
        },
    ),
}

_CLAIMS: Parts = {"paths": texts("Path"), "value": text("Value")}

INTENTIONS: Parts = {
    **META,
    "jwts": one(
        "JWT", {"providers": many("Providers", {"name": text("Name"), "verifyClaims": many("VerifyClaims", _CLAIMS)})}
    ),
    "sources": many(
        "Sources",
        {
            **_TENANCY,
            "action": text("Action"),
            "description": text("Description"),
            "name": text("Name"),
            "peer": text("Peer"),
            "permissions": many("Permissions", {"action": text("Action", required=True), "https": one("HTTP", _PATHS)}),
            "precedence": ignored("Consul works it out from the names; take it out."),
            "samenessGroup": text("SamenessGroup"),
            "type": text("Type"),
        },
    ),
}


class ServiceDefaultsResource(TypedEntry):
    """What Consul holds of a service beyond its instances: protocol, timeouts, its upstreams."""

    token = "consul:index/configEntryServiceDefaults:ConfigEntryServiceDefaults"
    noun = kind = "service-defaults"
    parts = DEFAULTS
    fields: ClassVar = inputs_of(parts)


class ServiceResolverResource(TypedEntry):
    """Which instances a service has: subsets, redirects, failovers."""

    token = "consul:index/configEntryServiceResolver:ConfigEntryServiceResolver"
    noun = kind = "service-resolver"
    parts = RESOLVER
    fields: ClassVar = inputs_of(parts)


class ServiceSplitterResource(TypedEntry):
    """Shares of a service's requests."""

    token = "consul:index/configEntryServiceSplitter:ConfigEntryServiceSplitter"
    noun = kind = "service-splitter"
    parts = SPLITTER
    fields: ClassVar = inputs_of(parts)


class ServiceRouterResource(TypedEntry):
    """Where a service's requests go, by what they are."""

    token = "consul:index/configEntryServiceRouter:ConfigEntryServiceRouter"
    noun = kind = "service-router"
    parts = ROUTER
    fields: ClassVar = inputs_of(parts)


class ServiceIntentionsResource(TypedEntry):
    """Who may speak to a service."""

    token = "consul:index/configEntryServiceIntentions:ConfigEntryServiceIntentions"
    noun = kind = "service-intentions"
    parts = INTENTIONS
    fields: ClassVar = inputs_of(parts)
