"""Which paths a .dockerignore leaves out. The expectations are those of github.com/moby/patternmatcher 0.6.0."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.dockerignore import DockerIgnore


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
    ],
)
def test_a_malformed_pattern_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        DockerIgnore(text)


@pytest.mark.parametrize(("text", "exceptions"), [("a\nb", False), ("a\n!b", True)])
def test_knows_whether_it_puts_anything_back(text: str, exceptions: bool) -> None:
    assert DockerIgnore(text).has_exceptions is exceptions


@given(
    st.lists(st.text("ab.*?/", min_size=1, max_size=8), max_size=4), st.lists(st.text("ab.", min_size=1), min_size=1)
)
def test_what_is_below_an_ignored_path_is_ignored(patterns: list[str], parts: list[str]) -> None:
    ignore = DockerIgnore("\n".join(patterns))
    path = "/".join(parts)
    if ignore.ignores(path):
        assert ignore.ignores(path + "/below")
