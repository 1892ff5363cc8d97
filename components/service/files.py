"""Files that a task finds when it starts."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from components.service.base import Model, RelativePath, Seconds, Signal, Text, Value, Values, matching


def _quoted(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError('must be text, in quotes, as "0644": YAML reads it as a number otherwise')
    return value


Perms = Annotated[str, matching(r"0?[0-7]{3}", 'must be three octal digits, as "0644"'), BeforeValidator(_quoted)]
Owner = Annotated[int, Field(ge=0)]
BELOW = "must be a path below local/ (the task's own), secrets/ (in memory) or alloc/ (shared by an instance's tasks)"
USUAL = re.compile(r"(?:/?(?:local|secrets|alloc)|\$\{NOMAD_(?:TASK|SECRETS|ALLOC)_DIR\})(?:/[^/]+)+")
"""Where files are, if they do not say that they are elsewhere."""
Destination = Annotated[
    str,
    matching(
        r"(?!.*(?:^|/)\.\.?(?:/|$))[^\x00-\x1f]+[^/\x00-\x1f]",
        BELOW,
    ),
]


class Wait(Model):
    """How long values must stay the same. Source: template > wait."""

    min_s: Seconds
    """This long."""
    max_s: Seconds
    """After this time without waiting any longer."""


class Script(Model):
    """A program that is run when a file changes. Source: template > change_script."""

    command: Value
    """In the task's own file system."""
    args: Values = ()
    """Its arguments."""
    timeout_s: Seconds = 5
    """Time for it to end."""
    fail_on_error: bool = False
    """Whether the task is stopped where it fails."""


class File(Model):
    """A file that Nomad writes; its key is where. Exactly one of text and source. Source: template."""

    text: Value | None = None
    """What the file holds."""
    source: RelativePath | None = None
    """A file that holds it, relative to the service's folder."""
    source_path: Text | None = None
    """A template that the task has on the node, as from an artifact: local/app.conf.tpl."""
    template: bool = False
    """Whether {{ }} in it is filled in by Nomad (keys of Consul, services, Nomad's variables, ...) and kept current.
    Otherwise the file is what is written here, braces and all."""
    env: bool = False
    """Whether its lines NAME=value become variables of the process."""
    left_delimiter: Text | None = None
    """For a template: what stands for {{."""
    right_delimiter: Text | None = None
    """For a template: what stands for }}."""
    once: bool = False
    """For a template: whether it is filled in at the start only."""
    error_on_missing_key: bool = False
    """For a template: whether the task fails where a value is missing."""
    wait: Wait | None = None
    """For a template: how long its values must stay the same before it is filled in. Default: Nomad's."""
    elsewhere: bool = False
    """Whether its path may be anywhere in the task's folder: a container has it only where `config` mounts it."""
    perms: Perms = "0644"
    """Three octal digits."""
    uid: Owner | None = None
    """Owner. Default: that of the Nomad agent."""
    gid: Owner | None = None
    """Group. Default: that of the Nomad agent."""
    change_mode: Literal["noop", "restart", "signal", "script"] = "noop"
    """What happens to the process when a template's values change: nothing (the file is rewritten), a restart, a
    signal, a script. Default nothing, because Nomad would restart all instances at once and without a canary."""
    change_signal: Signal | None = None
    """For change_mode signal."""
    change_script: Script | None = None
    """For change_mode script."""
    splay_s: Seconds = 5
    """A random wait up to this long before a restart or signal."""
