"""What is in images that BuildKit has built: the files that the fingerprint covers, with the modes that git keeps."""

import io
import json
import os
import random
import re
import tarfile
import urllib.request
from pathlib import Path

import pytest

from components.build_context import Build, BuildContextError
from tests.cluster import programs
from tests.cluster.generated_trees import Node, Tree, tree
from tests.cluster.project import Project
from tests.cluster.test_build_contents import SEED

pytestmark = pytest.mark.cluster
TREES = 12
DOCKERFILE = b"FROM scratch\nCOPY . /tree/\n"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

RW_58 = Tree(
    {
        "a.py": Node("file", b"a"),
        "sub": Node("folder"),
        "sub/b.py": Node("file", b"b"),
        "sub/__pycache__": Node("folder"),
        "sub/__pycache__/k.py": Node("file", b"not empty"),
        "#notes": Node("file", b"n"),
        "tmp": Node("folder"),
        "tmp/x": Node("file", b"x"),
    },
    ignore_files={
        ".dockerignore": "# all but sources\n*\n!**/*.py\n /tmp/ \n\\#notes\n**/__pycache__\n!.dockerignore\n"
    },
)

PROGRAM = """
from components import Image
from components.image import registry_provider
from components.image_reference import Registry

provider = registry_provider(Registry.parse({registry!r}))
for name, dockerfile in {images!r}.items():
    args = {{
        "repository": f"{registry}/{{name}}",
        "version": "1",
        "context": f"trees/{{name}}",
        "dockerfile": dockerfile,
    }}
    image = Image(name, args, pulumi.ResourceOptions(providers=[provider]))
    pulumi.export(name, pulumi.Output.format("{{0}}@{{1}}", image.reference, image.digest))
"""


def use(project: Project, trees: dict[str, Tree]) -> None:
    images = {name: made.dockerfile for name, made in trees.items()}
    programs.use(project, PROGRAM.format(registry=project.addresses.registry, images=images))


def listed(project: Project, name: str) -> dict[str, tuple[object, ...]]:
    """Type, mode, target and content of each file in the image, by its path below /tree."""
    reference = project.run("stack", "output", name).text.strip()
    repository, _, digest = reference.partition("/")[2].partition("@")
    base = f"http://{project.addresses.registry}/v2/{repository.partition(':')[0]}"
    asked = urllib.request.Request(f"{base}/manifests/{digest}", headers={"Accept": MANIFEST})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        layers = [layer["digest"] for layer in json.loads(answer.read())["layers"]]
    found: dict[str, tuple[object, ...]] = {}
    for layer in layers:
        with urllib.request.urlopen(f"{base}/blobs/{layer}", timeout=10) as answer:
            layer_file = io.BytesIO(answer.read())
        with tarfile.open(fileobj=layer_file) as packed:
            for member in packed.getmembers():
                path = member.name.removeprefix("tree").strip("/")
                content = packed.extractfile(member) if member.isreg() else None
                if path and member.name.startswith("tree"):
                    mode = 0 if member.issym() else member.mode & 0o7777
                    found[path] = (member.type, mode, member.linkname, content.read() if content else b"")
                    assert (member.uid, member.gid) == (0, 0)
    return found


def expected(context: Path, dockerfile: str) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for entry in Build.of(context, dockerfile).entries():
        source = context / entry.path
        if entry.is_symlink:
            found[entry.path] = (tarfile.SYMTYPE, 0, str(source.readlink()), b"")
        elif entry.is_folder:
            found[entry.path] = (tarfile.DIRTYPE, 0o755, "", b"")
        else:
            found[entry.path] = (tarfile.REGTYPE, 0o755 if entry.executable else 0o644, "", source.read_bytes())
    return found


def restrict(folder: Path) -> None:
    """Take the rights of everybody else away, as a checkout with the umask 077 does."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)


def test_images_hold_what_their_tags_are_made_from(project: Project) -> None:
    """RW-57, RW-58: with the builder that is used, for trees of all shapes, in a clone with another umask."""
    trees = {f"{project.name}-58": RW_58}
    chance = random.Random(SEED)
    while len(trees) < TREES:
        trees[f"{project.name}-{len(trees)}"] = tree(chance)
    for name, made in list(trees.items()):
        context = project.folder / "trees" / name
        made = Tree(made.nodes, made.dockerfile.replace("..", f"../{name}-outside"), DOCKERFILE, made.ignore_files)
        made.write(context)
        restrict(context)
        trees[name] = made
        try:
            entries = list(Build.of(context, made.dockerfile).entries())
        except BuildContextError:
            entries = []
        if not entries:
            del trees[name]
    assert len(trees) > TREES / 2
    use(project, trees)

    project.up()

    for name, made in trees.items():
        context = project.folder / "trees" / name
        assert listed(project, name) == expected(context, made.dockerfile), made
    assert listed(project, f"{project.name}-58")["sub/__pycache__/k.py"][3] == b"not empty"
    assert not list((project.folder / ".caravan" / "build").glob("*/*")), "the copies are removed"
    for path in (project.folder / "trees").rglob("*"):
        if not path.is_symlink() and path.is_file():
            path.chmod(path.stat().st_mode | 0o044)
    assert re.search(r"Resources:\n\s+\d+ unchanged\n", project.preview().text)


def test_a_changed_file_of_the_same_size_and_time_is_in_the_image(project: Project) -> None:
    """What makes reproducible files gives all of them one time, by which BuildKit knows them."""
    name = f"{project.name}-time"
    made = Tree({"a": Node("file", b"one")}, dockerfile_text=DOCKERFILE)
    made.write(project.folder / "trees" / name)
    use(project, {name: made})
    file = project.folder / "trees" / name / "a"
    for content in (b"one", b"two"):
        file.write_bytes(content)
        os.utime(file, (1_000_000_000, 1_000_000_000))
        project.up()
        assert listed(project, name)["a"][3] == content
