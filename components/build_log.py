"""What Docker wrote while it built an image, and the part that explains a failure."""

import itertools
import re
from pathlib import Path

FOLDER = Path(".caravan") / "build"
MAX_LINES = 30
"""How much of the failing step's output is shown."""

_START = "#0 building with "
_FAILING_STEP = re.compile(r"^ > \[(?P<stage>[^\]]*)\] (?P<instruction>.*):$")
_RULE = re.compile(r"^-{6,}$")
_TIME = re.compile(r"^\d+\.\d+ ")


class BuildLog:
    """The log of an image's last build. The plugin only ever adds to the file, and expects its folder to exist."""

    def __init__(self, name: str, dockerfile: Path) -> None:
        self.path = FOLDER / f"{name.replace('/', '-')}.log"
        """Relative to the program's working directory, which is the plugin's, too."""
        self._dockerfile = dockerfile
        self._location = self.path.absolute()

    def begin(self) -> None:
        """Make way for a build's output."""
        self._location.parent.mkdir(parents=True, exist_ok=True)
        self._location.unlink(missing_ok=True)

    def failure(self, error: str) -> str:
        """What failed, for people to read: the place in the Dockerfile and the step's last lines.

        Args:
            error: the plugin's own account, used where the build failed outside a step.
        """
        dockerfile = _relative(self._dockerfile)
        step, output = _failing_step(self._last_build())
        if step is None:
            return f"{dockerfile}: the build failed: {_innermost(error)}"
        line = _line_of(step, self._dockerfile)
        place = f"{dockerfile}, line {line}" if line else dockerfile
        shown = "".join(f"\n    {text}" for text in output[-MAX_LINES:])
        return f"{place}: the build failed in the step {step}{shown}\n  Whole log: {self.path}"

    def _last_build(self) -> list[str]:
        try:
            return self._location.read_text(errors="replace").rpartition(_START)[2].splitlines()
        except FileNotFoundError:
            return []


def _failing_step(log: list[str]) -> tuple[str | None, list[str]]:
    """The instruction and its output, from the summary that BuildKit ends a failed build with."""
    for number, text in enumerate(log):
        match = _FAILING_STEP.match(text)
        if match is not None:
            output = itertools.takewhile(lambda line: not _RULE.match(line), log[number + 1 :])
            lines = [_TIME.sub("", line) for line in output]
            return match["instruction"], lines or [line for line in log if "ERROR" in line]
    return None, []


def _innermost(error: str) -> str:
    """The plugin's error without what each layer of software put in front of it."""
    text = error.removeprefix("1 error occurred:").strip().removeprefix("* ").strip()
    return re.sub(r"^.*(?:failed to solve: |failed to create LLB definition: |desc = )", "", text, flags=re.DOTALL)


def _line_of(step: str | None, dockerfile: Path) -> int | None:
    """The line, from 1, on which the instruction begins; None where variables in it make it look different."""
    if step is None:
        return None
    wanted = " ".join(step.split())
    start, logical = 1, ""
    for number, text in enumerate(dockerfile.read_text(errors="replace").splitlines(), 1):
        if not logical:
            start = number
        elif text.lstrip().startswith("#"):
            continue
        if text.rstrip().endswith("\\"):
            logical += text.rstrip()[:-1] + " "
            continue
        if " ".join((logical + text).split()) == wanted:
            return start
        logical = ""
    return None


def _relative(path: Path) -> str:
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
