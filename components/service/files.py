"""Files that a task finds when it starts."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from components.service.base import Model, RelativePath, Seconds, Signal, Value, matching


def _quoted(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError('must be text, in quotes, as "0644": YAML reads it as a number otherwise')
    return value


Perms = Annotated[str, matching(r"0?[0-7]{3}", 'must be three octal digits, as "0644"'), BeforeValidator(_quoted)]
Owner = Annotated[int, Field(ge=0)]
Destination = Annotated[
    str,
    matching(
        r"(?:local|secrets|alloc)(?:/(?!\.\.?(?:/|$))[^/\x00-\x1f]+)+",
        "must be a path below local/ (the task's own), secrets/ (in memory) or alloc/ (shared by an instance's tasks)",
    ),
]


class File(Model):
    """A file that Nomad writes; its key is where. Exactly one of text and source. Source: template."""

    text: Value | None = None
    """What the file holds."""
    source: RelativePath | None = None
    """A file that holds it, relative to the service's folder."""
    template: bool = False
    """Whether {{ }} in it is filled in by Nomad (keys of Consul, services, Nomad's variables, ...) and kept current.
    Otherwise the file is what is written here, braces and all."""
    env: bool = False
    """Whether its lines NAME=value become variables of the process."""
    perms: Perms = "0644"
    """Three octal digits."""
    uid: Owner | None = None
    """Owner. Default: that of the Nomad agent."""
    gid: Owner | None = None
    """Group. Default: that of the Nomad agent."""
    change_mode: Literal["noop", "restart", "signal"] = "noop"
    """What happens to the process when a template's values change: nothing (the file is rewritten), a restart, a
    signal. Default nothing, because Nomad would restart all instances at once and without a canary."""
    change_signal: Signal | None = None
    """For change_mode signal."""
    splay_s: Seconds = 5
    """A random wait up to this long before a restart or signal."""
