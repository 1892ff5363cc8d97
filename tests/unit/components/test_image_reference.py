"""Names of images and addresses of registries."""

import pytest

from components.image_reference import ImageReference, Registry

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("web", "web", None, None),
        ("web:1.2", "web", "1.2", None),
        ("library/web:1", "library/web", "1", None),
        ("127.0.0.1:5000/web", "127.0.0.1:5000/web", None, None),
        ("127.0.0.1:5000/a/b_c--d.e:v1", "127.0.0.1:5000/a/b_c--d.e", "v1", None),
        ("[::1]:5000/web:1", "[::1]:5000/web", "1", None),
        ("Registry.Example.com/web:1", "Registry.Example.com/web", "1", None),
        (f"web@{DIGEST}", "web", None, DIGEST),
        (f"web:1@{DIGEST}", "web", "1", DIGEST),
    ],
)
def test_parses(text: str, name: str, tag: str | None, digest: str | None) -> None:
    assert ImageReference.parse(text) == ImageReference(name, tag, digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "web:",
        "web:1 ",
        "a b",
        "web:" + "1" * 129,
        "-web",
        "web//x",
        "../web",
        "web@sha256:12",
        "http://x/web:1",
        "ü",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="must be an image reference such as"):
        ImageReference.parse(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("redis", "docker.io/library/redis:latest"),
        ("redis:7", "docker.io/library/redis:7"),
        ("team/redis:7", "docker.io/team/redis:7"),
        ("docker.io/redis:7", "docker.io/library/redis:7"),
        ("index.docker.io/team/redis", "docker.io/team/redis:latest"),
        ("localhost/redis:7", "localhost/redis:7"),
        ("localhost:5000/a/b/redis", "localhost:5000/a/b/redis:latest"),
        ("a.example/redis:7", "a.example/redis:7"),
        ("redis:7@sha256:" + "a" * 64, "docker.io/library/redis:7@sha256:" + "a" * 64),
        ("redis@sha256:" + "a" * 64, "docker.io/library/redis@sha256:" + "a" * 64),
    ],
)
def test_all_ways_to_write_a_reference_are_one(text: str, canonical: str) -> None:
    assert ImageReference.parse(text).canonical == canonical
    assert ImageReference.parse(canonical).canonical == canonical


def test_says_that_names_are_lower_case() -> None:
    with pytest.raises(ValueError, match="names of images are lower case"):
        ImageReference.parse("Web:1")


@pytest.mark.parametrize(
    ("text", "address", "url"),
    [
        ("127.0.0.1:5000", "127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost:5000/team", "localhost:5000/team", "http://localhost:5000"),
        ("[::1]:5000", "[::1]:5000", "http://[::1]:5000"),
        ("registry.example.com", "registry.example.com", "https://registry.example.com"),
        ("10.0.0.5:5000", "10.0.0.5:5000", "https://10.0.0.5:5000"),
        ("http://10.0.0.5:5000/a", "10.0.0.5:5000/a", "http://10.0.0.5:5000"),
        ("https://localhost", "localhost", "https://localhost"),
    ],
)
def test_a_registry_has_an_address_and_a_url(text: str, address: str, url: str) -> None:
    registry = Registry.parse(text)
    assert (registry.address, registry.url) == (address, url)


@pytest.mark.parametrize(
    "text", ["", "a b", "host:0", "host:70000", "host:x", "ftp://host", "host/", "host/Team", "a@b"]
)
def test_refuses_what_is_no_address_of_a_registry(text: str) -> None:
    with pytest.raises(ValueError, match="must be the address of a registry"):
        Registry.parse(text)
