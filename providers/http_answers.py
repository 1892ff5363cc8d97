"""What an HTTP server answers, as it comes; its error answers bounded: a proxy's page or megabytes of text become a
sentence.
"""

import re
from collections.abc import AsyncIterator

import aiohttp

READ_BYTES = 16 * 1024
"""The most that is read of an answer that is not the expected JSON."""

SAID_CHARS = 600
"""The most of it that a message repeats."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)


def is_page(response: aiohttp.ClientResponse) -> bool:
    """Whether the answer is a page for people, which no API gives: something between here and the server answers."""
    return response.content_type == "text/html"


async def chunks(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """An answer's text, as it comes. Raises aiohttp.ClientError, TimeoutError, ConnectionError."""
    try:
        async for chunk in content.iter_any():
            yield chunk
    except RuntimeError as error:
        # aiohttp's StreamReader, where the connection was lost before the reader came to wait for it.
        raise aiohttp.ServerDisconnectedError() from error


async def whole(response: aiohttp.ClientResponse) -> str:
    """An answer's text. Raises aiohttp.ClientError, TimeoutError, ConnectionError."""
    return b"".join([chunk async for chunk in chunks(response.content)]).decode("utf-8", "replace")


async def beginning(response: aiohttp.ClientResponse) -> str:
    """The first part of an answer's text, as far as it comes; the rest is not read."""
    body = bytearray()
    try:
        async for chunk in chunks(response.content):
            body += chunk
            if len(body) >= READ_BYTES:
                break
    except (aiohttp.ClientError, TimeoutError, ConnectionError):
        # What has come is worth more than how it ended.
        pass
    return body[:READ_BYTES].decode("utf-8", "replace").strip()


def said(text: str, at_most: int = SAID_CHARS) -> str:
    """What an answer says, in at most so many characters; of a page its title."""
    if re.match(r"\s*<(!doctype html|html)", text, re.I):
        title = _TITLE.search(text)
        named = f' titled "{_shortened(" ".join(title[1].split()), at_most)}"' if title else ""
        return f"a web page{named}, perhaps of a proxy in between"
    return _shortened(text, at_most)


def _shortened(text: str, at_most: int) -> str:
    left = len(text) - at_most
    return text if left <= 0 else f"{text[:at_most]} ... ({left} more characters)"
