"""The configuration of a task's driver."""

import re
from collections.abc import Iterable, Mapping

from components.jobspec.nomad import Job, given
from components.service.tasks import Process

BUILT_IMAGE_META = "caravan_image"
"""On a task whose image this program builds, so that a preview does not look for it in the registry yet."""

_LISTED = ("port_map", "sysctl", "ulimit")
"""Blocks of Docker's configuration with keys of the author's own, which JSON has as a list of one mapping, as it has
`config` in `logging`. Source: Nomad, drivers/docker/config.go."""

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\}|\$\{|%\{")
_KNOWN = ("NOMAD_", "attr.", "meta.", "node.", "env.")


def driver_config(
    process: Process, image: str | None, ports: Iterable[str] | None, binds: list[str], env: Iterable[str]
) -> Job:
    """Nomad's task config.

    Args:
        process: what to run.
        image: for drivers that run one.
        ports: labels to hand through to the container, if it is the one that they are for.
        binds: folders to mount, as the driver has them: from:to.
        env: names of the variables that the process has: Nomad fills them in.
    """
    names = frozenset(env)
    config = given(
        command=None if process.command is None else escaped(process.command, names),
        args=[escaped(value, names) for value in process.args] or None,
    )
    if process.runs_image:
        labels = {name: escaped(value, names) for name, value in sorted(process.labels.items())}
        config |= given(
            image=image,
            ports=None if ports is None else list(ports),
            entrypoint=[escaped(value, names) for value in process.entrypoint] or None,
            labels=[labels] if labels else None,
            volumes=[*binds, *process.config.get("volumes", [])] if binds else None,
        )
    return {**_listed(process), **config}


def _listed(process: Process) -> Job:
    """The driver's own configuration with blocks where a mapping is written for one."""
    found: Job = dict(process.config)
    if process.driver != "docker":
        return found
    found |= {key: [found[key]] for key in _LISTED if isinstance(found.get(key), Mapping)}
    logging = found.get("logging")
    if isinstance(logging, Mapping) and isinstance(logging.get("config"), Mapping):
        found["logging"] = {**logging, "config": [logging["config"]]}
    return found


def escaped(text: str, env: frozenset[str]) -> str:
    """A text in which Nomad fills in what it knows and leaves the rest.

    Nomad reads driver configurations as HCL templates, in which an unknown `${...}` and any `%{` is an error.
    """

    def replace(match: re.Match[str]) -> str:
        name = match["name"] or ""
        if name in env or name.startswith(_KNOWN):
            return match[0]
        return match[0][0] + match[0]

    return _REFERENCE.sub(replace, text)
