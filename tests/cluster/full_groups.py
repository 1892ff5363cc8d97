"""Groups with every key, or with what they take over from their job."""

from tests.cluster.full_blocks import (
    MIGRATE,
    RESCHEDULE,
    RESTART,
    RULES,
    SECOND,
    SPREADS,
    UPDATE,
    WISHES,
    Json,
)
from tests.cluster.full_tasks import HELPER, SERVICES, TASK, check

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
VOLUMES = {
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
GROUP: Json = {
    "Name": "web",
    "Count": 0,
    "Constraints": RULES,
    "Affinities": WISHES,
    "Spreads": SPREADS,
    "Meta": {"team": "red"},
    "RestartPolicy": RESTART,
    "ReschedulePolicy": RESCHEDULE,
    "Migrate": MIGRATE,
    "Update": UPDATE,
    "ShutdownDelay": 4 * SECOND,
    "EphemeralDisk": {"SizeMB": 400, "Sticky": True, "Migrate": True},
    "Disconnect": {"LostAfter": 600 * SECOND, "Replace": False, "Reconcile": "keep_original"},
    "Scaling": {"Enabled": True, "Min": 0, "Max": 5, "Policy": {"cooldown": "1m", "on": True}},
    "Consul": {"Cluster": "default"},
    "Networks": [_NETWORK],
    "Services": SERVICES,
    "Volumes": VOLUMES,
    "Tasks": [TASK, HELPER],
}
SIMPLE_TASK: Json = {"Name": "app", "Driver": "raw_exec", "Config": {"command": "/bin/true"}}
INHERITS: Json = {
    "Name": "inherits",
    "Count": 0,
    "Disconnect": {"StopOnClientAfter": 300 * SECOND, "Replace": False},
    "Networks": [{"Mode": "bridge", "Hostname": "inner", "DynamicPorts": [{"Label": "http"}]}],
    "Services": [{"Name": "own", "Provider": "nomad", "PortLabel": "http", "Checks": [check("ring")]}],
    "Tasks": [SIMPLE_TASK],
}
