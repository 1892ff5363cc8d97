"""Audits the dependencies: `python -m toolchain.audit [--require-advisories] [--source URL] [--accept ID]...`.

Whether what is installed is what is pinned can be told anywhere. Advisories have to be asked for: where they cannot be,
a warning says so, and with --require-advisories the audit fails.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from toolchain import advisories, paths

_REQUIRED = re.compile(r"^(?:require )?\s*(\S+\.\S+|\S+/\S+) (v\S+)(?: // indirect)?$", re.M)
_REPLACED = re.compile(r"^(?:replace )?\s*(\S+)(?: v\S+)? => (\S+)(?: (v\S+))?$", re.M)


def installed() -> dict[str, str]:
    """The packages of this environment, those that others need included: name to version."""
    return {canonical(one.metadata["Name"]): one.version for one in metadata.distributions()}


def canonical(name: str) -> str:
    """A package's name as PyPI compares it. Source: the packaging specification on names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def unpinned(requirements: str, present: Mapping[str, str]) -> list[str]:
    """A sentence for each line of requirements.txt that pins nothing, or something else than what is there."""
    sentences = []
    for line in (line.strip() for line in requirements.splitlines()):
        if not line or line.startswith("#"):
            continue
        name, equal, version = line.partition("==")
        there = present.get(canonical(name))
        if not equal:
            sentences.append(f"requirements.txt: {line!r} pins no version. Write NAME==VERSION in versions.toml.")
        elif there != version:
            sentences.append(
                f"requirements.txt pins {line}, but {f'{there} is' if there else 'it is not'} installed. "
                "Run `make tools`."
            )
    return sentences


def unsummed(module: Path) -> list[str]:
    """A sentence for each requirement of a folder's go.mod whose content or go.mod has no hash in its go.sum."""
    text, sums = (module / "go.mod").read_text(), set()
    if (module / "go.sum").is_file():
        lines = (line.split() for line in (module / "go.sum").read_text().splitlines())
        sums = {(line[0], line[1]) for line in lines if len(line) == 3 and line[2].startswith("h1:")}
    replaced = {path: (new, version) for path, new, version in _REPLACED.findall(text)}
    sentences = []
    for path, version in _REQUIRED.findall(text):
        path, version = replaced.get(path, (path, version))
        of_this_checkout = path.startswith(".")
        if not of_this_checkout and not {(path, version), (path, f"{version}/go.mod")} <= sums:
            sentences.append(
                f"toolchain/go/{module.name}/go.sum lacks the hash of {path} {version}. Run `go mod tidy` there."
            )
    return sentences


def unfit() -> list[str]:
    """What `pip check` finds: packages that lack another one, or have a version of it that they do not take."""
    checked = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    return (checked.stdout + checked.stderr).strip().splitlines() if checked.returncode else []


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what was found; 0 where nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m toolchain.audit", description="Audits the dependencies.")
    parser.add_argument("--require-advisories", action="store_true", help="fail where they cannot be asked for")
    parser.add_argument("--source", default=advisories.SOURCE, help="PyPI or a mirror with its JSON API (%(default)s)")
    parser.add_argument("--accept", action="append", default=[], metavar="ID", help="an advisory that is known")
    options = parser.parse_args(arguments)
    present = installed()
    modules = sorted(path.parent for path in paths.GO_MODULES.glob("*/go.mod"))
    wrong = unpinned(paths.REQUIREMENTS.read_text(encoding="utf-8"), present) + unfit()
    for module in modules:
        wrong += unsummed(module)
    try:
        known = advisories.found(present, options.source)
        wrong += [sentence for sentence in known if not set(options.accept) & set(re.split(r"[\s;]+", sentence))]
        asked = f"{len(present)} packages have no advisory that is not accepted"
    except advisories.NotAsked as error:
        asked = ""
        warning = f"advisories were NOT asked for: {error}. Known vulnerabilities would not be seen here."
        print(f"audit: WARNING: {warning}", file=sys.stderr)
        if options.require_advisories:
            wrong.append("Without advisories the audit is not done. Give a mirror with --source URL.")
    for sentence in wrong:
        print(f"audit: {sentence}", file=sys.stderr)
    if not wrong:
        fits = "what requirements.txt pins is installed and fits together"
        print("; ".join(filter(None, [f"audit: {fits}", f"{len(modules)} Go modules have all their hashes", asked])))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
