"""The stack's outputs."""

import pytest

from components.shown import line

URLS = ["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"]
DIGEST = "sha256:0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("urls", "image", "shown"),
    [
        (URLS[:1], f"127.0.0.1:5000/web:1.0.0-8f4d4653a9c6@{DIGEST}", "http://127.0.0.1:1 (1.0.0-8f4d4653a9c6)"),
        (URLS, "redis:7.2", "http://127.0.0.1:1 and 2 more (7.2)"),
        ([], "127.0.0.1:5000/report", "no address (latest)"),
        ([], f"127.0.0.1:5000/report@{DIGEST}", "no address (sha256:0123456789ab)"),
        (URLS[:1], None, "http://127.0.0.1:1 (job version 4)"),
    ],
)
def test_a_service_has_one_short_line(urls: list[str], image: str | None, shown: str) -> None:
    assert line(urls, image, 4) == shown
