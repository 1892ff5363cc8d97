"""What the preview of the running `pulumi up` showed, so that its update does that and nothing else.

What happens to a cluster while somebody reads a preview and says yes is in no plan. The two halves of such a command
have plugins of their own, but the same process has started these. So the first half notes for each resource what it
saw and what is to change, in a file that is named after that process, and the second half compares.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from uuid import uuid4

FOLDER = ".caravan-previewed"
"""In Pulumi's own folder. Files whose command has ended are deleted by the next one."""

_HALVES = ("up", "update")
"""The commands that preview, ask and then update (Pulumi `pulumi up`)."""


_MOVED = (
    "Somebody changed this since the preview of this command: {}. Nothing of it is changed. Run `pulumi up` again: its "
    "preview shows what is there now."
)


@dataclass(frozen=True)
class Command:
    """The process that started this plugin. `started` tells it from others that got its number later."""

    pid: int
    started: str
    arguments: Sequence[str]

    @staticmethod
    def running() -> "Command | None":
        """None where this system does not tell (no /proc)."""
        pid = os.getppid()
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            # The name in parentheses may hold blanks. Field 22 of all. Source: proc(5), stat.
            started = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return None
        return Command(pid, started, arguments)

    @property
    def has_two_halves(self) -> bool:
        """Whether it may be a preview and an update in one."""
        return any(argument in _HALVES for argument in self.arguments[1:])

    @property
    def skips_preview(self) -> bool:
        """Whether it updates at once."""
        return any(argument in ("-f", "--skip-preview", "--skip-preview=true") for argument in self.arguments)

    @property
    def shows_diffs(self) -> bool:
        """Whether every property that changes is shown."""
        return any(argument in ("--diff", "--diff=true") for argument in self.arguments)

    @property
    def name(self) -> str:
        """Different for all commands of this machine."""
        return f"{self.pid}-{self.started}"


@dataclass
class Previewed:
    """The notes of one plugin. Without a command nothing is noted, and nothing is compared."""

    command: Command | None
    folder: Path
    _earlier: dict[str, dict[str, str]] | None = None
    _file: TextIO | None = None
    _id: str = field(default_factory=lambda: uuid4().hex)

    @staticmethod
    def of_command() -> "Previewed":
        """For the command that has started this plugin."""
        command = Command.running()
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        return Previewed(command if command is not None and command.has_two_halves else None, home / FOLDER)

    def differs(self, urn: str, words: str) -> str | None:
        """Notes what an object is like; the sentence that refuses the update where its preview saw something else."""
        before, failure = self._compare(urn, "saw", words)
        if before is None or before == words:
            return failure
        return _MOVED.format(f"the preview saw: {before}; now: {words}")

    def widens(self, urn: str, names: Sequence[str]) -> str | None:
        """Notes which inputs are to change; the sentence that refuses what the preview did not show."""
        before, failure = self._compare(urn, "changes", " ".join(sorted(names)))
        if before is None or set(names) <= set(before.split()):
            return failure
        shown = f"a change of {', '.join(before.split())}" if before else "no change"
        return _MOVED.format(f"the preview showed {shown}; now it would be one of {', '.join(sorted(names))}")

    def only_progress_is_shown(self, urn: str) -> bool:
        """Whether what changes has been shown, and the resource's line is for the progress of its change."""
        if self.command is None or self.command.shows_diffs:
            return False
        return self.command.skips_preview or urn in (self._earlier or {})

    def _compare(self, urn: str, kind: str, text: str) -> tuple[str | None, str | None]:
        """What the first half noted. In the first half itself None, and it is noted, or a sentence says why not."""
        if self.command is None:
            return None, None
        if self._earlier is None:
            self._earlier = self._read(self.command)
        before = self._earlier.get(urn, {}).get(kind)
        failure = self._note(self.command, {"urn": urn, "kind": kind, "text": text}) if before is None else None
        return before, failure

    def _read(self, command: Command) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        with suppress(OSError):
            for path in sorted(self.folder.iterdir()):
                pid = path.name.partition("-")[0]
                if not path.name.startswith(f"{command.name}."):
                    if pid.isdigit() and not _is_alive(int(pid)):
                        path.unlink(missing_ok=True)
                    continue
                for line in path.read_text(encoding="utf-8").splitlines():
                    note = json.loads(line)
                    noted = found.setdefault(note["urn"], {})
                    # The engine also asks what would change if something else were replaced: all that it was told.
                    changes = {*noted.get("changes", "").split(), *note["text"].split()}
                    noted[note["kind"]] = " ".join(sorted(changes)) if note["kind"] == "changes" else note["text"]
        return found

    def _note(self, command: Command, note: dict[str, str]) -> str | None:
        try:
            if self._file is None:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = (self.folder / f"{command.name}.{self._id}.jsonl").open("w", encoding="utf-8")
            self._file.write(json.dumps(note) + "\n")
            self._file.flush()
        except OSError as error:
            return (
                f"{self.folder} cannot be written: {error.strerror}. What a preview shows is noted there, so that its "
                "update does nothing else. Allow it, or free space."
            )
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
