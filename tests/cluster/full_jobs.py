"""Jobs that hold, all together, every key of Nomad's jobs (see job_types.json), each with a value that is no default.

Their counts are 0, so that nothing is ever started.
"""

import json
from copy import deepcopy
from typing import Any

from tests.cluster.full_blocks import (
    MIGRATE,
    RESCHEDULE,
    RESCHEDULE_BATCH,
    RULES,
    SECOND,
    SPREADS,
    UPDATE,
    WISHES,
    Json,
    without,
)
from tests.cluster.full_groups import GROUP, INHERITS, SIMPLE_TASK, VOLUMES
from tests.cluster.full_mesh import MESH, MESH_JOBS
from tests.cluster.full_tasks import HELPER, TASK

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

_SERVICE: Json = {
    "Type": "service",
    "Priority": 60,
    "AllAtOnce": True,
    "Datacenters": ["dc1", "dc2"],
    "Constraints": RULES,
    "Affinities": WISHES,
    "Spreads": SPREADS,
    "Meta": {"team": "red"},
    "Update": {**UPDATE, "MaxParallel": 3, "Stagger": 25 * SECOND},
    "Reschedule": {**RESCHEDULE, "Delay": 45 * SECOND},
    "Migrate": {**MIGRATE, "MaxParallel": 3},
    "UI": {
        "Description": "the door",
        "Links": [{"Label": "docs", "URL": "https://a.example"}, {"Label": "more", "URL": "https://b.example"}],
    },
    "TaskGroups": [GROUP, INHERITS],
}
_SERVICE_ONLY = ("ReschedulePolicy", "Migrate", "Update", "Scaling", "Disconnect", "Affinities", "Spreads")


def _batch(**more: Any) -> Json:
    group = {
        **without(GROUP, "Migrate", "Update", "Scaling"),
        "Volumes": {**VOLUMES, "shared": {**VOLUMES["shared"], "PerAlloc": True}},
        "ReschedulePolicy": RESCHEDULE_BATCH,
        "Tasks": [without(TASK, "DispatchPayload"), HELPER],
    }
    return {
        **without(_SERVICE, "Update", "Migrate"),
        "Type": "batch",
        "Reschedule": {**RESCHEDULE_BATCH, "Attempts": 3},
        "TaskGroups": [group, without(INHERITS, "Disconnect")],
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
    job = deepcopy(without(job, "Meta"))
    job["TaskGroups"][0]["Tasks"][0]["DispatchPayload"] = {"File": "in.json"}
    return job


def _everywhere(kind: str) -> Json:
    """A system or sysbatch job."""
    task = without(TASK, "Affinities", "ScalingPolicies")
    keep = ("Update",) if kind == "system" else ()
    group = {
        **without(GROUP, *(key for key in _SERVICE_ONLY if key not in keep)),
        "Tasks": [task, HELPER],
    }
    if kind == "system":
        group["Update"] = without(UPDATE, "Canary", "AutoPromote")
    return {
        **without(_SERVICE, "Affinities", "Spreads", "Reschedule", "Migrate", "Update"),
        **({"Update": {"MaxParallel": 3, "Stagger": 25 * SECOND}} if kind == "system" else {}),
        "Type": kind,
        "TaskGroups": [group, without(INHERITS, "Disconnect")],
    }


_CSI = {
    **SIMPLE_TASK,
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
            "Tasks": [SIMPLE_TASK],
        }
    ],
}

FULL: dict[str, Json] = {
    "service": _SERVICE,
    "batch": _batch(),
    "periodic": _batch(Periodic=_PERIODIC),
    "old periodic": _batch(Periodic={**without(_PERIODIC, "Specs"), "Spec": "0 4 * * *", "SpecType": "cron"}),
    "parameterized": _parameterized(),
    "system": _everywhere("system"),
    "sysbatch": _everywhere("sysbatch"),
    **MESH_JOBS,
    "csi plugin": {"Type": "service", "TaskGroups": [{"Name": "g", "Count": 0, "Tasks": [_CSI]}]},
    "cni": _CNI,
}
"""By kind. Their ID is to be set."""


def full(kind: str, id: str) -> Json:
    """A job of a kind, of its own to change."""
    job: Json = json.loads(json.dumps(FULL[kind]).replace(MESH, f"{MESH}-{id}"))
    return {"ID": id, "Name": id, **job}
