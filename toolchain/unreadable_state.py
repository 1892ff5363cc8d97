"""What is wrong with a state that Pulumi cannot read, and the way back: `python3 -m toolchain.unreadable_state FILE`.

Pulumi's own message names neither the file nor the copy that it keeps of the state before the last change.
"""

import json
import shlex
import sys
from pathlib import Path

NEWEST = 4
"""Newest version of states that Pulumi reads (source: `stack.DeploymentSchemaVersionLatest`).

It writes 3, and 4 where a state needs it: for a resource with hooks, which every image that is built is.
"""


def fault(file: Path) -> str:
    """What is wrong with a state, as the end of "The state in FILE ..."; "" where nothing is."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return f"cannot be read ({error})"
    if not text.strip():
        return "is empty"
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        return f"is cut off or damaged (line {error.lineno}, column {error.colno}: {error.msg})"
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > NEWEST and "checkpoint" in content:
        return f"is of version {version}, which a newer Pulumi has written; this one reads {NEWEST} at the most"
    if not isinstance(content, dict) or not isinstance(content.get("checkpoint"), dict):
        return "is no state of Pulumi's"
    return ""


def copies(file: Path) -> list[Path]:
    """What Pulumi keeps of a state `.pulumi/stacks/PROJECT/STACK.json`, the newest first.

    That is the one before the last change, and those of the ends of commands.
    """
    backups = file.parent.parent.parent / "backups" / file.parent.name / file.stem
    kept = sorted(backups.glob("*.json"), key=lambda copy: copy.stat().st_mtime, reverse=True)
    return [copy for copy in (file.with_name(f"{file.name}.bak"), *kept) if copy.is_file()]


def sentence(file: Path) -> str:
    """What the user reads; "" where the state is right."""
    if not (wrong := fault(file)):
        return ""
    good = next((copy for copy in copies(file) if not fault(copy)), None)
    if good is None:
        way_back = "There is no copy that could be read. What it recorded is still there: import it, or start anew."
    else:
        way_back = (
            f"The newest copy of it that is right: cp {shlex.quote(str(good))} {shlex.quote(str(file))}. Then `pulumi "
            "preview`: what has been made since is found again."
        )
    return f"The state in {file} {wrong}. Nothing is changed. {way_back}"


if __name__ == "__main__":
    if told := sentence(Path(sys.argv[1])):
        print(told, file=sys.stderr)
