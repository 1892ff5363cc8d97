"""The official archives, served from loopback."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.unit.toolchain.conftest import Host
from toolchain import releases
from toolchain.download import Downloader, DownloadError
from toolchain.releases import Release

PROGRAM = b"#!/bin/sh\necho Nomad v9.9.9\n"


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("LICENSE.txt", "free")
        archive.writestr(name, PROGRAM)
    return buffer.getvalue()


def tarred(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(PROGRAM)
            archive.addfile(entry, io.BytesIO(PROGRAM))
    return buffer.getvalue()


def fetch(release: Release, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    releases.fetch(release, folder, Downloader(), lambda text: None)


def test_nomad_comes_from_a_mirror(host: Host, tmp_path: Path) -> None:
    checksum = host.publish("nomad/9.9.9/nomad_9.9.9_linux_arm64.zip", zipped("nomad"))
    host.publish("nomad/9.9.9/nomad_9.9.9_SHA256SUMS", f"{checksum}  nomad_9.9.9_linux_arm64.zip\n".encode())
    release = releases.hashicorp("nomad", "9.9.9", "arm64", {"CARAVAN_HASHICORP_URL": host.url + "/"})

    fetch(release, tmp_path / "out")

    assert [file.name for file in (tmp_path / "out").iterdir()] == ["nomad"]
    assert (tmp_path / "out" / "nomad").read_bytes() == PROGRAM
    assert (tmp_path / "out" / "nomad").stat().st_mode & 0o111


def test_the_cli_and_its_host_are_taken_out_of_one_archive(host: Host, tmp_path: Path) -> None:
    checksum = host.publish("pulumi-v9.9.9-linux-x64.tar.gz", tarred("pulumi/pulumi", "pulumi/host", "pulumi/other"))
    host.publish("pulumi-9.9.9-checksums.txt", f"{checksum}  pulumi-v9.9.9-linux-x64.tar.gz\n".encode())
    release = releases.pulumi("9.9.9", "amd64", ("pulumi", "host"), {"CARAVAN_PULUMI_URL": host.url})

    fetch(release, tmp_path / "out")

    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["host", "pulumi"]


def test_a_bad_archive_is_refused_and_the_next_folder_is_tried(host: Host, tmp_path: Path) -> None:
    good = host.publish("good/tool.zip", zipped("tool"))
    host.publish("bad/tool.zip", b"something else")
    for folder in ("bad", "good"):
        host.publish(f"{folder}/sums", f"{good}  tool.zip\n".encode())
    release = Release("tool.zip", "sums", (f"{host.url}/bad", f"{host.url}/good"), ("tool",))

    fetch(release, tmp_path / "out")

    assert (tmp_path / "out" / "tool").read_bytes() == PROGRAM


def test_what_every_folder_answered_is_told(host: Host, tmp_path: Path) -> None:
    release = Release("tool.zip", "sums", (f"{host.url}/one", f"{host.url}/two"), ("tool",))
    with pytest.raises(DownloadError) as failure:
        fetch(release, tmp_path / "out")
    assert f"{host.url}/one/sums answered 404" in str(failure.value)
    assert f"{host.url}/two/sums answered 404" in str(failure.value)


def test_an_archive_without_the_program_is_refused(host: Host, tmp_path: Path) -> None:
    checksum = host.publish("tool.zip", zipped("another"))
    host.publish("sums", f"{checksum}  tool.zip\n".encode())
    with pytest.raises(DownloadError, match=r"tool\.zip does not hold tool"):
        fetch(Release("tool.zip", "sums", (host.url,), ("tool",)), tmp_path / "out")


def test_a_path_in_an_archive_leads_nowhere_else(host: Host, tmp_path: Path) -> None:
    checksum = host.publish("tool.tar.gz", tarred("../../escaped/tool"))
    host.publish("sums", f"{checksum}  tool.tar.gz\n".encode())

    fetch(Release("tool.tar.gz", "sums", (host.url,), ("tool",)), tmp_path / "deep")

    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["tool"]
    assert not (tmp_path.parent / "escaped").exists()


def test_the_official_places() -> None:
    cli = releases.pulumi("3.255.0", "arm64", (), {})
    assert cli.archive == "pulumi-v3.255.0-linux-arm64.tar.gz"
    assert cli.checksums == "pulumi-3.255.0-checksums.txt"
    assert cli.folders[0] == "https://get.pulumi.com/releases/sdk"
    plugin = releases.docker_plugin("5.2.0", "amd64", {})
    assert plugin.archive == "pulumi-resource-docker-v5.2.0-linux-amd64.tar.gz"
    assert plugin.checksums == "pulumi-docker_5.2.0_checksums.txt"
    consul = releases.hashicorp("consul", "1.22.3", "amd64", {})
    assert f"{consul.folders[0]}/{consul.archive}" == (
        "https://releases.hashicorp.com/consul/1.22.3/consul_1.22.3_linux_amd64.zip"
    )
