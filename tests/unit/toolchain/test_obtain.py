"""Which way a tool comes: PATH, cache, download, build."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.toolchain.conftest import Host, write_program
from toolchain import catalogue, obtain, paths, versions
from toolchain.catalogue import Tool
from toolchain.errors import ToolchainError
from toolchain.gobuild import GoBuild
from toolchain.obtain import Obtainer
from toolchain.progress import Step
from toolchain.releases import Release

PINS = versions.load()
SDK_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
CLI_VERSION = "github.com/pulumi/pulumi/pkg/v3/version.Version"
TOOL = Tool(
    name="thing",
    version="1.2.3",
    programs=("thing", "thing-helper"),
    release=Release("thing.zip", "sums", ("http://127.0.0.1:1",), ("thing", "thing-helper")),
    builds=(GoBuild("nomad", "example.org/thing", "thing"), GoBuild("nomad", "example.org/helper", "thing-helper")),
)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def run(stream: io.StringIO) -> Callable[[Tool], dict[str, Path]]:
    def obtain_in_step(tool: Tool) -> dict[str, Path]:
        with Step(tool.name, stream) as step:
            return Obtainer(PINS, "amd64").obtain(tool, step)

    return obtain_in_step


@pytest.fixture
def fake_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go that writes whatever is asked for."""
    script = 'case $1 in env) echo go1.99.0 ;; build) while [ "$1" != -o ]; do shift; done; echo "$2" >"$2" ;; esac'
    go = write_program(tmp_path / "go" / "go", script)
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
    return go


def on_path(folder: Path, version: str, *programs: str) -> str:
    for program in programs:
        write_program(folder / program, f"echo Thing v{version}; echo second line")
    return str(folder)


def test_a_matching_version_on_path_is_used(tmp_path: Path) -> None:
    folder = on_path(tmp_path, "1.2.3", *TOOL.programs)
    assert obtain.on_path(TOOL, folder) == {name: tmp_path / name for name in TOOL.programs}


def test_another_version_on_path_is_not_used(tmp_path: Path) -> None:
    assert obtain.on_path(TOOL, on_path(tmp_path, "1.2.30", *TOOL.programs)) is None


def test_a_match_that_lacks_a_program_is_not_used(tmp_path: Path) -> None:
    assert obtain.on_path(TOOL, on_path(tmp_path, "1.2.3", "thing")) is None


def test_a_broken_program_on_path_is_not_used(tmp_path: Path) -> None:
    folder = on_path(tmp_path, "1.2.3", *TOOL.programs)
    write_program(tmp_path / "thing", "exit 3")
    assert obtain.on_path(TOOL, folder) is None


def test_links_of_a_checkout_are_not_taken_for_the_users_own(tmp_path: Path) -> None:
    folder = on_path(tmp_path / "checkout" / ".caravan" / "bin", "1.2.3", *TOOL.programs)
    assert obtain.on_path(TOOL, folder) is None


def test_a_download_is_kept_in_the_cache(
    host: Host, cache: Path, run: Callable[[Tool], dict[str, Path]], stream: io.StringIO
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for program in TOOL.programs:
            zipped.writestr(program, program)
    checksum = host.publish("thing.zip", archive.getvalue())
    host.publish("sums", f"{checksum}  thing.zip\n".encode())
    tool = replace(TOOL, release=replace(TOOL.release, folders=(host.url,)))

    found = run(tool)
    (host.root / "thing.zip").unlink()

    assert found == {name: cache / "tools" / "thing-1.2.3" / name for name in TOOL.programs}
    assert run(tool) == found
    assert "1.2.3 downloaded" in stream.getvalue()
    assert "1.2.3 is in the cache" in stream.getvalue()


def test_a_refused_download_is_told_and_it_is_built(
    host: Host, cache: Path, fake_go: Path, run: Callable[[Tool], dict[str, Path]], stream: io.StringIO
) -> None:
    host.publish("thing.zip", b"not what was published")
    host.publish("sums", f"{'0' * 64}  thing.zip\n".encode())

    found = run(replace(TOOL, release=replace(TOOL.release, folders=(host.url,))))

    assert found["thing"] == cache / "tools" / TOOL.build_folder() / "thing"
    assert all(program.is_file() for program in found.values())
    assert "It was not installed. Building it from Go modules instead." in stream.getvalue()
    assert not (cache / "tools" / "thing-1.2.3").exists()


def test_a_failed_build_shows_the_compilers_last_lines_and_leaves_nothing(
    cache: Path, fake_go: Path, run: Callable[[Tool], dict[str, Path]]
) -> None:
    lines = 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "thing.go:$i: it is wrong"; done; exit 2'
    write_program(fake_go, f"case $1 in env) echo go1.99.0 ;; build) {lines} ;; esac")

    with pytest.raises(ToolchainError) as failure:
        run(TOOL)

    message = str(failure.value)
    assert "The build of thing failed (go build ended with 2)" in message
    assert "thing.go:50: it is wrong" in message
    assert "thing.go:31: it is wrong" in message
    assert "thing.go:30: it is wrong" not in message
    assert "GOPROXY" in message
    assert [folder.name for folder in (cache / "tools").iterdir() if folder.is_dir()] == []


def test_a_built_tools_folder_changes_with_its_sources_and_flags() -> None:
    build = TOOL.builds[0]
    others = [replace(build, module="consul"), replace(build, tags="x"), replace(build, package="example.org/other")]
    others.append(replace(build, extends="example.org/upstream"))
    assert len({build.fingerprint(), *(other.fingerprint() for other in others)}) == 5


def test_each_tool_of_the_catalogue_has_its_sources_and_a_home_for_both_ways() -> None:
    for tool in [*catalogue.tools(PINS, "amd64"), catalogue.docker_plugin(PINS, "amd64")]:
        assert tool.release_folder() != tool.build_folder()
        for build in tool.builds:
            assert (paths.GO_MODULES / build.module / "go.sum").is_file()


def test_the_flags_are_ones_that_go_accepts(tmp_path: Path) -> None:
    go = write_program(tmp_path / "go", 'printf "%s\\n" "$PWD" "$CGO_ENABLED" "$GOARCH" "$GOFLAGS" "$@" >"$SEEN"')
    seen = tmp_path / "seen"
    build = catalogue.tools(PINS, "arm64")[2].builds[0]
    with pytest.MonkeyPatch.context() as patch, Step("pulumi", io.StringIO()) as step:
        patch.setenv("SEEN", str(seen))
        build.run(go, "arm64", tmp_path, step)

    version = f"v{PINS.pulumi}"
    assert seen.read_text().splitlines() == [
        str(paths.GO_MODULES / "pulumi"),
        "0",
        "arm64",
        "-mod=readonly -buildvcs=false",
        "build",
        "-v",
        "-o",
        str(tmp_path / "pulumi"),
        "-trimpath",
        "-ldflags",
        f"-s -w -X {SDK_VERSION}={version} -X {CLI_VERSION}={version}",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ]


def test_a_build_that_extends_a_program_sees_its_files(tmp_path: Path) -> None:
    listed = "printf '/modules/upstream\\nmain.go\\nmore.go\\n'"
    script = f'case $1 in list) {listed} ;; build) while [ "$1" != -overlay ]; do shift; done; cp "$2" "$SEEN" ;; esac'
    go = write_program(tmp_path / "go", script)
    build = GoBuild("language-python", ".", "host", extends="example.org/upstream")
    with pytest.MonkeyPatch.context() as patch, Step("host", io.StringIO()) as step:
        patch.setenv("SEEN", str(tmp_path / "seen"))
        build.run(go, "amd64", tmp_path, step)

    here = paths.GO_MODULES / "language-python"
    assert json.loads((tmp_path / "seen").read_text()) == {
        "Replace": {str(here / name): f"/modules/upstream/{name}" for name in ("main.go", "more.go")}
    }


def test_a_program_to_extend_that_cannot_be_had(tmp_path: Path) -> None:
    go = write_program(tmp_path / "go", "echo 'no such module' >&2; exit 1")
    build = GoBuild("language-python", ".", "host", extends="example.org/upstream")
    with (
        Step("host", io.StringIO()) as step,
        pytest.raises(ToolchainError, match=r"example\.org/upstream .*no such module"),
    ):
        build.run(go, "amd64", tmp_path, step)
