"""Gets one tool: from PATH, from the cache, by download, or by a build, in this order."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from toolchain import cache, golang, paths, releases
from toolchain.catalogue import Tool
from toolchain.download import Downloader, DownloadError
from toolchain.progress import Step
from toolchain.versions import Versions

VERSION_TIMEOUT_S = 20


@dataclass
class Obtainer:
    """One run: remembers the hosts that could not be reached, and the Go that was found."""

    pins: Versions
    arch: str
    downloader: Downloader = field(default_factory=Downloader)
    _go: Path | None = None

    def obtain(self, tool: Tool, step: Step) -> dict[str, Path]:
        """Each of the tool's programs and where it is. Raises ToolchainError when no way leads there."""
        if found := on_path(tool):
            step.done(f"{tool.version} found at {found[tool.programs[0]]}")
            return found
        downloaded = paths.tool_cache() / tool.release_folder()
        built = paths.tool_cache() / tool.build_folder()
        for folder in (downloaded, built):
            if folder.is_dir():
                step.done(f"{tool.version} is in the cache")
                return _programs(tool, folder)
        try:
            cache.fill_once(
                downloaded,
                lambda partial: releases.fetch(tool.release, partial, self.downloader, step.update),
                lambda: step.update("waiting for another run that downloads it"),
            )
            step.done(f"{tool.version} downloaded")
            return _programs(tool, downloaded)
        except DownloadError as error:
            step.note(f"{error} Building it from Go modules instead.")
        cache.fill_once(
            built,
            lambda partial: self._build(tool, partial, step),
            lambda: step.update("waiting for another run that builds it"),
        )
        step.done(f"{tool.version} built from Go modules")
        return _programs(tool, built)

    def _build(self, tool: Tool, folder: Path, step: Step) -> None:
        go = self._go or golang.find(self.pins.go_minimum) or golang.install(self.pins.go_fallback, step)
        self._go = go
        for build in tool.builds:
            build.run(go, self.arch, folder, step)
        if tool.add_to_build:
            tool.add_to_build(go, self.arch, folder, step)


def on_path(tool: Tool, search_path: str | None = None) -> dict[str, Path] | None:
    """The tool's programs on PATH, if all are there and the first one has exactly the pinned version."""
    search_path = _without_checkouts(search_path if search_path is not None else os.environ.get("PATH", ""))
    found = {program: shutil.which(program, path=search_path) for program in tool.programs}
    first = found[tool.programs[0]]
    if tool.version_arguments is None or first is None or _version(first, tool.version_arguments) != tool.version:
        return None
    located = {program: Path(place) for program, place in found.items() if place}
    return located if len(located) == len(tool.programs) else None


def _without_checkouts(search_path: str) -> str:
    """PATH without the links that this toolchain made, here or in another checkout whose `activate` was sourced."""
    tail = str(paths.BIN.relative_to(paths.ROOT))
    return os.pathsep.join(folder for folder in search_path.split(os.pathsep) if not folder.rstrip("/").endswith(tail))


def _version(program: str, arguments: tuple[str, ...]) -> str | None:
    """The version in the first line of the program's answer, such as "Nomad v1.11.3" or "v3.255.0"."""
    try:
        answer = subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = answer.stdout.partition("\n")[0].split()
    return words[-1].removeprefix("v") if words else None


def _programs(tool: Tool, folder: Path) -> dict[str, Path]:
    return {program: folder / program for program in tool.programs}
