"""What Nomad fetches and vouches for before a task starts, and where its logs end."""

from components.jobspec.nomad import Job, given, ns
from components.jobspec.placement import affinity, constraint
from components.service.placement import Affinity, Constraint
from components.service.tasks import Process
from components.service.workload import Artifact, Identity, Logs, Vault

_DEFAULT = "default"
"""Name of the identity that every task has."""


def workload(process: Process) -> Job:
    """The keys of a task for it."""
    identities = [_identity(name, it) for name, it in sorted(process.identities.items()) if name != _DEFAULT]
    default = process.identities.get(_DEFAULT)
    return given(
        Artifacts=[_artifact(it) for it in process.artifacts] or None,
        Vault=None if process.vault is None else _vault(process.vault),
        Identities=identities or None,
        Identity=None if default is None else _identity(_DEFAULT, default),
        LogConfig=None if process.logs == Logs() else _logs(process.logs),
        Leader=process.leader or None,
        Consul={} if process.consul else None,
    )


def task_conditions(constraints: tuple[Constraint, ...], affinities: tuple[Affinity, ...]) -> Job:
    """The keys of a task for conditions of its own."""
    return given(
        Constraints=[constraint(it) for it in constraints] or None,
        Affinities=[affinity(it) for it in affinities] or None,
    )


def _artifact(artifact: Artifact) -> Job:
    return {
        "GetterSource": artifact.source,
        **given(
            RelativeDest=artifact.destination,
            GetterMode=None if artifact.mode == "any" else artifact.mode,
            GetterOptions=dict(artifact.options) or None,
            GetterHeaders=dict(artifact.headers) or None,
            GetterInsecure=artifact.insecure or None,
            Chown=artifact.chown or None,
        ),
    }


def _vault(vault: Vault) -> Job:
    return given(
        Role=vault.role,
        Policies=list(vault.policies) or None,
        ChangeMode=None if vault.change_mode == "restart" else vault.change_mode,
        ChangeSignal=vault.change_signal,
        Env=None if vault.env else False,
        DisableFile=vault.disable_file or None,
        AllowTokenExpiration=vault.allow_token_expiration or None,
    )


def _identity(name: str, identity: Identity) -> Job:
    return {
        "Name": name,
        **given(
            Audience=list(identity.audience) or None,
            Env=identity.env or None,
            File=identity.file or None,
            Filepath=identity.filepath,
            ChangeMode=identity.change_mode,
            ChangeSignal=identity.change_signal,
            TTL=None if identity.ttl_s is None else ns(identity.ttl_s),
        ),
    }


def _logs(logs: Logs) -> Job:
    return {"MaxFiles": logs.max_files, "MaxFileSizeMB": logs.max_file_size_mb, **given(Disabled=logs.disabled or None)}
