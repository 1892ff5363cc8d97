"""The official downloads: where they are, and which programs are in them.

These environment variables name a company's mirror; where one is set, no other host is asked for those files:

    CARAVAN_PULUMI_URL          folder with the archives and checksums of the Pulumi CLI
    CARAVAN_PULUMI_PLUGINS_URL  folder with the archives and checksums of Pulumi's plugins
    CARAVAN_HASHICORP_URL       root with nomad/VERSION/ and consul/VERSION/ below it
"""

import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from toolchain.download import Downloader, DownloadError, find_checksum


@dataclass(frozen=True)
class Release:
    """One archive, the file that lists its checksum, and the folders that hold both, best first."""

    archive: str
    checksums: str
    folders: tuple[str, ...]
    programs: tuple[str, ...]
    """What to take out of the archive, by file name."""


def pulumi(version: str, arch: str, programs: tuple[str, ...], env: Mapping[str, str] = os.environ) -> Release:
    """The Pulumi CLI with its Python language host."""
    return Release(
        archive=f"pulumi-v{version}-linux-{'x64' if arch == 'amd64' else arch}.tar.gz",
        checksums=f"pulumi-{version}-checksums.txt",
        folders=_folders(
            env,
            "CARAVAN_PULUMI_URL",
            "https://get.pulumi.com/releases/sdk",
            f"https://github.com/pulumi/pulumi/releases/download/v{version}",
        ),
        programs=programs,
    )


def docker_plugin(version: str, arch: str, env: Mapping[str, str] = os.environ) -> Release:
    """Pulumi's official Docker provider."""
    return Release(
        archive=f"pulumi-resource-docker-v{version}-linux-{arch}.tar.gz",
        checksums=f"pulumi-docker_{version}_checksums.txt",
        folders=_folders(
            env,
            "CARAVAN_PULUMI_PLUGINS_URL",
            f"https://github.com/pulumi/pulumi-docker/releases/download/v{version}",
            "https://get.pulumi.com/releases/plugins",
        ),
        programs=("pulumi-resource-docker",),
    )


def hashicorp(product: str, version: str, arch: str, env: Mapping[str, str] = os.environ) -> Release:
    """Nomad or Consul."""
    root = env.get("CARAVAN_HASHICORP_URL") or "https://releases.hashicorp.com"
    return Release(
        archive=f"{product}_{version}_linux_{arch}.zip",
        checksums=f"{product}_{version}_SHA256SUMS",
        folders=(f"{root.rstrip('/')}/{product}/{version}",),
        programs=(product,),
    )


def fetch(release: Release, folder: Path, downloader: Downloader, on_progress: Callable[[str], None]) -> None:
    """Put the release's programs into `folder`. Raises DownloadError with what each of its folders answered."""
    refusals: list[str] = []
    for base in release.folders:
        archive = folder / release.archive
        try:
            checksum = find_checksum(downloader.text(f"{base}/{release.checksums}"), release.archive)
            downloader.file(
                f"{base}/{release.archive}",
                archive,
                checksum,
                lambda received, total: on_progress(f"downloading {_megabytes(received, total)}"),
            )
        except DownloadError as error:
            refusals.append(str(error))
            continue
        _extract(archive, release.programs, folder)
        archive.unlink()
        return
    raise DownloadError(" ".join(refusals))


def _folders(env: Mapping[str, str], variable: str, *official: str) -> tuple[str, ...]:
    mirror = env.get(variable)
    return (mirror.rstrip("/"),) if mirror else official


def _megabytes(received_bytes: int, total_bytes: int | None) -> str:
    received = f"{received_bytes / 1e6:.0f}"
    return f"{received} of {total_bytes / 1e6:.0f} MB" if total_bytes else f"{received} MB"


def _extract(archive: Path, programs: tuple[str, ...], folder: Path) -> None:
    """Take the programs out of a .tar.gz or .zip by file name, so that no path in the archive can lead elsewhere."""
    missing = set(programs)
    for path, open_member in _members(archive):
        name = path.rpartition("/")[2]
        if name in missing:
            with open_member() as member, (folder / name).open("wb") as out:
                shutil.copyfileobj(member, out)
            (folder / name).chmod(0o755)
            missing.remove(name)
    if missing:
        raise DownloadError(f"The archive {archive.name} does not hold {', '.join(sorted(missing))}.")


def _members(archive: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            for entry in zipped.infolist():
                yield entry.filename, partial(zipped.open, entry)
    else:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile():
                    yield member.name, partial(_open_in_tar, tar, member)


def _open_in_tar(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    data = tar.extractfile(member)
    if data is None:
        raise DownloadError(f"{member.name} in {tar.name!r} is not a regular file.")
    return data
