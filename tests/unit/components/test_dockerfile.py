"""What is known of a Dockerfile before it is built."""

from pathlib import Path

import pytest

from components.dockerfile import copies, declares_arg


def written(folder: Path, text: str) -> Path:
    (folder / "Dockerfile").write_text(text)
    return folder / "Dockerfile"


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("ARG BASE_IMAGE=x\nFROM ${BASE_IMAGE}", True),
        ("arg BASE_IMAGE\nFROM x", True),
        ("ARG A=1 BASE_IMAGE=x\nFROM x", True),
        ("# ARG BASE_IMAGE\nFROM x", False),
        ("ARG BASE_IMAGE_TAG=x\nFROM x", False),
        ("FROM x", False),
        ("ARG A=1 \\\n    BASE_IMAGE=x\nFROM x", True),
    ],
)
def test_finds_the_arguments_that_it_declares(tmp_path: Path, text: str, declared: bool) -> None:
    assert declares_arg(written(tmp_path, text), "BASE_IMAGE") is declared


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("COPY service.yaml /", True),
        ("FROM x\nadd app ./service.yaml /x/", True),
        ('COPY ["service.yaml", "/"]', True),
        ("COPY --chown=1:1 app \\\n  /service.yaml /", True),
        ("COPY --from=x service.yaml /", False),
        ("RUN cp service.yaml /", False),
        ("COPY app /service.yaml", False),
        ("# COPY service.yaml /", False),
        ("COPY . /", False),
    ],
)
def test_finds_the_files_that_it_copies(tmp_path: Path, text: str, copied: bool) -> None:
    assert copies(written(tmp_path, text), "service.yaml") is copied
