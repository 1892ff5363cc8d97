"""Which paths a .dockerignore leaves out.

The expectations are those of BuildKit; tests/cluster/test_build_contents.py asks BuildKit itself about any pattern.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.dockerignore import DockerIgnore, escaped


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("", "a", False),
        ("a", "a", True),
        ("a", "A", False),
        ("a", "b/a", False),
        ("a", "a/b/c", True),
        ("a/", "a/b", True),
        ("/a", "a", True),
        ("./a/../b", "b", True),
        ("*", "a/b", True),
        ("*.log", "x/a.log", False),
        ("**/*.log", "a.log", True),
        ("**/*.log", "x/y/a.log", True),
        ("**.log", "x/a.log", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a/**/d", "a/b/c/d", True),
        ("a/**/d", "a/d", True),
        ("**/node_modules", "x/y/node_modules/z", True),
        ("?", "a", True),
        ("?", "ab", False),
        ("[ab]c", "bc", True),
        ("[^ab]c", "bc", False),
        (r"\*", "*", True),
        (r"\*", "a", False),
        ("*\n!a", "a", False),
        ("*\n!a", "b", True),
        ("!a\n*", "a", True),
        ("a\n!a/b\na/b/c", "a/b/d", False),
        ("a\n!a/b\na/b/c", "a/b/c", True),
        ("# a\nb", "a", False),
        (" # a", "# a", True),
        ("\ufeffa", "a", True),
        ("  a  \r\n\r\n", "a", True),
        (".", "a", False),
        ("/!a\n", "a", False),
        ("*\n/!a", "a", False),
        ("a+(b)", "a+(b)", True),
        ("*\n!**/*.py\n**/cache", "a/cache/b.py", False),
        ("!**/*.py\n**/cache", "a/cache/b.py", True),
        ("*\n!a/*/b\na/x/b/c", "a/x/b/c", True),
        ("*\n!a/*/b\na/x/b/c", "a/x/b/d", False),
        ("*.a", "x\ny.a", True),
        ("x/**/*.a", "x/b\nc/y.a", False),
        ("//a", "a", True),
        ("/ a", "a", True),
        ("! a\n*", "a", True),
        ("^a*", "ab", True),
        ("^a", "^a", True),
        ("\\#a", "#a", True),
        ("a/b/..", "a/b", True),
        ("../a", "a", False),
        ("a\u00a0", "a", True),
        ("a\x1f", "a\x1f", True),
    ],
)
def test_ignores_what_docker_ignores(patterns: str, path: str, ignored: bool) -> None:
    assert DockerIgnore(patterns).ignores(path) is ignored


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n!", 'line 2: "!" without a pattern'),
        ("[a", 'line 1: the pattern "[a" is malformed (a [ without its ])'),
        ("a\\", 'line 1: the pattern "a\\" is malformed (a \\ with nothing behind it)'),
        ("!/", 'line 1: "!" without a pattern'),
        ("[]a]", 'line 1: the pattern "[]a]" is malformed (brackets with nothing inside)'),
        ("[b-a]", 'line 1: the pattern "[b-a]" is malformed ([b-a] is no range of characters)'),
        ("[a-]", 'line 1: the pattern "[a-]" is malformed ([a-] is no range of characters)'),
        (
            "a\\data",
            'line 1: the pattern "a\\data" is malformed (Docker does not take \\d for d; between folders is a /)',
        ),
        ("[*]", 'line 1: the pattern "[*]" is malformed (Docker does not take * inside of brackets for itself)'),
        ("a\n\udcff", "line 2: the pattern is not UTF-8"),
    ],
)
def test_a_malformed_pattern_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        DockerIgnore(text)


@pytest.mark.parametrize(
    ("text", "folder", "kept"),
    [
        ("a", "a", False),
        ("a\n!a/b", "a", True),
        ("*\n!b", "a", False),
        ("*\n!a/b/**", "a/b", True),
        ("*\n!b/*.py", "a", True),
    ],
)
def test_knows_whether_it_keeps_something_below(text: str, folder: str, kept: bool) -> None:
    assert DockerIgnore(text).may_keep_below(folder) is kept


def test_exceptions_from_the_patterns_before_it() -> None:
    assert DockerIgnore("", ["**/.git"]).ignores("a/.git")
    assert not DockerIgnore("!a/.git", ["**/.git"]).ignores("a/.git")


@given(st.text("a*?[]^!\\-/#", min_size=1).filter(lambda path: "//" not in path and path.strip("/") == path))
def test_an_escaped_path_matches_itself(path: str) -> None:
    assert DockerIgnore(before=[escaped(path)]).ignores(path)


@given(
    st.lists(st.text("ab.*?/", min_size=1, max_size=8), max_size=4), st.lists(st.text("ab.", min_size=1), min_size=1)
)
def test_what_is_below_an_ignored_path_is_ignored(patterns: list[str], parts: list[str]) -> None:
    ignore = DockerIgnore("\n".join(patterns))
    path = "/".join(parts)
    if ignore.ignores(path):
        assert ignore.ignores(path + "/below")
