"""Files beside service.yaml that a service's `files` are made from: their texts become part of the service."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.problems import Problem, SettingsError, shown
from components.service.files import File
from components.service.group import InGroup
from components.service_model import Service
from components.yaml_file import KeyPath

MAX_BYTES = 256 * 1024
"""Nomad takes jobs up to 1 MB, with everything in them."""


def read_sources(service: Service, folder: Path, where: Callable[[KeyPath], str]) -> Service:
    """The service with the text of each file instead of its source.

    Args:
        service: as it was written.
        folder: what sources are relative to.
        where: names the place of a key to the user.

    Raises:
        SettingsError: with every source that cannot be read.
    """
    problems: list[Problem] = []

    def read(files: Mapping[str, File], prefix: tuple[str, ...]) -> dict[str, File]:
        result = {}
        for destination, file in files.items():
            result[destination] = file
            if file.source is None:
                continue
            try:
                text = _text(folder, file.source)
            except ValueError as error:
                problems.append(Problem(where((*prefix, destination, "source")), f"is {shown(file.source)}, {error}"))
            else:
                result[destination] = file.model_copy(update={"text": text, "source": None})
        return result

    def changed(owner: InGroup, prefix: tuple[str, ...]) -> dict[str, Any]:
        """The keys of a service or a group that have files."""
        tasks = {
            name: task.model_copy(update={"files": read(task.files, (*prefix, "tasks", name, "files"))})
            if task.files
            else task
            for name, task in owner.tasks.items()
        }
        found = {"files": read(owner.files, (*prefix, "files")), "tasks": tasks}
        return {key: value for key, value in found.items() if value}

    groups = {
        name: group.model_copy(update=update) if (update := changed(group, ("groups", name))) else group
        for name, group in service.groups.items()
    }
    own = changed(service, ())
    if problems:
        raise SettingsError(problems)
    return service.model_copy(update={**own, **({"groups": groups} if groups else {})})


def _text(folder: Path, source: str) -> str:
    """The file's text.

    Raises:
        ValueError: it is not there, not inside the folder, not text, or too large.
    """
    path = folder / source
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise ValueError("which is outside the service's folder")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"which cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ValueError(f"which is larger than {MAX_BYTES} bytes: put it into the image")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("which is not UTF-8 text: put it into the image") from error
    if "\0" in text:
        raise ValueError("which is not text: it has a NUL character")
    return text
