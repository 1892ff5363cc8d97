"""Generates requirements.txt from the [python] table: `python3 -m toolchain.requirements`."""

from toolchain import paths, versions

HEADER = "# Generated from the [python] table of toolchain/versions.toml by: python3 -m toolchain.requirements\n"


def render(packages: dict[str, str]) -> str:
    """The text of requirements.txt for the given packages."""
    return HEADER + "".join(f"{name}=={version}\n" for name, version in packages.items())


if __name__ == "__main__":
    paths.REQUIREMENTS.write_text(render(versions.load().python), encoding="utf-8")
