"""What Nomad fetches and vouches for before a task starts: artifacts, Vault, identities; and where its logs end."""

from typing import Annotated, Literal

from pydantic import Field

from components.service.base import Model, Seconds, Signal, Text, Texts, Value

ChangeMode = Literal["noop", "restart", "signal"]


class Artifact(Model):
    """Something that Nomad fetches before the task starts. Source: artifact."""

    source: Text
    """URL, or as go-getter has it."""
    destination: Text | None = None
    """Where in the task's folder. Default: local/."""
    mode: Literal["any", "file", "dir"] = "any"
    """file: the destination is the file; dir: it is the folder; any: what is fetched says which."""
    options: dict[Text, Value] = Field(default_factory=dict)
    """For go-getter: checksum, archive, ref, ..."""
    headers: dict[Text, Value] = Field(default_factory=dict)
    """Of a request by HTTP. Readable by everybody who can read the job: no place for secrets."""
    insecure: bool = False
    """Whether any certificate is taken."""
    chown: bool = False
    """Whether it belongs to the task's user, and not to the Nomad agent's."""


class Vault(Model):
    """A token of Vault for the task. Source: vault."""

    role: Text | None = None
    """Default: that of the Nomad agent's configuration."""
    policies: Texts = ()
    """Ignored since Nomad 1.10: the role has the policies."""
    change_mode: ChangeMode = "restart"
    """What happens to the process when the token is another one."""
    change_signal: Signal | None = None
    """For change_mode signal."""
    env: bool = True
    """Whether the process finds it in VAULT_TOKEN."""
    disable_file: bool = False
    """Whether there is no file secrets/vault_token."""
    allow_token_expiration: bool = False
    """Whether Nomad does not renew it."""


class Identity(Model):
    """A signed identity (JWT) of the task, by which others know it; its key is its name. Source: identity."""

    audience: Texts = ()
    """Who is to take it. The one named `default` has Nomad's own."""
    env: bool = False
    """Whether the process finds it in NOMAD_TOKEN, or NOMAD_TOKEN_<name>."""
    file: bool = False
    """Whether it is in secrets/nomad_token, or secrets/nomad_<name>.jwt."""
    filepath: Text | None = None
    """Where that file is instead."""
    change_mode: ChangeMode | None = None
    """What happens to the process when it is renewed. Default: nothing."""
    change_signal: Signal | None = None
    """For change_mode signal."""
    ttl_s: Annotated[Seconds, Field(gt=0)] | None = None
    """How long it counts before it is renewed. Default: for ever."""


class Logs(Model):
    """What Nomad keeps of the task's output. Source: logs."""

    max_files: Annotated[int, Field(ge=1)] = 10
    """Files that are kept for each of stdout and stderr."""
    max_file_size_mb: Annotated[int, Field(ge=1)] = 10
    """Size of a file."""
    disabled: bool = False
    """Whether Nomad keeps none."""
