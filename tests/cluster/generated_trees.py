"""Build contexts of all shapes: names, kinds, modes and ignore files that meet each other on purpose."""

import os
import random
import socket
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

NAMES = ["a", "b", "c", "ab", "A", "a.py", "b.py", "x.log", "cache", "node_modules", ".env", "#notes", "!a", " a", "a "]
RARE_NAMES = [".git", "-x", "ü", "a\nb", "[a]", "a*", "a\\b", "a^b", "Dockerfile", ".dockerignore", ".caravan", "..a"]
CONTENTS = [b"", b"x", b"y", b"xy", b"0123456789"]
FILE_MODES = [0o644, 0o644, 0o600, 0o664, 0o755, 0o700, 0o775, 0o4755, 0o444, 0o654]
FOLDER_MODES = [0o755, 0o700, 0o775, 0o2755, 0o1777]
TIMES_S = [1_000_000_000, 1_000_000_000, 1_700_000_000]
GLOBS = ["*", "*", "**", "**", "?", "*.py", "a*", "*a", "[ab]", "[^a]", "[a-c]*", "\\#notes", "\\*", "a?", "*.*", "^a*"]
STRANGE = [
    "[",
    "[]a]",
    "a\\",
    "\\d",
    "[*]",
    "[b-a]",
    "!",
    "! ",
    "/",
    ".",
    "!.",
    "..",
    "../a",
    "**.py",
    "a**",
    "***",
    "//a",
]


@dataclass(frozen=True)
class Node:
    """What is at a path."""

    kind: str
    """file, folder, symlink, hard link, pipe or socket"""
    content: bytes = b""
    target: str = ""
    mode: int = 0o644
    time_s: int = TIMES_S[0]


@dataclass(frozen=True)
class Tree:
    """A context with its Dockerfile, `dockerfile` being its path relative to the context."""

    nodes: dict[str, Node]
    dockerfile: str = "Dockerfile"
    dockerfile_text: bytes = b"FROM scratch\nCOPY . /\n"
    ignore_files: dict[str, str] = field(default_factory=dict)
    """By their paths, as the Dockerfile's is."""

    def write(self, folder: Path) -> None:
        """Write it into a new folder."""
        folder.mkdir(parents=True)
        for path, text in {self.dockerfile: self.dockerfile_text, **_encoded(self.ignore_files)}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text)
        for path, node in sorted(
            self.nodes.items(), key=lambda item: (item[0].count("/"), item[1].kind == "hard link")
        ):
            _write(folder, path, node)


def tree(chance: random.Random) -> Tree:
    """Any tree."""
    nodes: dict[str, Node] = {}
    folders = [""]
    for _ in range(chance.randint(1, 14)):
        folder = chance.choice(folders)
        if folder.count("/") > 3:
            continue
        path = folder + _name(chance)
        if path in nodes or path in ("Dockerfile", ".dockerignore"):
            continue
        nodes[path] = _node(chance, path, nodes)
        if nodes[path].kind == "folder":
            folders += [f"{path}/"] * 2
    dockerfile = chance.choice(["Dockerfile", "Dockerfile", "Dockerfile", "docker/Web.Dockerfile", "../Dockerfile"])
    nodes.pop("docker", None)
    ignore_files = {}
    for path, share in ((".dockerignore", 0.9), (f"{dockerfile}.dockerignore", 0.15)):
        if chance.random() < share:
            ignore_files[path] = ignore_file(chance)
    return Tree(nodes, dockerfile, ignore_files=ignore_files)


def ignore_file(chance: random.Random) -> str:
    """The text of a .dockerignore file."""
    lines = [_line(chance) for _ in range(chance.randint(0, 6))]
    start = "\ufeff" if chance.random() < 0.03 else ""
    return start + chance.choice(["\n", "\n", "\n", "\r\n"]).join(lines)


def changed(chance: random.Random, before: Tree) -> Tree:
    """The tree with one change, which may or may not reach an image."""
    nodes = dict(before.nodes)
    what = chance.choice(
        ["mode", "mode", "content", "content", "time", "add", "remove", "rename", "ignore", "Dockerfile"]
    )
    path = chance.choice(sorted(nodes)) if nodes else ""
    node = nodes.get(path)
    if what == "ignore":
        return replace(before, ignore_files={**before.ignore_files, ".dockerignore": ignore_file(chance)})
    if what == "Dockerfile":
        return replace(before, dockerfile_text=before.dockerfile_text + chance.choice([b"", b"# x\n"]))
    if what == "add" or node is None:
        new = _name(chance)
        if new not in nodes and new not in ("Dockerfile", ".dockerignore"):
            nodes[new] = _node(chance, new, {})
    elif what == "mode":
        nodes[path] = replace(node, mode=chance.choice(FOLDER_MODES if node.kind == "folder" else FILE_MODES))
    elif what == "content":
        nodes[path] = replace(node, content=chance.choice(CONTENTS))
    elif what == "time":
        nodes[path] = replace(node, time_s=chance.choice(TIMES_S))
    elif node.kind == "file":
        del nodes[path]
        nodes = {key: it for key, it in nodes.items() if it.target != path}
        new = f"{path}{chance.choice(['', '2'])}"
        if what == "rename" and new not in nodes:
            nodes[new] = node
    return replace(before, nodes=nodes)


def _name(chance: random.Random) -> str:
    return chance.choice(RARE_NAMES if chance.random() < 0.15 else NAMES)


def _node(chance: random.Random, path: str, nodes: dict[str, Node]) -> Node:
    time_s = chance.choice(TIMES_S)
    kind = chance.choices(["file", "folder", "symlink", "hard link", "pipe", "socket"], weights=[50, 35, 6, 4, 2, 1])[0]
    files = [it for it in nodes if nodes[it].kind == "file"]
    if kind == "hard link" and files:
        return Node(kind, target=chance.choice(files))
    if kind == "symlink":
        target = (
            os.path.relpath(chance.choice(files), Path(path).parent) if files and chance.random() < 0.7 else "/etc/x"
        )
        return Node(kind, target=target, time_s=time_s)
    if kind == "folder":
        return Node(kind, mode=chance.choice(FOLDER_MODES), time_s=time_s)
    if kind in ("pipe", "socket"):
        return Node(kind)
    return Node("file", chance.choice(CONTENTS), mode=chance.choice(FILE_MODES), time_s=time_s)


def _line(chance: random.Random) -> str:
    if chance.random() < 0.04:
        return chance.choice(STRANGE)
    if chance.random() < 0.05:
        return chance.choice(["", "  ", "# a", "#notes", " # a"])
    parts = []
    for _ in range(chance.choice([1, 1, 1, 2, 2, 3])):
        parts.append(chance.choice(GLOBS) if chance.random() < 0.45 else _name(chance).replace("\n", ""))
    text = "/".join(parts)
    mark = chance.choice(["", "", "", "!", "!", "! "])
    before = chance.choice(["", "", "", "/", "./", "../x/.."])
    after = chance.choice(["", "", "", "/", "/**", "/*"])
    return f"{chance.choice(['', '', ' '])}{mark}{before}{text}{after}{chance.choice(['', '', ' ', chr(9)])}"


def _encoded(texts: dict[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in texts.items()}


def _write(folder: Path, path: str, node: Node) -> None:
    place = folder / path
    if os.path.lexists(place) or not place.parent.is_dir():
        return
    match node.kind:
        case "folder":
            place.mkdir()
        case "symlink":
            place.symlink_to(node.target)
        case "pipe":
            os.mkfifo(place)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                here = os.open(place.parent, os.O_RDONLY)
                # The path of a socket has to be short.
                server.bind(f"/proc/self/fd/{here}/{place.name}")
                os.close(here)
        case "hard link":
            if (folder / node.target).is_file():
                place.hardlink_to(folder / node.target)
            return
        case "file":
            place.write_bytes(node.content)
    if not stat.S_ISLNK(place.lstat().st_mode):
        place.chmod(node.mode)
    os.utime(place, (node.time_s, node.time_s), follow_symlinks=False)
