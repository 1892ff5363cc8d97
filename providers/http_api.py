"""One HTTP API over aiohttp: addresses, TLS, retries of what is safe to repeat, and errors that are sentences."""

import asyncio
import json
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from providers.http_answers import beginning, is_page, said, whole
from providers.plugin import ProviderError
from providers.tls_trouble import PLAIN_TO_TLS, tls_trouble

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
MAX_CONNECTIONS = 64
"""Below Nomad's `limits.http_max_conns_per_client` (100), with room for other tools of the same user."""

RETRY_FOR_S = 30.0
"""How long a request that is safe to repeat is tried again while the server is away, busy (429) or failing (5xx)."""

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0
"""Pauses between tries double from the first to the longest."""

LAST_ANSWER_S = 2.0
"""How long an answer is waited for once the user has stopped waiting."""

FORBIDDEN = ("ACL token not found", "Permission denied")
"""What Nomad answers, at times with status 500: to a token that it does not know, and for logs that may not be read."""

_RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})


class Unreachable(ProviderError):
    """No answer from the server: refused, timed out, cut off, or TLS failed."""

    ends_command = True


class CutOff(Unreachable):
    """The server was there, and ended the connection before its answer was through."""


class ApiError(ProviderError):
    """The server answered with an error status."""

    def __init__(self, message: str, status: int, answer: str) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer


@dataclass(frozen=True)
class Tls:
    """How the server is verified and how this client shows who it is. Files or PEM texts; all optional."""

    ca_file: str | None = None
    ca_path: str | None = None
    ca_pem: str | None = None
    cert_file: str | None = None
    cert_pem: str | None = None
    key_file: str | None = None
    key_pem: str | None = None
    server_name: str | None = None
    skip_verify: bool = False

    def context(self) -> ssl.SSLContext:
        """The TLS context. Raises ProviderError when a file is missing or is not PEM."""
        try:
            context = ssl.create_default_context(
                cafile=self.ca_file or None, capath=self.ca_path or None, cadata=self.ca_pem or None
            )
            with ExitStack() as files_of_texts:
                cert = files_of_texts.enter_context(_nameless(self.cert_pem)) if self.cert_pem else self.cert_file
                # A key that is not given stands in the same file as the certificate.
                key_pem = self.key_pem or (None if self.key_file else self.cert_pem)
                key = files_of_texts.enter_context(_nameless(key_pem)) if key_pem else self.key_file
                if cert:
                    context.load_cert_chain(cert, key or None)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(f for f in (self.ca_file, self.ca_path, self.cert_file, self.key_file) if f) or "PEM text"
            raise ProviderError(f"The TLS files cannot be used ({files}): {error}.") from error
        if self.skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


@contextmanager
def _nameless(pem: str) -> Iterator[str]:
    """A path under which the ssl module, which takes files only, reads a PEM text.

    The file has no name in any folder: nobody else can open it, and a kill leaves nothing behind.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        file.write(pem)
        file.flush()
        file.seek(0)
        yield f"/dev/fd/{file.fileno()}"


@dataclass
class Answer:
    """A JSON answer and its headers."""

    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


Forbidden = Callable[[str, str, Mapping[str, str], str], Awaitable[str]]
"""Why a request was forbidden, by its method, path, query and the server's answer."""


class HttpApi:
    """A server's HTTP API.

    `name` is what messages call it ("Nomad"), `address` a URL or `unix://` socket path, `hint` the sentence that ends a
    message about a server that cannot be reached ("Set NOMAD_ADDR or ..."). `forbidden` says what a token lacks.
    """

    forbidden: Forbidden | None = None

    def __init__(self, name: str, address: str, tls: Tls, headers: Mapping[str, str], hint: str) -> None:
        self.name = name
        self.address = address.rstrip("/")
        self._tls = tls
        self._headers = dict(headers)
        self._hint = hint
        self._session: aiohttp.ClientSession | None = None
        self._hurried = False
        self._waiting: set[asyncio.Timeout] = set()

    @property
    def unverified(self) -> str:
        """The warning that whoever answers is believed; "" where the server's certificate is verified."""
        if not (self._tls.skip_verify and self.address.startswith("https:")):
            return ""
        return (
            f"The certificate of {self.name} at {self.address} is NOT verified: whoever answers there gets the token "
            f"and what is in jobs. Name the authority that has signed it in {self.name.upper()}_CACERT (or caFile) and "
            "take the setting that turns verification off back."
        )

    def hurry(self) -> None:
        """From now on every request, those under way too, has LAST_ANSWER_S to be answered.

        One that finds nobody is not repeated.
        """
        self._hurried = True
        for waiting in self._waiting:
            waiting.reschedule(asyncio.get_running_loop().time() + LAST_ANSWER_S)

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Bounds what is done in it once there is hurry. Raises Unreachable."""
        try:
            async with asyncio.timeout(LAST_ANSWER_S if self._hurried else None) as waiting:
                self._waiting.add(waiting)
                try:
                    yield
                finally:
                    self._waiting.discard(waiting)
        except TimeoutError as error:
            raise self._unreachable(error) from error

    def has_token(self) -> bool:
        """Whether requests carry a token."""
        return not self._headers.keys().isdisjoint({f"X-{self.name}-Token", "Authorization"})

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            parts = urlsplit(self.address)
            connector: aiohttp.BaseConnector
            if parts.scheme == "unix":
                connector = aiohttp.UnixConnector(parts.path, limit=MAX_CONNECTIONS)
                base = "http://unix"
            else:
                context: Any = self._tls.context() if parts.scheme == "https" else True
                connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, ssl=context)
                base = self.address
            self._base = base
            # Nomad takes three times as long for an answer that it compresses, and answers are a few kB.
            plain = {"Accept-Encoding": "identity"}
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={**plain, **self._headers},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S),
            )
        return self._session

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, path: str, *, query: Mapping[str, str] | None = None, read_timeout_s: float = READ_TIMEOUT_S
    ) -> Answer:
        """GET with retries. `path` is built by `join`. Raises Unreachable, ApiError."""
        return await self._retried("GET", path, query, None, read_timeout_s)

    async def ask(self, path: str, body: Any, *, query: Mapping[str, str] | None = None) -> Answer:
        """POST of a question that changes nothing (parse, validate, plan), so it is retried.

        Raises Unreachable, ApiError.
        """
        return await self._retried("POST", path, query, body, READ_TIMEOUT_S)

    async def change(
        self, method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None
    ) -> Answer:
        """A request that changes the server: sent once, for the caller knows what a lost answer means.

        Retried only at 429, which says that nothing was done. Raises Unreachable, ApiError.
        """
        deadline = asyncio.get_running_loop().time() + RETRY_FOR_S
        pause_s = FIRST_PAUSE_S
        async with self.in_time():
            while True:
                try:
                    return await self._once(method, path, query, body, READ_TIMEOUT_S)
                except ApiError as error:
                    if error.status != 429 or asyncio.get_running_loop().time() > deadline:
                        raise
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def once(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """GET that is not repeated. Raises Unreachable, ApiError."""
        async with self.in_time():
            return await self._once("GET", path, query, None, READ_TIMEOUT_S)

    async def reachable(self, path: str) -> None:
        """For the start: raises Unreachable at once where nobody answers.

        A server that is there, but busy, failing or cut off, is tried again like in every other question.
        """
        await self._retried("GET", path, None, None, CONNECT_TIMEOUT_S, patient_with=CutOff)

    async def _retried(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        read_timeout_s: float,
        patient_with: type[Unreachable] = Unreachable,
    ) -> Answer:
        deadline = asyncio.get_running_loop().time() + RETRY_FOR_S
        pause_s = FIRST_PAUSE_S
        async with self.in_time():
            while True:
                try:
                    return await self._once(method, path, query, body, read_timeout_s)
                except Unreachable as error:
                    impatient = self._hurried or not isinstance(error, patient_with)
                    if impatient or asyncio.get_running_loop().time() > deadline:
                        raise
                except ApiError as error:
                    # A question's 500 with a verdict in it ("1 error occurred: ...") is an answer, no failing server.
                    verdict = method != "GET" and error.status == 500 and not _passing_trouble(error.answer)
                    if error.status not in _RETRY_STATUSES or verdict or asyncio.get_running_loop().time() > deadline:
                        raise
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _once(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Any, read_timeout_s: float
    ) -> Answer:
        async with self.stream(method, path, query=query, body=body, read_timeout_s=read_timeout_s) as response:
            try:
                text = await (beginning(response) if is_page(response) else whole(response))
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                raise self._unreachable(error) from error
            try:
                return Answer(json.loads(text) if text else None, response.headers)
            except json.JSONDecodeError as error:
                raise ProviderError(
                    f"{self.name} at {self.address} answered {method} {path} with something that is not JSON: "
                    f"{said(text, 80)}. Is that address {self.name}'s HTTP API?"
                ) from error

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        read_timeout_s: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An open response with a good status. Raises Unreachable, ApiError."""
        session = self._open()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=read_timeout_s)
        try:
            response = await session.request(
                method,
                self._base + path,
                params=query,
                json=body,
                timeout=timeout,
                server_hostname=self._tls.server_name if self._base.startswith("https:") else None,
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error
        try:
            if response.status >= 400:
                answer = await beginning(response)
                if response.status == 400 and PLAIN_TO_TLS in answer:
                    raise Unreachable(
                        f"{self.name} at {self.address} speaks HTTPS only. Give its address with https://."
                    )
                text = f"{said(answer) or response.reason} (HTTP {response.status})."
                status = 403 if response.status == 500 and answer.strip().endswith(FORBIDDEN) else response.status
                if status == 403 and self.forbidden:
                    text += f" {await self.forbidden(method, path, query or {}, answer)}"
                raise ApiError(f"{self.name} at {self.address} refused {method} {path}: {text}", status, answer)
            yield response
        finally:
            response.release()

    def _unreachable(self, error: BaseException) -> Unreachable:
        cut_off = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionResetError)
        kind = CutOff if cut_off else Unreachable
        if trouble := tls_trouble(error, self.name):
            return Unreachable(f"{self.name} cannot be reached at {self.address}: {trouble}")
        return kind(f"{self.name} cannot be reached at {self.address}: {cause(error)}. {self._hint}")


def join(*segments: str) -> str:
    """A path of an API; every segment is quoted whole, so that no name can leave its place ("../", "?", "#").

    Raises ProviderError for a name that no quoting keeps in its place: "." and ".." are resolved however they are
    written.
    """
    for segment in segments:
        if segment in ("", ".", ".."):
            raise ProviderError(
                f"{segment!r} cannot be used as a name or ID: it would make another address. Change it."
            )
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def _passing_trouble(answer: str) -> bool:
    passing = ("No cluster leader", "No path to region", "rpc error", "connection refused", "EOF", "leadership lost")
    return any(text in answer for text in passing)


def cause(error: BaseException) -> str:
    """Why a connection failed, in the words that people know."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not accepted ({error.certificate_error})"
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error.os_error, ssl.SSLError):
        # asyncio puts its own words into strerror; the error number's are the ones that people know.
        known = error.os_error
        return os.strerror(known.errno).lower() if known.errno and known.errno > 0 else str(known)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection without an answer"
    return str(error) or type(error).__name__
