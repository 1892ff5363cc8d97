"""Secrets: read by Nomad from its variables when a task starts. The job holds their names only."""

import json
from collections.abc import Iterable

from components.jobspec.nomad import Job
from components.jobspec.templates import template
from components.service.secrets import Secret
from components.service_model import Service


def variable_path(service: Service) -> str:
    """Path of the Nomad variable that holds a service's secrets. Its job may read it, and no other job."""
    return f"nomad/jobs/{service.id_in_nomad}"


def secret_templates(service: Service, names: Iterable[str]) -> list[Job]:
    """Templates that give a task the secrets: variables in one file, and each file.

    Nothing happens to a running process when the variable changes: the version in the group's meta brings a new value
    in through a rollout.
    """
    wanted = {name: service.secrets[name] for name in sorted(names)}
    variables = [name for name, secret in wanted.items() if secret.file is None]
    templates = []
    if variables:
        # JSON's escapes are what Nomad's parser of such files reads: quotes, newlines and # survive.
        lines = [f"{name}={{{{ {_item(name)} | toJSON }}}}\n" for name in variables]
        text = _reading(service, "".join(lines))
        templates.append(template("secrets/caravan.env", text, env=True, perms="0600"))
    for name, secret in wanted.items():
        if secret.file is not None:
            templates.append(_file(service, name, secret))
    return templates


def _file(service: Service, name: str, secret: Secret) -> Job:
    text = _reading(service, f"{{{{ {_item(name)} }}}}")
    return template(f"secrets/{secret.file}", text, perms=secret.perms, uid=secret.uid, gid=secret.gid)


def _item(name: str) -> str:
    return f"(index . {json.dumps(name)}).Value"


def _reading(service: Service, text: str) -> str:
    return f"{{{{ with nomadVar {json.dumps(variable_path(service))} }}}}{text}{{{{ end }}}}"
