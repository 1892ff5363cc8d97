"""How an answer's text is read, whatever becomes of its connection."""

import asyncio

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol

from providers.http_answers import chunks


async def test_a_connection_lost_before_the_reader_waits_is_a_lost_connection() -> None:
    loop = asyncio.get_running_loop()
    content = aiohttp.StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    content.feed_data(b"what has come")
    came = chunks(content)
    assert await anext(came) == b"what has come"
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await anext(came)
