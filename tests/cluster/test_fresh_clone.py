"""What a new user does: clone, `make up`, open the URL, `make cluster-stop`, `make up` again."""

import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.embedded import processes

pytestmark = pytest.mark.cluster

SET_BY_ACTIVATE = re.compile(r"(PULUMI|NOMAD|CONSUL|CARAVAN)_|VIRTUAL_ENV$")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The committed state, in a folder of its own; its cluster is gone afterwards."""
    folder = tmp_path_factory.mktemp("fresh") / "caravan"
    subprocess.run(["git", "clone", "--quiet", paths.ROOT, folder], check=True)
    yield folder
    make(folder, "cluster-reset")


def make(folder: Path, target: str) -> subprocess.CompletedProcess[str]:
    """Run a target as in a shell that knows nothing of this checkout."""
    env = {name: value for name, value in os.environ.items() if not SET_BY_ACTIVATE.match(name)}
    search_path = [entry for entry in env["PATH"].split(os.pathsep) if not entry.startswith(str(paths.ROOT))]
    env["PATH"] = os.pathsep.join(search_path)
    return subprocess.run(
        ["make", target], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def test_one_command_brings_up_a_service_and_a_second_one_changes_nothing(clone: Path) -> None:
    first = make(clone, "up")
    assert first.returncode == 0, first.stdout + first.stderr
    url = re.search(r"^  microservice-example: (http://127\.0\.0\.1:\d+\S*) \(\S+\)$", first.stdout, re.MULTILINE)
    shop = re.search(r"^  shop-front: (http://127\.0\.0\.1:\d+\S*) \(\S+\)$", first.stdout, re.MULTILINE)
    assert url, first.stdout
    assert shop, first.stdout
    with urllib.request.urlopen(shop.group(1), timeout=10) as answer:
        assert "Teapot: 24.50 EUR" in answer.read().decode()
    with urllib.request.urlopen(url.group(1), timeout=10) as answer:
        assert answer.read().decode().startswith("Hello from microservice-example@")

    assert make(clone, "cluster-status").returncode == 0
    stopped = make(clone, "cluster-stop")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert processes.marked(clone / ".caravan" / "cluster") == []
    assert make(clone, "cluster-status").returncode != 0

    second = make(clone, "up")
    assert second.returncode == 0, second.stdout + second.stderr
    assert url.group(0) in second.stdout
    assert re.search(r"^ +\d+ unchanged$", second.stdout, re.MULTILINE), second.stdout
    assert not re.search(r"\d+ (created|updated|replaced|deleted)", second.stdout), second.stdout
    with urllib.request.urlopen(url.group(1), timeout=10) as answer:
        assert answer.read().decode().startswith("Hello from microservice-example@")
