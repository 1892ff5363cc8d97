"""Jobs that hold, all together, every key of Nomad's jobs (see job_types.json), each with a value that is no default.

Their counts are 0, so that nothing is ever started.
"""

import json
from copy import deepcopy
from typing import Any

Json = dict[str, Any]
SECOND = 10**9

MESH = "full-mesh"
"""The service of the mesh in these jobs: gateways write an entry of its name into Consul."""

SERVED = "full-served"
"""Services behind the ingress gateway: they have to speak HTTP, as Consul knows them."""

UNREACHABLE = {
    "ConsulGatewayBindAddress.Name": "the name under which it stands",
    "Consul.Namespace": "Nomad Enterprise",
    "ConsulExposeConfig.Path": "the older name of Paths",
    "ConsulGatewayTLSConfig.SDS": "an ingress gateway with SDS needs a Consul that has it",
    "ConsulGatewayTLSSDSConfig": "an ingress gateway with SDS needs a Consul that has it",
    "ConsulProxy.ExposeConfig": "the older name of Expose",
    "Job.ConsulNamespace": "Nomad Enterprise",
    "Job.ID": "another ID is another job",
    "Job.Multiregion": "Nomad Enterprise",
    "Job.Namespace": "another namespace is another job",
    "Job.NodePool": "there is one",
    "Job.Region": "there is one",
    "Job.Stop": "a stopped job is no job to run",
    "Job.Type": "Nomad does not change it",
    "Job.VaultNamespace": "Nomad Enterprise",
    "JobVersionTag": "Nomad keeps it beside the job",
    "LogConfig.Enabled": "Nomad ignores it",
    "Multiregion": "Nomad Enterprise",
    "MultiregionRegion": "Nomad Enterprise",
    "MultiregionStrategy": "Nomad Enterprise",
    "NUMAResource": "Nomad Enterprise",
    "NetworkResource.Device": "Nomad ignores it",
    "Resources.DiskMB": "Nomad ignores it",
    "Resources.IOPS": "Nomad ignores it",
    "Resources.NUMA": "Nomad Enterprise",
    "Resources.Networks": "the networks of the group took their place",
    "ScalingPolicy.Namespace": "Nomad ignores it",
    "ScalingPolicy.Target": "Nomad sets it",
    "Service.Cluster": "Nomad Enterprise",
    "Service.Kind": "Nomad sets it",
    "Task.Schedule": "Nomad Enterprise",
    "TaskSchedule": "Nomad Enterprise",
    "TaskScheduleCron": "Nomad Enterprise",
    "Task.Kind": "Nomad sets it",
    "Task.Vault": "the cluster has no Vault",
    "Vault": "the cluster has no Vault",
    "ServiceCheck.Advertise": "Nomad ignores it",
    "TaskGroup.MaxClientDisconnect": "refused since Nomad 1.10",
    "TaskGroup.PreventRescheduleOnLost": "refused since Nomad 1.10",
    "TaskGroup.StopAfterClientDisconnect": "refused since Nomad 1.10",
    "WorkloadIdentity.ExtraClaims": "of a newer Nomad",
    "WorkloadIdentity.ServiceName": "Nomad sets it",
}
"""Structs and keys that the jobs here do not hold, and why."""

_RULES = [
    {"LTarget": "${attr.cpu.arch}", "Operand": "=", "RTarget": "z80"},
    {"LTarget": "${meta.rack}", "Operand": "regexp", "RTarget": "r1"},
]
_WISHES = [{**rule, "Weight": weight} for rule, weight in zip(_RULES, (30, -20), strict=True)]
_SPREADS = [
    {
        "Attribute": "${node.datacenter}",
        "Weight": 40,
        "SpreadTarget": [{"Value": "dc1", "Percent": 30}, {"Value": "dc2", "Percent": 20}],
    },
    {"Attribute": "${meta.rack}", "Weight": 60, "SpreadTarget": [{"Value": "r1", "Percent": 10}]},
]
_UPDATE = {
    "MaxParallel": 2,
    "Stagger": 20 * SECOND,
    "HealthCheck": "task_states",
    "MinHealthyTime": 5 * SECOND,
    "HealthyDeadline": 200 * SECOND,
    "ProgressDeadline": 700 * SECOND,
    "AutoRevert": True,
    "AutoPromote": True,
    "Canary": 2,
}
_MIGRATE = {
    "MaxParallel": 2,
    "HealthCheck": "task_states",
    "MinHealthyTime": 5 * SECOND,
    "HealthyDeadline": 200 * SECOND,
}
_RESTART = {"Attempts": 4, "Interval": 900 * SECOND, "Delay": 3 * SECOND, "Mode": "delay", "RenderTemplates": True}
_RESCHEDULE = {
    "Delay": 40 * SECOND,
    "DelayFunction": "fibonacci",
    "MaxDelay": 4000 * SECOND,
    "Unlimited": True,
}
_RESCHEDULE_BATCH = {
    "Attempts": 2,
    "Interval": 50_000 * SECOND,
    "Delay": 6 * SECOND,
    "DelayFunction": "exponential",
    "MaxDelay": 60 * SECOND,
    "Unlimited": False,
}
_IDENTITIES = [
    {
        "Name": name,
        "Audience": ["one.example", "two.example"],
        "ChangeMode": "signal",
        "ChangeSignal": "SIGUSR1",
        "Env": True,
        "File": True,
        "Filepath": f"local/{name}.jwt",
        "TTL": 3600 * SECOND,
    }
    for name in ("cloud", "registry")
]
_LOGS = {"MaxFiles": 3, "MaxFileSizeMB": 4, "Disabled": True}
_MOUNTS = [
    {
        "Volume": "data",
        "Destination": "/data",
        "ReadOnly": True,
        "PropagationMode": "host-to-task",
        "SELinuxLabel": "Z",
    },
    {"Volume": "shared", "Destination": "/data/inner"},
    {"Volume": "shared", "Destination": "/else"},
]
_RESOURCES = {
    "CPU": 50,
    "MemoryMB": 64,
    "MemoryMaxMB": 128,
    "Devices": [
        {"Name": "gpu", "Count": 2, "Constraints": _RULES, "Affinities": _WISHES},
        {"Name": "fpga", "Count": 3},
    ],
}


def _check(name: str, **more: Any) -> Json:
    return {
        "Name": name,
        "Type": "http",
        "Path": f"/{name or 'health'}",
        "Interval": 7 * SECOND,
        "Timeout": 3 * SECOND,
        **more,
    }


_CHECKS = [
    _check(
        "up",
        PortLabel="http",
        AddressMode="host",
        Protocol="https",
        TLSServerName="up.example",
        TLSSkipVerify=True,
        Method="POST",
        Body="ping",
        Header={"X-One": ["a", "b"], "X-Two": ["c"]},
        InitialStatus="passing",
        Notes="of the door",
        SuccessBeforePassing=2,
        FailuresBeforeCritical=3,
        FailuresBeforeWarning=2,
        OnUpdate="require_healthy",
        CheckRestart={"Limit": 3, "Grace": 30 * SECOND, "IgnoreWarnings": True},
    ),
    _check("", PortLabel="http"),
    {**_check("", PortLabel="http"), "Path": "/second"},
    {
        "Name": "rpc",
        "Type": "grpc",
        "GRPCService": "acme.Door",
        "GRPCUseTLS": True,
        "PortLabel": "http",
        "Interval": 7 * SECOND,
        "Timeout": 3 * SECOND,
    },
    {
        "Name": "script",
        "Type": "script",
        "Command": "/bin/true",
        "Args": ["a", "b"],
        "TaskName": "app",
        "Interval": 7 * SECOND,
        "Timeout": 3 * SECOND,
    },
]
_SERVICES = [
    {
        "Name": "door",
        "PortLabel": "http",
        "Address": "10.0.0.9",
        "Tags": ["one", "two"],
        "CanaryTags": ["new", "newer"],
        "EnableTagOverride": True,
        "Meta": {"team": "red", "tier": "1"},
        "CanaryMeta": {"team": "blue"},
        "TaggedAddresses": {"wan": "192.0.2.9"},
        "OnUpdate": "ignore",
        "Weights": {"Passing": 3, "Warning": 2},
        "Identity": {"Audience": ["consul.example"], "TTL": 3600 * SECOND},
        "Checks": _CHECKS,
    },
    {
        "Name": "bell",
        "TaskName": "app",
        "PortLabel": "admin",
        "AddressMode": "host",
        "CheckRestart": {"Limit": 5, "Grace": 20 * SECOND, "IgnoreWarnings": True},
        "Checks": [_check("ring"), _check("", CheckRestart={"Limit": 6})],
    },
]


def _template(path: str, **more: Any) -> Json:
    return {"DestPath": path, "EmbeddedTmpl": f"# {path}\nA={{{{ 1 }}}}\n", "Envvars": True, **more}


_TASK: Json = {
    "Name": "app",
    "Driver": "raw_exec",
    "User": "nobody",
    "Leader": True,
    "KillSignal": "SIGINT",
    "KillTimeout": 8 * SECOND,
    "ShutdownDelay": 2 * SECOND,
    "Config": {
        "command": "/bin/sleep",
        "args": ["1", "2"],
        "work_dir": "/srv",
        "deep": [{"a": {"b": 1, "c": [True, 2.5]}}],
        "none": [],
    },
    "Env": {"A": "1", "EMPTY": "", "API_TOKEN": "s3cret"},
    "Meta": {"team": "red"},
    "Constraints": _RULES,
    "Affinities": _WISHES,
    "RestartPolicy": {**_RESTART, "Attempts": 5},
    "LogConfig": _LOGS,
    "Resources": _RESOURCES,
    "Services": [
        {
            "Name": "inner",
            "Tags": ["x"],
            "Checks": [
                {
                    "Type": "script",
                    "Command": "/bin/true",
                    "Args": ["a", "b"],
                    "Interval": 7 * SECOND,
                    "Timeout": 3 * SECOND,
                }
            ],
        }
    ],
    "Artifacts": [
        {
            "GetterSource": "http://127.0.0.1/1",
            "GetterMode": "dir",
            "GetterOptions": {"archive": "false"},
            "GetterHeaders": {"Authorization": "Bearer s3cret"},
            "GetterInsecure": True,
            "RelativeDest": "local/",
            "Chown": True,
        },
        {"GetterSource": "http://127.0.0.1/2", "RelativeDest": "local/"},
        {"GetterSource": "http://127.0.0.1/3", "GetterMode": "file"},
        {"GetterSource": "http://127.0.0.1/4"},
    ],
    "Templates": [
        _template(
            "local/env-1",
            ChangeMode="script",
            Splay=2 * SECOND,
            Perms="600",
            Uid=1,
            Gid=2,
            LeftDelim="[[",
            RightDelim="]]",
            ErrMissingKey=True,
            Once=True,
            VaultGrace=3 * SECOND,
            ChangeScript={"Command": "/bin/date", "Args": ["a", "b"], "Timeout": 9 * SECOND, "FailOnError": True},
            Wait={"Min": 2 * SECOND, "Max": 9 * SECOND},
        ),
        _template("local/env-2"),
        _template("local/plain", Envvars=False, ChangeMode="signal", ChangeSignal="SIGUSR1"),
        {"DestPath": "local/plain-2", "SourcePath": "local/source"},
    ],
    "Identity": {"Env": True, "File": True, "ChangeMode": "signal", "ChangeSignal": "SIGUSR2"},
    "Identities": _IDENTITIES,
    "Actions": [
        {"Name": "one", "Command": "/bin/date", "Args": ["a", "b"]},
        {"Name": "two", "Command": "/bin/id"},
    ],
    "VolumeMounts": _MOUNTS,
    "ScalingPolicies": [
        {
            "Type": f"vertical_{what}",
            "Enabled": True,
            "Min": 10,
            "Max": 500,
            "Policy": {"cooldown": "1m", "check": [{"avg": [{"strategy": [{"target": 70}]}]}]},
        }
        for what in ("cpu", "mem")
    ],
    "Secrets": [
        {
            "Name": "vars",
            "Provider": "nomad",
            "Path": "nomad/jobs/x",
            "Config": {"namespace": "default"},
        },
        {"Name": "own", "Provider": "mine", "Path": "p", "Env": {"KEY": "v"}},
    ],
}
_HELPER: Json = {
    "Name": "helper",
    "Driver": "raw_exec",
    "Config": {"command": "/bin/true"},
    "Lifecycle": {"Hook": "prestart", "Sidecar": True},
    "Resources": {"Cores": 1, "MemoryMB": 32, "SecretsMB": 2},
    "Consul": {"Cluster": "default"},
}
_PORTS: Json = {
    "DynamicPorts": [
        {"Label": "http", "To": 8080, "HostNetwork": "lan"},
        {"Label": "admin", "To": 9090},
    ],
    "ReservedPorts": [
        {"Label": "dns", "Value": 20_053, "To": 53, "IgnoreCollision": True},
        {"Label": "ssh", "Value": 20_022},
    ],
}
_NETWORK: Json = {
    "Mode": "host",
    **_PORTS,
    "MBits": 5,
    "DNS": {"Servers": ["10.0.0.1", "10.0.0.2"], "Searches": ["a.example", "b.example"], "Options": ["ndots:2"]},
}
_VOLUMES = {
    "data": {"Name": "data", "Type": "host", "Source": "disk", "ReadOnly": True, "Sticky": True},
    "shared": {
        "Name": "shared",
        "Type": "csi",
        "Source": "nfs",
        "ReadOnly": True,
        "AccessMode": "multi-node-reader-only",
        "AttachmentMode": "file-system",
        "MountOptions": {"FSType": "ext4", "MountFlags": ["ro", "noatime"]},
    },
}
_GROUP: Json = {
    "Name": "web",
    "Count": 0,
    "Constraints": _RULES,
    "Affinities": _WISHES,
    "Spreads": _SPREADS,
    "Meta": {"team": "red"},
    "RestartPolicy": _RESTART,
    "ReschedulePolicy": _RESCHEDULE,
    "Migrate": _MIGRATE,
    "Update": _UPDATE,
    "ShutdownDelay": 4 * SECOND,
    "EphemeralDisk": {"SizeMB": 400, "Sticky": True, "Migrate": True},
    "Disconnect": {"LostAfter": 600 * SECOND, "Replace": False, "Reconcile": "keep_original"},
    "Scaling": {"Enabled": True, "Min": 0, "Max": 5, "Policy": {"cooldown": "1m", "on": True}},
    "Consul": {"Cluster": "default"},
    "Networks": [_NETWORK],
    "Services": _SERVICES,
    "Volumes": _VOLUMES,
    "Tasks": [_TASK, _HELPER],
}
_SIMPLE_TASK: Json = {"Name": "app", "Driver": "raw_exec", "Config": {"command": "/bin/true"}}
_INHERITS: Json = {
    "Name": "inherits",
    "Count": 0,
    "Disconnect": {"StopOnClientAfter": 300 * SECOND, "Replace": False},
    "Networks": [{"Mode": "bridge", "Hostname": "inner", "DynamicPorts": [{"Label": "http"}]}],
    "Services": [{"Name": "own", "Provider": "nomad", "PortLabel": "http", "Checks": [_check("ring")]}],
    "Tasks": [_SIMPLE_TASK],
}
_SERVICE: Json = {
    "Type": "service",
    "Priority": 60,
    "AllAtOnce": True,
    "Datacenters": ["dc1", "dc2"],
    "Constraints": _RULES,
    "Affinities": _WISHES,
    "Spreads": _SPREADS,
    "Meta": {"team": "red"},
    "Update": {**_UPDATE, "MaxParallel": 3, "Stagger": 25 * SECOND},
    "Reschedule": {**_RESCHEDULE, "Delay": 45 * SECOND},
    "Migrate": {**_MIGRATE, "MaxParallel": 3},
    "UI": {
        "Description": "the door",
        "Links": [{"Label": "docs", "URL": "https://a.example"}, {"Label": "more", "URL": "https://b.example"}],
    },
    "TaskGroups": [_GROUP, _INHERITS],
}
_SERVICE_ONLY = ("ReschedulePolicy", "Migrate", "Update", "Scaling", "Disconnect", "Affinities", "Spreads")


def _without(block: Json, *keys: str) -> Json:
    return {key: value for key, value in block.items() if key not in keys}


def _batch(**more: Any) -> Json:
    group = {
        **_without(_GROUP, "Migrate", "Update", "Scaling"),
        "Volumes": {**_VOLUMES, "shared": {**_VOLUMES["shared"], "PerAlloc": True}},
        "ReschedulePolicy": _RESCHEDULE_BATCH,
        "Tasks": [_without(_TASK, "DispatchPayload"), _HELPER],
    }
    return {
        **_without(_SERVICE, "Update", "Migrate"),
        "Type": "batch",
        "Reschedule": {**_RESCHEDULE_BATCH, "Attempts": 3},
        "TaskGroups": [group, _without(_INHERITS, "Disconnect")],
        **more,
    }


_PERIODIC = {
    "Enabled": False,
    "Specs": ["0 3 * * *", "@daily"],
    "ProhibitOverlap": True,
    "TimeZone": "Europe/Vienna",
}


def _parameterized() -> Json:
    job = _batch(
        ParameterizedJob={
            "Payload": "required",
            "MetaRequired": ["team", "tier"],
            "MetaOptional": ["color", "size"],
        }
    )
    job = deepcopy(_without(job, "Meta"))
    job["TaskGroups"][0]["Tasks"][0]["DispatchPayload"] = {"File": "in.json"}
    return job


def _everywhere(kind: str) -> Json:
    """A system or sysbatch job."""
    task = _without(_TASK, "Affinities", "ScalingPolicies")
    keep = ("Update",) if kind == "system" else ()
    group = {
        **_without(_GROUP, *(key for key in _SERVICE_ONLY if key not in keep)),
        "Tasks": [task, _HELPER],
    }
    if kind == "system":
        group["Update"] = _without(_UPDATE, "Canary", "AutoPromote")
    return {
        **_without(_SERVICE, "Affinities", "Spreads", "Reschedule", "Migrate", "Update"),
        **({"Update": {"MaxParallel": 3, "Stagger": 25 * SECOND}} if kind == "system" else {}),
        "Type": kind,
        "TaskGroups": [group, _without(_INHERITS, "Disconnect")],
    }


_SIDECAR_TASK = {
    "Name": "proxy",
    "Driver": "raw_exec",
    "User": "envoy",
    "Config": {"command": "/bin/envoy"},
    "Env": {"A": "1"},
    "Meta": {"a": "1"},
    "Resources": _without(_RESOURCES, "Devices"),
    "LogConfig": _LOGS,
    "KillTimeout": 9 * SECOND,
    "ShutdownDelay": 2 * SECOND,
    "KillSignal": "SIGHUP",
    "VolumeMounts": _MOUNTS,
    "Identities": _IDENTITIES,
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


def _mesh(connect: Json, *more_tasks: Json, **service: Any) -> Json:
    whole = {"Name": MESH, "PortLabel": "8080", "Connect": connect, **service}
    group = {
        "Name": "g",
        "Count": 0,
        "Networks": [_BRIDGE],
        "Volumes": _VOLUMES,
        "Services": [whole],
        "Tasks": [_SIMPLE_TASK, *more_tasks],
    }
    return {"Type": "service", "TaskGroups": [group]}


def _sidecar(proxy: Json, checks: list[Json] | None = None, **connect: Any) -> Json:
    sidecar = {
        "Tags": ["one", "two"],
        "Port": "http",
        "DisableDefaultTCPCheck": True,
        "Meta": {"a": "1"},
        "Proxy": proxy,
    }
    return _mesh({"SidecarService": sidecar, **connect}, Checks=checks)


_TLS = {
    "Enabled": True,
    "TLSMinVersion": "TLSv1_2",
    "TLSMaxVersion": "TLSv1_3",
    "CipherSuites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
}
_HEADERS = {"Add": {"X-A": "1"}, "Set": {"X-B": "2"}, "Remove": ["X-C", "X-D"]}


def _gateway(**entry: Any) -> Json:
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
    return _mesh({"Gateway": {"Proxy": proxy, **entry}}, PortLabel="http")


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
_CSI = {
    **_SIMPLE_TASK,
    "CSIPluginConfig": {
        "ID": "nfs",
        "Type": "node",
        "MountDir": "/mnt/csi",
        "StagePublishBaseDir": "/mnt/stage",
        "HealthTimeout": 40 * SECOND,
    },
}
_CNI = {
    "Type": "service",
    "TaskGroups": [
        {
            "Name": "g",
            "Count": 0,
            "Networks": [
                {
                    "Mode": "cni/mine",
                    "CIDR": "10.0.0.0/8",
                    "IP": "10.0.0.7",
                    "CNI": {"Args": {"a": "1"}},
                    "DynamicPorts": [{"Label": "http"}],
                }
            ],
            "Consul": {"Cluster": "default", "Partition": "default"},
            "Tasks": [_SIMPLE_TASK],
        }
    ],
}

FULL: dict[str, Json] = {
    "service": _SERVICE,
    "batch": _batch(),
    "periodic": _batch(Periodic=_PERIODIC),
    "old periodic": _batch(Periodic={**_without(_PERIODIC, "Specs"), "Spec": "0 4 * * *", "SpecType": "cron"}),
    "parameterized": _parameterized(),
    "system": _everywhere("system"),
    "sysbatch": _everywhere("sysbatch"),
    "sidecar": _sidecar(_PROXY, SidecarTask=_SIDECAR_TASK),
    "exposed": _sidecar({"LocalServicePort": 9000}, [_check("up", Expose=True), _check("down", PortLabel="http")]),
    "native": _mesh({"Native": True}, TaskName=None, Checks=[_check("up", PortLabel="http"), _check("", Path="/2")]),
    "ingress gateway": _gateway(Ingress=_INGRESS),
    "terminating gateway": _gateway(Terminating=_TERMINATING),
    "mesh gateway": _gateway(Mesh={}),
    "csi plugin": {"Type": "service", "TaskGroups": [{"Name": "g", "Count": 0, "Tasks": [_CSI]}]},
    "cni": _CNI,
}
"""By kind. Their ID is to be set."""


def full(kind: str, id: str) -> Json:
    """A job of a kind, of its own to change."""
    job: Json = json.loads(json.dumps(FULL[kind]).replace(MESH, f"{MESH}-{id}"))
    return {"ID": id, "Name": id, **job}
