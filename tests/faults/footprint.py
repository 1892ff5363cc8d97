"""What processes hold, read from /proc: memory and open files, at its highest while a command runs and afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.background import Background


@dataclass(frozen=True)
class Footprint:
    """What one process holds: resident memory in MiB (`VmHWM`: its highest so far) and open file descriptors."""

    memory_mb: float = 0.0
    files: int = 0

    def most(self, other: "Footprint") -> "Footprint":
        return Footprint(max(self.memory_mb, other.memory_mb), max(self.files, other.files))


def footprint(pid: int, memory: str = "VmRSS") -> Footprint | None:
    """A process now; None where it is gone. `memory`: "VmRSS", what it has, or "VmHWM", the most that it has had."""
    folder = Path(f"/proc/{pid}")
    try:
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        return Footprint(int(status[memory].split()[0]) / 1024, len(list((folder / "fd").iterdir())))
    except (OSError, KeyError):
        # Gone, or a zombie, which holds nothing.
        return None


@dataclass
class Watch(Background):
    """Samples a command and what it starts until the block ends; `peaks` by the names that `names` gives to programs.

    A process belongs to the first of `names` that is part of its command line.
    """

    pid: int
    names: Sequence[str]
    peaks: dict[str, Footprint] = field(default_factory=dict)
    pause_s: float = 0.3

    def once(self) -> None:
        for pid in below(self.pid):
            name = next((name for name in self.names if name in command_line(pid)), None)
            if name is not None and (seen := footprint(pid, "VmHWM")) is not None:
                self.peaks[name] = seen.most(self.peaks.get(name, Footprint()))


def below(pid: int) -> Iterable[int]:
    """The processes that a process has started, and theirs."""
    parents = {int(entry.name): _parent(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def quarters(series: Sequence[float]) -> tuple[float, float]:
    """The medians of the first and of the last quarter of a series."""
    length = max(1, len(series) // 4)
    return median(series[:length]), median(series[-length:])
