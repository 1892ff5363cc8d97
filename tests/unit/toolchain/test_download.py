"""Downloads: the checksum decides, and a host that cannot be reached costs little."""

import hashlib
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.unit.toolchain.conftest import Host
from toolchain.download import Downloader, DownloadError, find_checksum

CONTENT = b"a tool" * 1000


def ignore(received_bytes: int, total_bytes: int | None) -> None:
    """Progress that nobody looks at."""


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_file_with_the_published_checksum_is_saved(host: Host, tmp_path: Path, algorithm: str) -> None:
    host.publish("tool", CONTENT)
    seen: list[tuple[int, int | None]] = []

    Downloader().file(
        f"{host.url}/tool", tmp_path / "tool", hashlib.new(algorithm, CONTENT).hexdigest(), lambda *at: seen.append(at)
    )

    assert (tmp_path / "tool").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_with_another_checksum_is_refused(host: Host, tmp_path: Path) -> None:
    host.publish("tool", CONTENT)

    with pytest.raises(DownloadError, match=r"sha256 checksum \w{64}, but 0{64} is published\. It was not installed"):
        Downloader().file(f"{host.url}/tool", tmp_path / "tool", "0" * 64, ignore)

    assert not (tmp_path / "tool").exists()


def test_a_checksum_of_an_unknown_kind_is_refused(host: Host, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="neither SHA-256 nor SHA-1: 'abc'"):
        Downloader().file(f"{host.url}/tool", tmp_path / "tool", "abc", ignore)


def test_a_missing_file_says_what_was_answered_and_the_host_stays_in_use(host: Host) -> None:
    downloader = Downloader()
    host.publish("there", b"yes")

    with pytest.raises(DownloadError, match=f"{host.url}/gone answered 404"):
        downloader.text(f"{host.url}/gone")
    assert downloader.text(f"{host.url}/there") == "yes"


def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def answer_half() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

    thread = threading.Thread(target=answer_half)
    thread.start()
    with pytest.raises(DownloadError, match=r"ended after 4 of 1000 bytes|could not be reached"):
        Downloader().file(f"http://127.0.0.1:{server.getsockname()[1]}/tool", tmp_path / "tool", "0" * 64, ignore)
    thread.join()
    server.close()

    assert not (tmp_path / "tool").exists()


def test_a_host_that_refuses_is_not_asked_again(tmp_path: Path) -> None:
    [closed_port] = free_ports(1)
    downloader = Downloader()

    with pytest.raises(DownloadError, match=f"127.0.0.1:{closed_port} could not be reached: .*refused"):
        downloader.text(f"http://127.0.0.1:{closed_port}/sums")
    with pytest.raises(DownloadError, match="could not be reached before in this run"):
        downloader.text(f"http://127.0.0.1:{closed_port}/sums")


def test_a_silent_host_is_given_up_after_the_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.connection.CONNECT_TIMEOUT_S", 0.2)
    released = threading.Event()

    def never_answers(*_: object) -> None:
        released.wait(30)
        raise OSError("let go")

    monkeypatch.setattr("socket.getaddrinfo", never_answers)
    started_s = time.monotonic()
    with pytest.raises(DownloadError, match=r"silent\.invalid could not be reached: no connection within 0\.2 s"):
        Downloader().text("http://silent.invalid/sums")
    elapsed_s = time.monotonic() - started_s
    released.set()

    assert elapsed_s < 10


@pytest.mark.parametrize("line", ["abc  tool.zip", "abc *tool.zip", "abc  ./tool.zip"])
def test_checksums_are_found_in_each_tools_format(line: str) -> None:
    assert find_checksum(f"fff  other.zip\n{line}\n", "tool.zip") == "abc"


def test_a_file_without_a_published_checksum_is_refused() -> None:
    with pytest.raises(DownloadError, match=r"No checksum is published for tool\.zip"):
        find_checksum("abc  other.zip\n", "tool.zip")
