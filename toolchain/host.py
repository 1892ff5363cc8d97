"""What kind of machine this is."""

import platform

from toolchain.errors import ToolchainError

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def architecture() -> str:
    """`amd64` or `arm64`, as Go, Docker and Debian call it. Raises ToolchainError elsewhere than on Linux on these."""
    system, machine = platform.system(), platform.machine().lower()
    if system != "Linux" or machine not in _ARCHITECTURES:
        raise ToolchainError(
            f"The toolchain is for Linux on amd64 or arm64, but this is {system} on {machine}. "
            "Use a Linux machine or virtual machine, or install the tools of toolchain/versions.toml yourself."
        )
    return _ARCHITECTURES[machine]
