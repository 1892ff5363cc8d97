"""Each thing that can be wrong with a YAML file is one clear sentence."""

from pathlib import Path

import pytest

from components.problems import SettingsError
from components.yaml_file import MAX_BYTES, read_yaml

NAME = "services/web/service.yaml"
NEEDS = "at least version"


def test_reads_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("a: 1\nb: {c: [x, true, null]}\n")
    assert read_yaml(file, NAME, NEEDS).data == {"a": 1, "b": {"c": ["x", True, None]}}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("a",), ":2"),
        (("b", "c"), ":4"),
        (("b", "d", 1), ":7"),
        (("b", "d", "1", "e"), ":7"),
        (("b", "c", "unknown"), ":4"),
        (("unknown",), ""),
        ((), ""),
    ],
)
def test_says_in_which_line_something_is(tmp_path: Path, path: tuple[str | int, ...], place: str) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("# comment\na: 1\nb:\n  c: >\n    text\n  d: [x,\n   {e: 1}]\n")
    assert read_yaml(file, NAME, NEEDS).place(path) == NAME + place


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: it must hold at least version."),
        (b"# only a comment\n", "is empty: it must hold at least version."),
        (b"- a\n- b\n", "must hold a mapping of keys to values, but holds a list."),
        (b"text\n", 'must hold a mapping of keys to values, but holds "text".'),
        (
            b"a: 1\nb: 2\na: 3\n",
            'is not valid YAML: line 3, column 1: the key "a" is given twice (first in line 1).',
        ),
        (
            b"a:\n  b: 1\n  b: 1\n",
            'is not valid YAML: line 3, column 3: the key "b" is given twice (first in line 2).',
        ),
        (
            b"a:\n\tb: 1\n",
            "is not valid YAML: line 2, column 1: a tab where spaces are meant: YAML is indented with spaces.",
        ),
        (
            b"a: &x [1]\nb: *x\n",
            'is not valid YAML: line 2, column 4: the alias "*x" is not supported: write the value again.',
        ),
        (b"80: web\n", "is not valid YAML: line 1, column 1: the key 80 must be text: write it in quotes."),
        (b"yes: web\n", "is not valid YAML: line 1, column 1: the key yes must be text: write it in quotes."),
        (
            b"? [a]\n: b\n",
            "is not valid YAML: line 1, column 3: the key that is not a scalar must be text: write it in quotes.",
        ),
        (b"a: [1\n", "is not valid YAML: line 2, column 1: expected ',' or ']', but got '<stream end>'."),
        (b"a: b: c\n", "is not valid YAML: line 1, column 5: mapping values are not allowed here."),
        (
            b"a: !what x\n",
            "is not valid YAML: line 1, column 4: could not determine a constructor for the tag '!what'.",
        ),
        (b"a: \x00\n", "is not valid YAML: unacceptable character #x0000: special characters are not allowed."),
        (b"a: 1\n---\nb: 2\n", "is not valid YAML: line 2, column 1: but found another document."),
        ("a: ü\n".encode("latin-1"), "is not UTF-8 text (byte 3 is 0xfc): save it as UTF-8."),
        ("a: 1\n".encode("utf-16"), "is not UTF-8 text (byte 0 is 0xff): save it as UTF-8."),
        (b"a: " + b"[" * 5000, "is not valid YAML: it is nested too deeply."),
        (b"a: " + b"x" * MAX_BYTES, "is larger than 1000000 bytes."),
    ],
)
def test_refuses(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "service.yaml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as error:
        read_yaml(file, NAME, NEEDS)
    assert str(error.value) == f"{NAME} {sentence}"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read_yaml(tmp_path / "service.yaml", NAME, NEEDS)
    assert str(error.value) == f"{NAME} cannot be read: No such file or directory."


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read_yaml(tmp_path, NAME, NEEDS)
    assert str(error.value) == f"{NAME} cannot be read: Is a directory."


def test_an_anchors_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30)]
    file.write_text("\n".join(["l0: &l0 [x]", *levels]))
    with pytest.raises(SettingsError, match=r'the alias "\*l0" is not supported'):
        read_yaml(file, NAME, NEEDS)
