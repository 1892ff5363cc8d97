"""Where the official plugin of a package is, and how it is got where it is not."""

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from providers.cancelling import CommandCancelled, unless_cancelled
from providers.resource import ProviderError

INSTALL_S = 600.0
"""How long a download may take."""

NO_DOWNLOADS = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
"""Pulumi's own environment variable: true forbids to download plugins that nobody has asked for by name."""

_LAST_LINES = 5
"""How many lines of a download that failed are shown."""

Tell = Callable[[str], Awaitable[None]]


def version_of_sdk(sdk: str) -> str | None:
    """The version of the plugin that a Python SDK asks for (`pulumi-plugin.json`); None where it is not installed."""
    # Not by importlib.resources: that imports the SDK, which takes longer than the plugin's whole start.
    spec = importlib.util.find_spec(sdk) if sdk else None
    for folder in (spec.submodule_search_locations if spec else None) or ():
        with contextlib.suppress(OSError, ValueError):
            version = json.loads((Path(folder) / "pulumi-plugin.json").read_text(encoding="utf-8")).get("version")
            if isinstance(version, str):
                return version
    return None


@dataclass(frozen=True)
class Official:
    """The official plugin of a package in one version: "nomad", "2.6.1"."""

    package: str
    version: str

    @property
    def install_command(self) -> str:
        """The command that installs it."""
        return f"pulumi plugin install resource {self.package} v{self.version}"

    def places(self) -> list[Path]:
        """Where it may be: in $PULUMI_HOME, and in ~/.pulumi (source: Pulumi `workspace.GetPluginDir`).

        Not on PATH: a plugin there may be this project's own, installed as a command.
        """
        homes = [Path(home)] if (home := os.environ.get("PULUMI_HOME")) else []
        folder = Path("plugins", f"resource-{self.package}-v{self.version}")
        return list(dict.fromkeys(home / folder for home in (*homes, Path.home() / ".pulumi")))

    def found(self) -> Path | None:
        """Its program, or None. One that is being installed is not there yet (source: Pulumi, the file `.partial`)."""
        for place in self.places():
            program = place / f"pulumi-resource-{self.package}"
            if program.is_file() and not place.with_name(f"{place.name}.partial").exists():
                return program
        return None

    async def obtain(self, announce: Tell, progress: Tell, cancelled: asyncio.Event) -> Path:
        """Its program, downloaded where it is not there. Raises ProviderError.

        `announce` shows that it is downloaded, `progress` each line that the download prints.
        """
        program = self.found()
        if program is None:
            why = await self._download(announce, progress, cancelled)
            program = self.found()
            if program is None:
                raise ProviderError(self._missing_text(why))
        return program

    async def _download(self, announce: Tell, progress: Tell, cancelled: asyncio.Event) -> str:
        """Runs Pulumi's own installation; why it cannot be had, in a sentence, should it then still be missing."""
        if os.environ.get(NO_DOWNLOADS, "").lower() in ("1", "true"):
            return f"It is not downloaded, because {NO_DOWNLOADS} is set."
        pulumi = shutil.which("pulumi")
        if pulumi is None:
            return "It cannot be downloaded: there is no `pulumi` on PATH."
        await announce(f"Downloading the official {self.package} plugin {self.version}: `{self.install_command}`.")
        process = await asyncio.create_subprocess_exec(
            pulumi,
            *self.install_command.split()[1:],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
        said: list[str] = []
        try:
            await unless_cancelled(_followed(process, said, progress), cancelled, INSTALL_S)
        except CommandCancelled:
            return "Its download was cancelled."
        except TimeoutError:
            return f"Its download had not ended after {INSTALL_S:.0f} s."
        finally:
            if process.returncode is None:
                # What it has started, too: `pulumi` may be a script around the CLI.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        last = "\n".join(f"  {line}" for line in said[-_LAST_LINES:]) or "  (nothing)"
        return f"`{self.install_command}` ended with exit code {process.returncode} and said:\n{last}"

    def _missing_text(self, why: str) -> str:
        places = " and ".join(str(place) for place in self.places())
        return (
            f"the official {self.package} plugin {self.version} is needed, and it is not installed. Looked for in "
            f"{places}. {why}\nInstall it with `{self.install_command}`. Where its download cannot be reached, take "
            f"the archive from https://github.com/pulumi/pulumi-{self.package}/releases/tag/v{self.version} on "
            "another machine and add `--file ARCHIVE`."
        )


async def _followed(process: asyncio.subprocess.Process, said: list[str], progress: Tell) -> None:
    """Shows what a program says until it ends; a progress bar writes over its line."""
    assert process.stdout is not None
    rest = ""
    while chunk := await process.stdout.read(65536):
        *lines, rest = re.split(r"[\r\n]+", rest + chunk.decode(errors="replace"))
        for line in filter(None, map(str.strip, lines)):
            said.append(line)
            await progress(line)
    if rest.strip():
        said.append(rest.strip())
    await process.wait()
