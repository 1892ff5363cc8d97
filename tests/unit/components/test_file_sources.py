"""Texts of files beside service.yaml."""

from pathlib import Path
from typing import Any

import pytest

from components.file_sources import MAX_BYTES, read_sources
from components.problems import SettingsError
from components.service_model import Service


def service(**more: Any) -> Service:
    return Service.model_validate({"name": "web", "version": "1", **more})


def where(path: tuple[str | int, ...]) -> str:
    return " / ".join(map(str, path))


def test_the_text_takes_the_place_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "a.conf").write_text("é {{ x }}\n", encoding="utf-8")
    own = {"local/a": {"source": "conf/a.conf", "perms": "0600"}, "local/b": {"text": "b"}}
    written = service(
        files=own,
        tasks={"t": {"files": {"local/c": {"source": "conf/a.conf"}}}, "u": {}},
        groups={"g": {"files": {"local/d": {"source": "conf/a.conf"}}}},
    )

    read = read_sources(written, tmp_path, where)

    texts = {path: (file.text, file.source, file.perms) for path, file in read.files.items()}
    assert texts == {"local/a": ("é {{ x }}\n", None, "0600"), "local/b": ("b", None, "0644")}
    assert read.tasks["t"].files["local/c"].text == "é {{ x }}\n"
    assert read.groups["g"].files["local/d"].text == "é {{ x }}\n"
    assert read.tasks["u"] == written.tasks["u"]
    rest: dict[str, Any] = {"files": {}, "tasks": {}, "groups": {}}
    assert read.model_copy(update=rest) == written.model_copy(update=rest)


def test_every_source_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    (tmp_path / "secret").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "binary").write_bytes(b"\xff\xfe")
    (folder / "nul").write_bytes(b"a\0b")
    (folder / "large").write_bytes(b"x" * (MAX_BYTES + 1))
    sources = ["link", "binary", "nul", "large", "missing"]
    with pytest.raises(SettingsError) as error:
        read_sources(service(files={f"local/{source}": {"source": source} for source in sources}), folder, where)
    assert [str(problem) for problem in error.value.problems] == [
        'files / local/binary / source is "binary", which is not UTF-8 text: put it into the image.',
        'files / local/large / source is "large", which is larger than 262144 bytes: put it into the image.',
        'files / local/link / source is "link", which is outside the service\'s folder.',
        'files / local/missing / source is "missing", which cannot be read: No such file or directory.',
        'files / local/nul / source is "nul", which is not text: it has a NUL character.',
    ]
