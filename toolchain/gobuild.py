"""Builds the tools from Go modules, for machines that reach no official download."""

import hashlib
import json
import os
import subprocess
import tempfile
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
    extends: str = ""
    """Import path of a main package that `package`, in our own folder, adds files to: Go cannot import such a one."""

    def fingerprint(self) -> str:
        """A short hash of everything that the program is built from."""
        extends = (self.extends,) if self.extends else ()
        digest = hashlib.sha256(repr((self.package, self._flags(), *extends)).encode())
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

        module = paths.GO_MODULES / self.module
        with tempfile.TemporaryDirectory() as scratch:
            overlay = _overlay(go, arch, module, self.extends, Path(scratch)) if self.extends else []
            build = commands.follow(
                [go, "build", "-v", "-o", folder / self.program, *self._flags(), *overlay, self.package],
                on_line,
                env=environment(arch),
                cwd=module,
            )
        if build.exit_code != 0:
            raise ToolchainError(
                f"The build of {self.program} failed (go build ended with {build.exit_code}). "
                f"Its last lines:\n{build.tail}\n{ADVICE}"
            )

    def _flags(self) -> list[str]:
        linker = ["-s", "-w", *(f"-X {name}={value}" for name, value in self.set_strings.items())]
        return ["-trimpath", "-ldflags", " ".join(linker), *(["-tags", self.tags] if self.tags else [])]


def _overlay(go: Path, arch: str, module: Path, package: str, scratch: Path) -> list[str | Path]:
    """The option by which `go build` sees the Go files of `package` as if they lay in the folder `module`."""
    listed = subprocess.run(
        [go, "list", "-f", '{{.Dir}}{{range .GoFiles}}{{"\\n"}}{{.}}{{end}}', package],
        cwd=module,
        env=environment(arch),
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        raise ToolchainError(f"The source of {package} could not be had: {listed.stderr.strip()}\n{ADVICE}")
    folder, *files = listed.stdout.splitlines()
    file = scratch / "overlay.json"
    file.write_text(json.dumps({"Replace": {str(module / name): str(Path(folder, name)) for name in files}}))
    return ["-overlay", file]


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
