"""What a Dockerfile says, as far as it must be known before it is built."""

import re
from pathlib import Path


def declares_arg(dockerfile: Path, name: str) -> bool:
    """Whether it has an `ARG` instruction for the name."""
    return any(word.partition("=")[0] == name for line in _instructions(dockerfile, "ARG") for word in line.split())


def copies(dockerfile: Path, path: str) -> bool:
    """Whether an instruction copies the file (relative to the context) by its name."""
    lines = [line for line in _instructions(dockerfile, "COPY|ADD") if "--from=" not in line]
    sources = [word.strip('[]",') for line in lines for word in line.split()[:-1]]
    return any(source.removeprefix("./").lstrip("/") == path for source in sources)


def _instructions(dockerfile: Path, names: str) -> list[str]:
    """What follows the names of these instructions, each on one line."""
    text = re.sub(r"\\\s*\n", " ", dockerfile.read_text(errors="replace"))
    found: list[str] = re.findall(rf"^\s*(?:{names})\s+(.*)$", text, re.MULTILINE | re.IGNORECASE)
    return found
