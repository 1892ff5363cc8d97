"""The parts of a Microservice's arguments about what Nomad brings to a process: network, files, volumes, secrets.

Types that Pulumi can offer to other languages are TypedDicts without a base, and their annotations must not be strings:
no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict


class DnsArgs(TypedDict):
    """Where the instance's processes look up names. Source: network > dns."""

    servers: NotRequired[Sequence[str]]
    """Addresses of name servers."""
    searches: NotRequired[Sequence[str]]
    """Domains that are tried behind a short name."""
    options: NotRequired[Sequence[str]]
    """As in resolv.conf: `ndots:2`."""


class NetworkArgs(TypedDict):
    """The network that the tasks of an instance share. Source: network."""

    mode: NotRequired[str | None]
    """bridge: a network of the instance's own; host: the node's; none; cni/<network>: that of a CNI plugin. Default:
    Nomad's host, with which the driver decides; bridge in the mesh."""
    hostname: NotRequired[str | None]
    """Name of the instance in its own network."""
    dns: NotRequired[DnsArgs | None]
    """Default: the node's."""
    cni_args: NotRequired[Mapping[str, str]]
    """Arguments for the CNI plugin."""


class WaitArgs(TypedDict):
    """How long values must stay the same. Source: template > wait."""

    min_s: float
    """This long. In seconds."""
    max_s: float
    """After this time without waiting any longer. In seconds."""


class ScriptArgs(TypedDict):
    """A program that is run when a file changes. Source: template > change_script."""

    command: str
    """In the task's own file system."""
    args: NotRequired[Sequence[str]]
    """Its arguments."""
    timeout_s: NotRequired[float]
    """Time for it to end. In seconds. Default 5."""
    fail_on_error: NotRequired[bool]
    """Whether the task is stopped where it fails. Default false."""


class ArtifactArgs(TypedDict):
    """Something that Nomad fetches before the task starts. Source: artifact."""

    source: str
    """URL, or as go-getter has it."""
    destination: NotRequired[str | None]
    """Where in the task's folder. Default: local/."""
    mode: NotRequired[str]
    """file: the destination is the file; dir: it is the folder; any: what is fetched says which. Default `any`. One of
    `any`, `file`, `dir`."""
    options: NotRequired[Mapping[str, str]]
    """For go-getter: checksum, archive, ref, ..."""
    headers: NotRequired[Mapping[str, str]]
    """Of a request by HTTP. Readable by everybody who can read the job: no place for secrets."""
    insecure: NotRequired[bool]
    """Whether any certificate is taken. Default false."""
    chown: NotRequired[bool]
    """Whether it belongs to the task's user, and not to the Nomad agent's. Default false."""


class VaultArgs(TypedDict):
    """A token of Vault for the task. Source: vault."""

    role: NotRequired[str | None]
    """Default: that of the Nomad agent's configuration."""
    policies: NotRequired[Sequence[str]]
    """Ignored since Nomad 1.10: the role has the policies."""
    change_mode: NotRequired[str]
    """What happens to the process when the token is another one. Default `restart`. One of `noop`, `restart`,
    `signal`."""
    change_signal: NotRequired[str | None]
    """For change_mode signal."""
    env: NotRequired[bool]
    """Whether the process finds it in VAULT_TOKEN. Default true."""
    disable_file: NotRequired[bool]
    """Whether there is no file secrets/vault_token. Default false."""
    allow_token_expiration: NotRequired[bool]
    """Whether Nomad does not renew it. Default false."""


class IdentityArgs(TypedDict):
    """A signed identity (JWT) of the task, by which others know it; its key is its name. Source: identity."""

    audience: NotRequired[Sequence[str]]
    """Who is to take it. The one named `default` has Nomad's own."""
    env: NotRequired[bool]
    """Whether the process finds it in NOMAD_TOKEN, or NOMAD_TOKEN_<name>. Default false."""
    file: NotRequired[bool]
    """Whether it is in secrets/nomad_token, or secrets/nomad_<name>.jwt. Default false."""
    filepath: NotRequired[str | None]
    """Where that file is instead."""
    change_mode: NotRequired[str | None]
    """What happens to the process when it is renewed. Default: nothing. One of `noop`, `restart`, `signal`."""
    change_signal: NotRequired[str | None]
    """For change_mode signal."""
    ttl_s: NotRequired[float | None]
    """How long it counts before it is renewed. Default: for ever. In seconds."""


class LogsArgs(TypedDict):
    """What Nomad keeps of the task's output. Source: logs."""

    max_files: NotRequired[int]
    """Files that are kept for each of stdout and stderr. Default 10."""
    max_file_size_mb: NotRequired[int]
    """Size of a file. Default 10."""
    disabled: NotRequired[bool]
    """Whether Nomad keeps none. Default false."""


class SecretArgs(TypedDict):
    """How a secret reaches the process; its key is its name. Its value is in the stack's file, encrypted."""

    of: NotRequired[str | None]
    """Another service of the stack whose secret of the same name this is. In service.yaml only: a program has the
    value."""
    file: NotRequired[str | None]
    """Path below the secrets directory: the value becomes this file, and <NAME>_FILE its path. Default: the value
    is a variable of the secret's name."""
    perms: NotRequired[str]
    """Of the file. Default `0644`."""
    uid: NotRequired[int | None]
    """Owner of the file. Default: that of the Nomad agent."""
    gid: NotRequired[int | None]
    """Group of the file. Default: that of the Nomad agent."""


class VolumeArgs(TypedDict):
    """Storage; its key is its name in the job. Source: volume, volume_mount, ephemeral_disk."""

    type: str
    """host: a volume of the node; csi: one of a CSI plugin; ephemeral: the instance's scratch disk, once at most."""
    mount: str | None
    """Where the process finds it. Ephemeral volumes are mounted by the docker driver only. null: only tasks beside it
    mount it, or nobody does."""
    source: NotRequired[str | None]
    """Its name among the node's volumes, or its CSI ID. Default: the key. Not for ephemeral."""
    read_only: NotRequired[bool]
    """Whether the process may only read. Default false."""
    mount_read_only: NotRequired[bool | None]
    """The same of the mount alone, where the volume is asked for otherwise. Default: as read_only."""
    per_instance: NotRequired[bool]
    """One volume per instance: source[0], source[1], ... Not with canaries. Default false."""
    sticky: NotRequired[bool]
    """host: a replaced instance gets the same volume. ephemeral: a replaced instance gets the contents, if Nomad
    can place it on the same node. Default false."""
    migrate: NotRequired[bool]
    """For ephemeral and sticky: contents are copied to another node, too. Default false."""
    access: NotRequired[str | None]
    """For host and csi. Default for csi: single-node-writer. One of `single-node-reader-only`,
    `single-node-writer`, `single-node-single-writer`, `single-node-multi-writer`, `multi-node-reader-only`,
    `multi-node-single-writer`, `multi-node-multi-writer`."""
    block_device: NotRequired[bool]
    """For csi: a device instead of a file system. Default false."""
    fs_type: NotRequired[str | None]
    """For csi: the file system. Default: the volume's own."""
    mount_flags: NotRequired[Sequence[str]]
    """For csi: options of the mount."""
