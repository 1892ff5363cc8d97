"""What this stack's own commands wrote to a server last, by resource: known where one was killed before it recorded it.

Pulumi's state lags behind the server: by one step, or, with PULUMI_SKIP_CHECKPOINTS, by a whole command. An object that
is neither what the state records nor what is wanted now would then look as if others had changed it. So each write is
noted in a file beside a file backend's state; it holds no input, only which version of which object was written. An
entry counts only for that very version, so an old one does no harm.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote, urlsplit

from providers.plugin import ProviderError

FOLDER = ".caravan-written"
"""In the backend's folder, beside Pulumi's own `.pulumi`."""


@dataclass(frozen=True)
class Write:
    """`id` is the resource's; `version` is the server's name for what was written: nothing else ever gets it."""

    id: str
    version: str
    namespace: str = ""


_NONE = Write("", "")


class Written:
    """The notes of one plugin. `backend` is the folder of a file backend; None: nothing is noted, nothing is known."""

    def __init__(self, plugin: str, backend: Path | None) -> None:
        self._plugin = plugin
        self._backend = backend
        self._writes: dict[str, Write] | None = None
        self._file: TextIO | None = None
        self._seen: set[str] = set()
        self._cut_off = False
        """Whether the last note is younger than the state: the command that made it was killed."""

    @staticmethod
    def beside_state(plugin: str) -> "Written":
        """For the backend that PULUMI_BACKEND_URL names, where that is a folder of this machine."""
        url = urlsplit(os.environ.get("PULUMI_BACKEND_URL", ""))
        path = unquote(url.path)
        return Written(plugin, Path(path) if url.scheme == "file" and not url.netloc and path else None)

    def note(self, urn: str, id: str, version: str | None, namespace: str = "") -> None:
        """An object was written. Raises ProviderError where that cannot be noted."""
        if version is not None:
            self._add(urn, Write(id, version, namespace))

    def forget(self, urn: str) -> None:
        """The resource's object is deleted, or left to others. Raises ProviderError where that cannot be noted."""
        if urn in self._known(urn):
            self._add(urn, _NONE)

    def _add(self, urn: str, write: Write) -> None:
        if self._backend is None:
            return
        writes = self._known(urn)
        writes[urn] = write
        try:
            if self._file is None:
                self._file = self._compacted(urn, writes)
            else:
                self._file.write(_line(urn, write))
            self._file.flush()
        except OSError as error:
            raise ProviderError(
                f"{self._path(urn)} cannot be written: {error.strerror}. What this command writes is noted there, so "
                "that it is known as this stack's own if the command is killed. Allow it, or free space."
            ) from error

    def is_own(self, urn: str, version: str | None) -> bool:
        """Whether the version is what a command of this stack wrote last for the resource."""
        return version is not None and (write := self._known(urn).get(urn)) is not None and write.version == version

    def is_left(self, urn: str, version: str | None) -> bool:
        """Whether a killed command left it, and no later one has written the state since: nobody gave it up."""
        return self.is_own(urn, version) and self._cut_off

    def see(self, urn: str) -> None:
        """The running command has to do with the resource."""
        self._known(urn)
        self._seen.add(urn)

    def orphans(self) -> dict[str, Write]:
        """What a killed command wrote for resources that neither the state has nor the running command.

        None once another command has written the state: what is missing there then may have been given up on purpose.
        """
        if self._backend is None or not self._seen or not self._cut_off:
            return {}
        some = next(iter(self._seen))
        try:
            recorded = self._state(some).read_text(encoding="utf-8")
        except OSError:
            return {}
        return {
            urn: write
            for urn, write in self._known(some).items()
            # By its ID too: a resource that was renamed has another URN.
            if write != _NONE
            and urn not in self._seen
            and json.dumps(urn) not in recorded
            and json.dumps(write.id) not in recorded
        }

    def _known(self, urn: str) -> dict[str, Write]:
        """All entries of the URN's stack; a process works for one stack only."""
        if self._writes is None:
            self._writes = {}
            if self._backend is not None:
                with suppress(OSError):
                    self._cut_off = self._path(urn).stat().st_mtime > self._state(urn).stat().st_mtime
                with suppress(OSError, ValueError, KeyError):
                    for line in self._path(urn).read_text(encoding="utf-8").splitlines():
                        # A line that a kill has cut off is the last one.
                        entry = json.loads(line)
                        self._writes[entry["urn"]] = Write(entry["id"], entry["version"], entry["namespace"])
        return self._writes

    def _compacted(self, urn: str, writes: dict[str, Write]) -> TextIO:
        """The file, open for more lines, with one line for each resource."""
        path = self._path(urn)
        path.parent.mkdir(parents=True, exist_ok=True)
        replacement = path.with_suffix(".new")
        file = replacement.open("w", encoding="utf-8")
        file.writelines(_line(name, write) for name, write in writes.items() if write != _NONE)
        file.flush()
        replacement.replace(path)
        return file

    def _path(self, urn: str) -> Path:
        assert self._backend is not None
        project, stack = _place(urn)
        return self._backend / FOLDER / project / f"{stack}.{self._plugin}.jsonl"

    def _state(self, urn: str) -> Path:
        """The stack's state (Pulumi `backend/diy`)."""
        assert self._backend is not None
        project, stack = _place(urn)
        return self._backend / ".pulumi" / "stacks" / project / f"{stack}.json"


def _place(urn: str) -> tuple[str, str]:
    """Project and stack of `urn:pulumi:STACK::PROJECT::TYPE::NAME`; Pulumi allows letters, digits, - _ . in both."""
    head, project, _ = urn.split("::", 2)
    return project, head.rsplit(":", 1)[-1]


def _line(urn: str, write: Write) -> str:
    return json.dumps({"urn": urn, **asdict(write)}) + "\n"
