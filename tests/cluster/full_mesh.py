"""Jobs of the service mesh with every key."""

from typing import Any

from tests.cluster.full_blocks import IDENTITIES, LOGS, MOUNTS, RESOURCES, SECOND, Json, without
from tests.cluster.full_groups import SIMPLE_TASK, VOLUMES
from tests.cluster.full_tasks import check

MESH = "full-mesh"
"""The service of the mesh in these jobs: gateways write an entry of its name into Consul."""

SERVED = "full-served"
"""Services behind the ingress gateway: they have to speak HTTP, as Consul knows them."""

_SIDECAR_TASK = {
    "Name": "proxy",
    "Driver": "raw_exec",
    "User": "envoy",
    "Config": {"command": "/bin/envoy"},
    "Env": {"A": "1"},
    "Meta": {"a": "1"},
    "Resources": without(RESOURCES, "Devices"),
    "LogConfig": LOGS,
    "KillTimeout": 9 * SECOND,
    "ShutdownDelay": 2 * SECOND,
    "KillSignal": "SIGHUP",
    "VolumeMounts": MOUNTS,
    "Identities": IDENTITIES,
}
_PROXY = {
    "LocalServiceAddress": "127.0.0.1",
    "LocalServicePort": 9000,
    "Config": {"protocol": "http", "deep": {"a": [1, 2]}},
    "Expose": {
        "Paths": [
            {"Path": "/health", "Protocol": "http", "LocalPathPort": 8080, "ListenerPort": "health"},
            {"Path": "/ready", "Protocol": "http", "LocalPathPort": 8080, "ListenerPort": "ready"},
        ]
    },
    "Upstreams": [
        {
            "DestinationName": "db",
            "DestinationNamespace": "default",
            "DestinationPeer": "peer",
            "DestinationPartition": "default",
            "DestinationType": "service",
            "LocalBindPort": 5432,
            "LocalBindAddress": "127.0.0.2",
            "Datacenter": "dc2",
            "MeshGateway": {"Mode": "local"},
            "Config": {"connect_timeout_ms": 900},
        },
        {"DestinationName": "db", "LocalBindPort": 5433},
        {"DestinationName": "db", "LocalBindPort": 5442},
        {"DestinationName": "cache", "LocalBindSocketPath": "/run/s", "LocalBindSocketMode": "0600"},
    ],
    "TransparentProxy": {
        "UID": "101",
        "OutboundPort": 15_002,
        "ExcludeInboundPorts": ["1", "2"],
        "ExcludeOutboundPorts": [3, 4],
        "ExcludeOutboundCIDRs": ["10.0.0.0/8", "192.0.2.0/24"],
        "ExcludeUIDs": ["7", "8"],
        "NoDNS": True,
    },
}
_BRIDGE = {"Mode": "bridge", "DynamicPorts": [{"Label": "health"}, {"Label": "ready"}, {"Label": "http", "To": 8080}]}


def mesh(connect: Json, *more_tasks: Json, **service: Any) -> Json:
    whole = {"Name": MESH, "PortLabel": "8080", "Connect": connect, **service}
    group = {
        "Name": "g",
        "Count": 0,
        "Networks": [_BRIDGE],
        "Volumes": VOLUMES,
        "Services": [whole],
        "Tasks": [SIMPLE_TASK, *more_tasks],
    }
    return {"Type": "service", "TaskGroups": [group]}


def sidecar(proxy: Json, checks: list[Json] | None = None, **connect: Any) -> Json:
    sidecar = {
        "Tags": ["one", "two"],
        "Port": "http",
        "DisableDefaultTCPCheck": True,
        "Meta": {"a": "1"},
        "Proxy": proxy,
    }
    return mesh({"SidecarService": sidecar, **connect}, Checks=checks)


_TLS = {
    "Enabled": True,
    "TLSMinVersion": "TLSv1_2",
    "TLSMaxVersion": "TLSv1_3",
    "CipherSuites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
}
_HEADERS = {"Add": {"X-A": "1"}, "Set": {"X-B": "2"}, "Remove": ["X-C", "X-D"]}


def gateway(**entry: Any) -> Json:
    proxy = {
        "ConnectTimeout": 7 * SECOND,
        "EnvoyGatewayBindTaggedAddresses": True,
        "EnvoyGatewayBindAddresses": {
            "all": {"Address": "10.0.0.2", "Port": 9001},
            "lan": {"Address": "10.0.0.1", "Port": 9002},
        },
        "EnvoyGatewayNoDefaultBind": True,
        "EnvoyDNSDiscoveryType": "STRICT_DNS",
        "Config": {"a": 1},
    }
    return mesh({"Gateway": {"Proxy": proxy, **entry}}, PortLabel="http")


_INGRESS = {
    "TLS": _TLS,
    "Listeners": [
        {
            "Port": 8081,
            "Protocol": "http",
            "Services": [
                {
                    "Name": SERVED,
                    "Hosts": ["a.example", "b.example"],
                    "TLS": _TLS,
                    "RequestHeaders": _HEADERS,
                    "ResponseHeaders": _HEADERS,
                    "MaxConnections": 5,
                    "MaxPendingRequests": 6,
                    "MaxConcurrentRequests": 7,
                },
                {"Name": f"{SERVED}-2", "Hosts": ["c.example"]},
            ],
        },
        {"Port": 8082, "Services": [{"Name": f"{SERVED}-3"}]},
    ],
}
_TERMINATING = {
    "Services": [
        {"Name": "one", "CAFile": "/ca", "CertFile": "/cert", "KeyFile": "/key", "SNI": "one.example"},
        {"Name": "two"},
    ]
}

MESH_JOBS: dict[str, Json] = {
    "sidecar": sidecar(_PROXY, SidecarTask=_SIDECAR_TASK),
    "exposed": sidecar({"LocalServicePort": 9000}, [check("up", Expose=True), check("down", PortLabel="http")]),
    "native": mesh({"Native": True}, TaskName=None, Checks=[check("up", PortLabel="http"), check("", Path="/2")]),
    "ingress gateway": gateway(Ingress=_INGRESS),
    "terminating gateway": gateway(Terminating=_TERMINATING),
    "mesh gateway": gateway(Mesh={}),
}
"""By kind."""
