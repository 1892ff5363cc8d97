"""The audit finds what is not as pinned, and says so where it could not ask for advisories."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toolchain import advisories, audit, paths

ADVISORY = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fixed_in": ["2.1"], "withdrawn": None}
WITHDRAWN = {"id": "PYSEC-2", "aliases": [], "fixed_in": [], "withdrawn": "2026-01-01T00:00:00Z"}


class Index(http.server.BaseHTTPRequestHandler):
    """PyPI's JSON API, which knows two advisories on web 2.0, and does not know gone."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404 if "/gone/" in self.path else 200)
        self.end_headers()
        listed: list[dict[str, Any]] = [ADVISORY, WITHDRAWN] if self.path == "/pypi/web/2.0/json" else []
        self.wfile.write(b"<html>" if "/page/" in self.path else json.dumps({"vulnerabilities": listed}).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Index, "asked", [], raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_what_is_not_as_pinned() -> None:
    text = "# generated\nPyYAML==6.0\nweb==2.0\nnot_here==1\nloose>=1\n"
    assert audit.unpinned(text, {"pyyaml": "6.0", "web": "2.1", "loose": "1"}) == [
        "requirements.txt pins web==2.0, but 2.1 is installed. Run `make tools`.",
        "requirements.txt pins not_here==1, but it is not installed. Run `make tools`.",
        "requirements.txt: 'loose>=1' pins no version. Write NAME==VERSION in versions.toml.",
    ]


@pytest.mark.parametrize("module", sorted(path.parent.name for path in paths.GO_MODULES.glob("*/go.mod")))
def test_a_go_module_without_its_hash(module: str, tmp_path: Path) -> None:
    """Of the real ones: each hash that is taken away is missed, wherever it stands."""
    folder, copy = paths.GO_MODULES / module, tmp_path / module
    copy.mkdir()
    (copy / "go.mod").write_text((folder / "go.mod").read_text())
    assert audit.unsummed(folder) == []
    every = audit.unsummed(copy)
    assert len(every) >= 1
    sums = (folder / "go.sum").read_text().splitlines(keepends=True)
    path, version = every[-1].split("hash of ")[1].split(". Run")[0].split()
    for gone in (f"{path} {version} ", f"{path} {version}/go.mod "):
        (copy / "go.sum").write_text("".join(line for line in sums if not line.startswith(gone)))
        assert audit.unsummed(copy) == [
            f"toolchain/go/{module}/go.sum lacks the hash of {path} {version}. Run `go mod tidy` there."
        ]


def test_advisories_are_told_and_withdrawn_ones_are_not(index: str) -> None:
    assert advisories.found({"other": "1", "web": "2.0"}, index) == [
        "web 2.0 has the advisory PYSEC-1 = CVE-1; fixed in 2.1."
    ]
    assert Index.asked == ["/pypi/other/1/json", "/pypi/web/2.0/json"]


@pytest.mark.parametrize("packages", [{"gone": "1", "web": "2.0"}, {"a": "1", "gone": "1"}, {"page": "1"}])
def test_a_package_that_cannot_be_asked_about(index: str, packages: dict[str, str]) -> None:
    with pytest.raises(advisories.NotAsked, match=r"answers 404|tells no advisories"):
        advisories.found(packages, index)


def test_the_commands_verdict(index: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def audited(*arguments: str, **packages: str) -> int:
        monkeypatch.setattr(audit, "installed", lambda: {**audit_real, **packages})
        return audit.main(["--source", index, *arguments])

    audit_real = audit.installed()
    assert audited() == 0
    # `pip check` takes two seconds, and once is enough.
    monkeypatch.setattr(audit, "unfit", list)
    assert "have no advisory" in capsys.readouterr().out
    assert audited(web="2.0") == 1
    assert "audit: web 2.0 has the advisory PYSEC-1 = CVE-1" in capsys.readouterr().err
    assert audited("--accept", "CVE-1", web="2.0") == 0
    assert audited("--accept", "CVE-11", web="2.0") == 1
    capsys.readouterr()
    assert audited(gone="1") == 0
    shown = capsys.readouterr()
    assert "WARNING: advisories were NOT asked for" in shown.err
    assert "advisory" not in shown.out
    assert audited("--require-advisories", gone="1") == 1
    assert audited(aiohttp="0.1") == 1
    assert "pins aiohttp==" in capsys.readouterr().err
