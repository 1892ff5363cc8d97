"""Builds the tools from Go modules, for machines that reach no official download."""

import collections
import hashlib
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from toolchain import paths
from toolchain.errors import ToolchainError
from toolchain.progress import Step

TAIL_LINES = 20


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
        command = [str(go), "build", "-v", "-o", str(folder / self.program), *self._flags(), self.package]
        compiled = 0
        tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        with subprocess.Popen(
            command,
            cwd=paths.GO_MODULES / self.module,
            env=environment(arch),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as build:
            assert build.stdout is not None
            for line in map(str.rstrip, build.stdout):
                # -v prints each package that is compiled, and nothing else without a space.
                if " " not in line:
                    compiled += 1
                    step.update(f"building {self.program}: {compiled} packages compiled")
                    continue
                if line.startswith("go: downloading "):
                    step.update(f"building {self.program}: {line.removeprefix('go: ')}")
                tail.append(line)
        if build.returncode != 0:
            raise ToolchainError(_explain(self, build.returncode, list(tail)))

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


def _explain(build: GoBuild, exit_code: int, tail: list[str]) -> str:
    output = "\n".join(f"    {line}" for line in tail)
    advice = (
        "Run this again first: what was downloaded and compiled is kept. If modules cannot be downloaded, check the "
        "network, or set GOPROXY to your company's proxy. If a compiler was killed, free some memory. If the disk is "
        "full, `go clean -cache` empties the build cache."
    )
    return f"The build of {build.program} failed (go build ended with {exit_code}). Its last lines:\n{output}\n{advice}"
