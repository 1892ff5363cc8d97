"""What drivers and checks say, in plain words."""

import pytest

from providers.nomad.meanings import Heals, in_few_words, of_check, of_driver

GET = 'Get "http://127.0.0.1:20124/health": '


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        (f"up: {GET}dial tcp 127.0.0.1:20124: connect: connection refused", "nothing listens on the port"),
        (f"up: {GET}read tcp 127.0.0.1:1->127.0.0.1:20124: read: connection reset by peer", "the port is open, but"),
        (f"up: {GET}EOF", "the port is open, but"),
        (f"up: {GET}http: server closed idle connection", "the port is open, but"),
        (f"up: {GET}context deadline exceeded (Client.Timeout exceeded)", "no answer within the check's timeout"),
    ],
)
def test_a_check_that_gets_no_answer(output: str, meaning: str) -> None:
    assert of_check(output).startswith(meaning)
    assert of_check(output).endswith(f" ({output})")


def test_a_check_that_is_answered_speaks_for_itself() -> None:
    assert of_check("up: HTTP GET http://x/health: 503 Service Unavailable Output:\n no database\n") == (
        "up: HTTP GET http://x/health: 503 Service Unavailable Output: no database"
    )
    assert of_check("") == ""


@pytest.mark.parametrize(
    "words", ["connection refused", "no such host", "i/o timeout", "net/http: TLS handshake timeout"]
)
def test_a_registry_that_cannot_be_reached_may_come_back(words: str) -> None:
    text, heals = of_driver(f'Failed to pull `r.example.com/web:1`: Get "https://r.example.com/v2/": {words}')
    assert text.startswith("the node cannot reach the registry: ")
    assert heals is Heals.BY_ITSELF


def test_unknown_words_are_told_as_they_are() -> None:
    assert of_driver("something  new\nwent wrong") == ("something new went wrong", Heals.BY_ITSELF)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("up: HTTP GET http://127.0.0.1:20124/health: 404 Not Found Output: try /", "/health answers 404"),
        ("up: HTTP GET https://[::1]:1/a/b?c=d: 503 Service Unavailable Output: no", "/a/b answers 503"),
        ("up: HTTP HEAD http://127.0.0.1:1: 500 Internal Server Error Output: ", "/ answers 500"),
        (f"up: {GET}dial tcp 127.0.0.1:20124: connect: connection refused", "nothing listens yet"),
        ("up: dial tcp 127.0.0.1:20124: connect: connection refused", "nothing listens yet"),
        (f"up: {GET}EOF", "no program answers"),
        (f"up: {GET}context deadline exceeded (Client.Timeout exceeded)", "/health: no answer in time"),
        ("up: dial tcp 127.0.0.1:1: i/o timeout", "no answer in time"),
        ("up: the queue\nis full", "the queue is full"),
        ("up: there are 1234567890 jobs in the queue of today", "there are 1234567890 jobs in ..."),
    ],
)
def test_in_few_words(output: str, words: str) -> None:
    """A8: for 45 s nothing was said although Consul knew."""
    assert in_few_words(output) == words
    assert len(words) <= 32
