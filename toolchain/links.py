"""The links in .caravan that `. ./activate` puts on PATH."""

from pathlib import Path

from toolchain import paths

_WRAPPED = {"pulumi": paths.ROOT / "toolchain" / "pulumi"}
"""Programs that a script of ours stands in front of; it runs the real one from LIBEXEC."""


def link(programs: dict[str, Path]) -> None:
    """Make each program callable by its name from BIN, replacing an older link."""
    for name, target in programs.items():
        if wrapper := _WRAPPED.get(name):
            _replace(paths.LIBEXEC / name, target)
            target = wrapper
        _replace(paths.BIN / name, target)


def _replace(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.rename(place)
