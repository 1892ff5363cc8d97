"""Builds the tools from Go modules, for machines that reach no official download."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from toolchain import commands, paths
from toolchain.errors import ToolchainError
from toolchain.progress import Step

ADVICE = (
    "Run this again first: what was downloaded and compiled is kept. If modules cannot be downloaded, check the "
    "network, or set GOPROXY to your company's proxy. If a compiler was killed, free some memory. If the disk is "
    "full, `go clean -cache` empties the build cache."
)


@dataclass(frozen=True)
class GoBuild:
    """One program: what to compile in which folder of toolchain/go."""

    module: str
    """Folder below toolchain/go with go.mod and go.sum."""
    package: str
    program: str
    """File name of the result."""
    tags: str = ""
    set_strings: dict[str, str] = field(default_factory=dict)
    """Package variables set by the linker: "import/path.Name" to value."""

    def fingerprint(self) -> str:
        """A short hash of everything that the program is built from."""
        digest = hashlib.sha256(repr((self.package, self._flags())).encode())
        for file in sorted((paths.GO_MODULES / self.module).rglob("*")):
            if file.is_file():
                digest.update(str(file.relative_to(paths.GO_MODULES)).encode() + b"\0" + file.read_bytes() + b"\0")
        return digest.hexdigest()[:10]

    def run(self, go: Path, arch: str, folder: Path, step: Step) -> None:
        """Compile into `folder`. Raises ToolchainError with the compiler's last lines."""
        step.update(f"building {self.program}: resolving modules")
        compiled = 0

        def on_line(line: str) -> bool:
            nonlocal compiled
            # -v prints each package that is compiled, and nothing else without a space.
            if " " not in line:
                compiled += 1
                step.update(f"building {self.program}: {compiled} packages compiled")
                return False
            if line.startswith("go: downloading "):
                step.update(f"building {self.program}: {line.removeprefix('go: ')}")
            return True

        build = commands.follow(
            [go, "build", "-v", "-o", folder / self.program, *self._flags(), self.package],
            on_line,
            env=environment(arch),
            cwd=paths.GO_MODULES / self.module,
        )
        if build.exit_code != 0:
            raise ToolchainError(
                f"The build of {self.program} failed (go build ended with {build.exit_code}). "
                f"Its last lines:\n{build.tail}\n{ADVICE}"
            )

    def _flags(self) -> list[str]:
        linker = ["-s", "-w", *(f"-X {name}={value}" for name, value in self.set_strings.items())]
        return ["-trimpath", "-ldflags", " ".join(linker), *(["-tags", self.tags] if self.tags else [])]


def environment(arch: str) -> dict[str, str]:
    """The user's environment, with what decides the result set: the pinned modules, for this machine, without C."""
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOARCH": arch,
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOOS": "linux",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
