"""The secrets in a stack's configuration: where they may stand, their values, and what changes when one is rotated."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.problems import Problem
from components.stack_file import PROJECT, StackFile
from components.yaml_file import KeyPath

_PASSWORD = ("registry", "password")
_ENCRYPTED = "secure"
_IN_THE_JOB = "everybody who can read the job would see it"


@dataclass(frozen=True)
class StackSecrets:
    """The secrets of one environment."""

    services: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Per service and name, the value; empty texts where only the file was read."""
    registry_password: str | None = field(default=None, repr=False)
    """The password of `caravan:registry`."""
    encrypted: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Per service and name, the text in the file. Less than `services` where they do not come from the file."""

    def values(self, holders: Mapping[str, str]) -> dict[str, str]:
        """The values of a service's secrets, by name; `holders` says under which service each of them stands."""
        return {name: self.services[holder][name] for name, holder in holders.items()}

    def version(self, holders: Mapping[str, str]) -> str | None:
        """What changes whenever one of a service's secrets is set anew, and tells nothing of them: a hash of their
        encrypted texts. None where the file does not hold all of them."""
        texts = {name: self.encrypted.get(holder, {}).get(name) for name, holder in holders.items()}
        if not texts or None in texts.values():
            return None
        listed = "\n".join(f"{name}={texts[name]}" for name in sorted(texts))
        return hashlib.sha256(listed.encode()).hexdigest()[:16]


def set_command(path: str) -> str:
    """The command that sets a secret, as text for the user."""
    return f"pulumi config set --secret --path '{PROJECT}:{path}'"


def open_values(stack: StackFile) -> dict[str, Any]:
    """The stack's values without any secret, so that sentences may show them: what is encrypted at a place where no
    secret is meant is as the file has it."""
    values = {key: value for key, value in stack.values.items() if key != "secrets"}
    if isinstance(registry := values.get("registry"), Mapping):
        values["registry"] = {key: value for key, value in registry.items() if key != _PASSWORD[1]}
    for path in _misplaced(stack):
        values[str(path[0])] = stack.literal(path[:1])
    return {key: value for key, value in values.items() if value is not None}


def read_secrets(stack: StackFile, problems: list[Problem]) -> StackSecrets:
    """The stack's secrets. Adds to `problems` what is wrong with them; no sentence shows a value."""
    for path in _misplaced(stack):
        what = f"holds a secret, but {_IN_THE_JOB}: "
        if path[0] == "services" and len(path) > 2:
            what += f"name it under secrets in service.yaml, and {set_command(f'secrets.{path[1]}.NAME')}"
        else:
            what += f"secrets of services stand under {PROJECT}:secrets"
        problems.append(Problem(stack.where(path), what))
    return StackSecrets(_services(stack, problems), _password(stack, problems), _encrypted(stack))


def _services(stack: StackFile, problems: list[Problem]) -> dict[str, dict[str, str]]:
    found = stack.values.get("secrets", {})
    if not isinstance(found, Mapping):
        problems.append(Problem(stack.where(("secrets",)), "must be a mapping of services to their secrets"))
        return {}
    secrets: dict[str, dict[str, str]] = {}
    for service, values in found.items():
        path: KeyPath = ("secrets", service)
        if not isinstance(values, Mapping) or values.keys() == {_ENCRYPTED}:
            problems.append(Problem(stack.where(path), "must be a mapping of names to secrets"))
            continue
        texts = {name: _value(stack, (*path, name), value, problems) for name, value in values.items()}
        secrets[service] = {name: text for name, text in texts.items() if text is not None}
    return secrets


def _password(stack: StackFile, problems: list[Problem]) -> str | None:
    registry = stack.values.get("registry")
    if not isinstance(registry, Mapping) or registry.get("password") is None:
        return None
    return _value(stack, _PASSWORD, registry["password"], problems)


def _value(stack: StackFile, path: KeyPath, value: Any, problems: list[Problem]) -> str | None:
    key = ".".join(map(str, path))
    literal = stack.literal(path)
    plain = not _is_encrypted(literal) if literal is not None else path[0] not in stack.secret_keys
    if plain:
        what = f"is in plain text: take it out, change it wherever it is used, and run {set_command(key)}"
        problems.append(Problem(stack.where(path), what))
        return None
    if _is_encrypted(value):
        return ""
    if not isinstance(value, str) or not value or "\0" in value:
        what = f"must be text, not empty and without a NUL character: set it anew, {set_command(key)}"
        problems.append(Problem(stack.where(path), what))
        return None
    return value


def _misplaced(stack: StackFile) -> list[KeyPath]:
    """Where secrets are that end up in the job or in an image."""
    found = [path for key in stack.values for path in _encrypted_paths(stack.literal((key,)), (key,))]
    # What is no value of the file is known by its key only.
    elsewhere = stack.secret_keys - {str(path[0]) for path in found} - {"secrets", "registry"}
    misplaced = [path for path in found if path[0] != "secrets" and path != _PASSWORD]
    return misplaced + [(key,) for key in sorted(elsewhere)]


def _encrypted_paths(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    if _is_encrypted(value):
        yield path
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _encrypted_paths(below, (*path, key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _encrypted_paths(below, (*path, position))


def _encrypted(stack: StackFile) -> dict[str, dict[str, str]]:
    found = stack.literal(("secrets",))
    services = found if isinstance(found, Mapping) else {}
    return {
        service: {name: value[_ENCRYPTED] for name, value in values.items() if _is_encrypted(value)}
        for service, values in services.items()
        if isinstance(values, Mapping)
    }


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {_ENCRYPTED} and isinstance(value[_ENCRYPTED], str)
