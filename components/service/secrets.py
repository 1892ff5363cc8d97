"""Secrets: values that reach the process and nothing else."""

from components.service.base import Model, Name, RelativePath
from components.service.files import Owner, Perms


class Secret(Model):
    """How a secret reaches the process; its key is its name. Its value is in the stack's file, encrypted."""

    of: Name | None = None
    """Another service of the stack whose secret of the same name this is: the value stands once, under that service."""
    file: RelativePath | None = None
    """Path below the secrets directory: the value becomes this file, and <NAME>_FILE its path. Default: the value is a
    variable of the secret's name."""
    perms: Perms = "0644"
    """Of the file."""
    uid: Owner | None = None
    """Owner of the file. Default: that of the Nomad agent."""
    gid: Owner | None = None
    """Group of the file. Default: that of the Nomad agent."""
