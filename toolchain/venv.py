"""The virtual environment with the pinned Python packages."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from toolchain import commands, locks, paths
from toolchain.errors import ToolchainError
from toolchain.progress import Step

_STAMP = ".caravan-requirements"


def ensure(step: Step) -> None:
    """Make .venv and install requirements.txt into it, unless exactly that was done. Raises ToolchainError."""
    with locks.exclusive(paths.LOCAL / "venv.lock", lambda: step.update("waiting for another run")):
        # Scripts in a virtual environment hold its absolute path, so a moved checkout needs a new one.
        wanted = hashlib.sha256(paths.REQUIREMENTS.read_bytes() + str(paths.VENV).encode()).hexdigest()
        stamp = paths.VENV / _STAMP
        if stamp.is_file() and stamp.read_text() == wanted and _works():
            step.done("up to date")
            return
        stamp.unlink(missing_ok=True)
        if not _works():
            step.update("creating .venv")
            shutil.rmtree(paths.VENV, ignore_errors=True)
            _run([sys.executable, "-m", "venv", paths.VENV], step, "The virtual environment .venv could not be made")
        pip = [str(_python()), "-m", "pip", "--disable-pip-version-check", "install"]
        _run([*pip, "--requirement", paths.REQUIREMENTS], step, "pip could not install requirements.txt")
        stamp.write_text(wanted)
        step.done(f"{len(paths.REQUIREMENTS.read_text().splitlines()) - 1} packages installed")


def _python() -> Path:
    return paths.VENV / "bin" / "python"


def _works() -> bool:
    """Whether .venv is of this place and its Python still runs (its base may have been upgraded or removed)."""
    config = paths.VENV / "bin" / "activate"
    if not _python().exists() or not config.is_file() or str(paths.VENV) not in config.read_text():
        return False
    return subprocess.run([_python(), "-c", "import pip"], capture_output=True).returncode == 0


def _run(command: list[str | Path], step: Step, failure: str) -> None:
    def on_line(line: str) -> bool:
        if line.startswith(("Collecting ", "Downloading ", "Installing ")):
            step.update(line[:70])
        return True

    result = commands.follow(command, on_line)
    if result.exit_code != 0:
        raise ToolchainError(f"{failure}. The last lines:\n{result.tail}")
