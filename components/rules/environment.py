"""Rules for what a process is given: variables, secrets, files and addresses."""

import re
from collections.abc import Collection, Iterable, Iterator

from components.problems import did_you_mean, shown
from components.rules.violation import Violation
from components.service.calls import variable
from components.service.files import BELOW, USUAL, File
from components.service.tasks import Process
from components.service_model import MAIN_PORT, Service

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OWN_FILES = ("secrets/caravan.env", "local/calls/")
"""Where the builder puts secrets and addresses."""


def environment(service: Service) -> Iterator[Violation]:
    """That no variable is set twice, and none is made of another."""
    set_elsewhere: dict[str, str] = {}
    for name, where in _set_elsewhere(service):
        if name in set_elsewhere:
            what = f"gives the process the variable {name}, as does {set_elsewhere[name]}: rename one of them"
            yield Violation(tuple(where.split(".")), what, (set_elsewhere[name],))
        set_elsewhere.setdefault(name, where)
    for name, where in set_elsewhere.items():
        if name in service.env:
            what = f"is set from {where}: change it there"
            if where.startswith("ports.") and not service.has_own_network:
                # Its value is the node's port, whatever the service says.
                what = f"is the port that Nomad gives it on the node: for one of your choice set {where[:-2]}static"
            yield Violation(("env", name), what, (where,))
    own = {*service.env, *set_elsewhere}
    yield from _references(service, (), own, service.secrets)
    for task_name, task in service.tasks.items():
        yield from _references(task, ("tasks", task_name), set(task.env), task.secrets)
        for secret in task.secrets:
            path = ("tasks", task_name, "secrets")
            if secret not in service.secrets:
                hint = did_you_mean(secret, service.secrets)
                yield Violation(path, f"has {shown(secret)}, which is no secret of the service; {hint}", ("secrets",))
            if secret in task.env:
                yield Violation(("tasks", task_name, "env", secret), f"is set from {'.'.join(path)}: change it there")
    yield from _secret_files(service)


def _set_elsewhere(service: Service) -> Iterator[tuple[str, str]]:
    """Variables that the process has anyway, and the keys that they come from."""
    if MAIN_PORT in service.ports and service.port_variable:
        yield "PORT", f"ports.{MAIN_PORT}.to"
    for name, call in service.calls.items():
        yield variable(name, "URL" if call.mesh or call.deliver == "env" else "FILE"), f"calls.{name}"
    for name, secret in service.secrets.items():
        yield name if secret.file is None else f"{name}_FILE", f"secrets.{name}"


def _references(
    process: Process, path: tuple[str, ...], own: set[str], secrets: Collection[str]
) -> Iterator[Violation]:
    for key, value in process.env.items():
        for name in _VARIABLE.findall(value):
            # Nomad replaces variables in no fixed order, and each once.
            what = f"refers to ${{{name}}}, another variable of env, which Nomad may replace or not: write its value"
            if name in secrets:
                what = f"refers to ${{{name}}}, a secret, which Nomad may replace or not: let the process put it in"
            if name in own or name in secrets:
                yield Violation((*path, "env", key), what, ("ports", f"env.{name}"))


def _secret_files(service: Service) -> Iterator[Violation]:
    if service.secrets and "." in service.id_in_nomad:
        # Source: Nomad, the paths of variables.
        what = f"is {shown(service.id_in_nomad)}, but a job whose ID has a dot has no variable for secrets of its own"
        yield Violation(("job_id",), what, ("secrets",))
    taken: dict[str, str] = {}
    for name, secret in service.secrets.items():
        if secret.file is None:
            for key in sorted({"perms", "uid", "gid"} & secret.model_fields_set):
                what = "is there, but the secret is a variable: say with file which file it becomes, or take it out"
                yield Violation(("secrets", name, key), what)
            continue
        destination = f"secrets/{secret.file}"
        path = ("secrets", name, "file")
        if ".." in secret.file.split("/") or secret.file.endswith("/"):
            yield Violation(path, f"is {shown(secret.file)}, but must be a path inside the secrets directory")
        elif destination in taken:
            yield Violation(path, f"is {shown(secret.file)}, as is that of {taken[destination]}")
        elif destination in service.files or destination in _OWN_FILES:
            yield Violation(path, f"is {shown(secret.file)}, where another file is", ("files",))
        taken[destination] = name


def _content(path: tuple[str, ...], file: File) -> Iterator[Violation]:
    """Where a file's content is from, and the keys that only a template has."""
    if file.source_path is not None:
        for key in ("text", "source"):
            if getattr(file, key) is not None:
                yield Violation((*path, key), "is there, but so is source_path: take one of the two out")
        if not file.template:
            what = "is there, but template is false: Nomad fills in what it finds there, so set template: true"
            yield Violation((*path, "source_path"), what, (f"{'.'.join(path)}.template",))
    elif (file.text is None) == (file.source is None):
        found = "both" if file.text is not None else "neither"
        yield Violation(path, f'has {found} of "text" and "source", but must have exactly one')
    if not file.template:
        for key in ("left_delimiter", "right_delimiter", "once", "error_on_missing_key", "wait"):
            if getattr(file, key):
                yield Violation((*path, key), "is there, but template is false: set template: true, or take it out")
    if (file.change_mode == "script") != (file.change_script is not None):
        what = "is missing" if file.change_script is None else 'is for change_mode "script" only'
        yield Violation((*path, "change_script"), what, (f"{'.'.join(path)}.change_mode",))
    if file.wait is not None and file.wait.min_s > file.wait.max_s:
        what = f"is {file.wait.min_s:g}, but must not be above max_s ({file.wait.max_s:g})"
        yield Violation((*path, "wait", "min_s"), what)


def arguments(service: Service) -> Iterator[Violation]:
    """That no secret is put where everybody who lists processes or containers reads it."""
    shown: list[tuple[tuple[str, ...], set[str], Iterable[str]]] = [
        ((*key.split("."), "args"), set(service.secrets), check.args) for key, check in service.all_checks.items()
    ]
    for path, process, secrets in _processes(service):
        shown += [
            ((*path, "command"), secrets, [process.command or ""]),
            ((*path, "args"), secrets, process.args),
            ((*path, "entrypoint"), secrets, process.entrypoint),
            ((*path, "labels"), secrets, process.labels.values()),
        ]
    for path, secrets, texts in shown:
        for name in sorted(secrets.intersection(_VARIABLE.findall("\n".join(texts)))):
            what = f"has ${{{name}}}, a secret, which many could read there: let the process read its variable"
            yield Violation(path, what, ("secrets",))


def _processes(service: Service) -> Iterator[tuple[tuple[str, ...], Process, set[str]]]:
    yield (), service, set(service.secrets)
    for name, task in service.tasks.items():
        yield ("tasks", name), task, set(task.secrets)


def files(service: Service) -> Iterator[Violation]:
    """What a file holds, and what happens when it changes."""
    for prefix, process, _ in _processes(service):
        for destination, file in process.files.items():
            path = (*prefix, "files", destination)
            if not file.elsewhere and USUAL.fullmatch(destination) is None:
                yield Violation(path, BELOW)
            yield from _content(path, file)
            if destination == _OWN_FILES[0] or destination.startswith(_OWN_FILES[1]):
                yield Violation(
                    path, "is where secrets and addresses of called services are written: choose another path"
                )
            if file.change_mode != "noop" and not file.template:
                what = f'is "{file.change_mode}", but only a template changes while the process runs'
                yield Violation((*path, "change_mode"), what)
            if (file.change_mode == "signal") != (file.change_signal is not None):
                what = "is missing" if file.change_signal is None else 'is for change_mode "signal" only'
                yield Violation((*path, "change_signal"), what)
            if "splay_s" in file.model_fields_set and file.change_mode == "noop":
                what = f"is {file.splay_s:g}, but the process is left alone: set change_mode, or take it out"
                yield Violation((*path, "splay_s"), what, (f"{'.'.join(path)}.change_mode",))
            if file.env and file.change_mode == "signal":
                what = 'is "signal", but a running process does not get new variables: "restart" or "noop"'
                yield Violation((*path, "change_mode"), what)
