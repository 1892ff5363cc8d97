"""Whether a docker image exists in its registry, asked before anything is registered in Nomad."""

import asyncio
import ipaddress
import json
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import aiohttp

from providers.http_answers import whole
from providers.http_api import cause
from providers.nomad.client import Json
from providers.nomad.spec import BUILT_KEY

DOCKER_HUB = "registry-1.docker.io"
TIMEOUT_S = 10.0
BUILT = "built"
"""`meta { caravan_image = "built" }` of a task: this very stack builds the image, so it may be missing at preview."""

_MANIFEST_TYPES = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_REFERENCE = re.compile(
    r"^(?:(?P<registry>localhost(?::\d+)?|(?=[^/]*[.:])[A-Za-z0-9][\w.-]*(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?)/)?"
    r"(?P<repository>[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,}))?$"
)


class Found(Enum):
    """What the registry says of an image."""

    YES = auto()
    NO = auto()
    REFUSED = auto()
    UNREACHABLE = auto()
    INVALID = auto()


@dataclass(frozen=True)
class ImageCheck:
    """The answer for one image, and a sentence on it."""

    image: str
    found: Found
    text: str
    local: bool
    """The registry is on this machine, so that what is seen from here is what the cluster sees."""
    registry: str


@dataclass(frozen=True)
class TaskImage:
    """An image that a docker task of a job uses, with the credentials that Nomad would use for it."""

    where: str
    image: str
    user: str | None
    password: str | None
    built_here: bool
    idle: bool = False
    """Whether its group has no instances."""
    login_of_node: bool = False
    """Whether only a node knows the credentials: they hold `${...}`."""


def task_images(job: Json) -> Iterator[TaskImage]:
    """Every image of a docker task; not those that only the client knows (`${...}`) or that come as a local archive."""
    for group in job.get("TaskGroups") or []:
        for task in group.get("Tasks") or []:
            config = task.get("Config") or {}
            image = config.get("image")
            if task.get("Driver") != "docker" or not isinstance(image, str) or "${" in image or config.get("load"):
                continue
            auth = config.get("auth")
            auth = auth[0] if isinstance(auth, list) and auth else auth
            credentials: Json = auth if isinstance(auth, dict) else {}
            of_node = any("${" in str(value) for value in credentials.values())
            credentials = {} if of_node else credentials
            yield TaskImage(
                where=f"group {group.get('Name')}, task {task.get('Name')}",
                image=image.removeprefix("https://"),
                user=credentials.get("username"),
                password=credentials.get("password"),
                built_here=(task.get("Meta") or {}).get(BUILT_KEY) == BUILT,
                idle=group.get("Count") == 0,
                login_of_node=of_node,
            )


class Registries:
    """What is known of registries in one command, so that one that has no address is waited for once, and told once."""

    def __init__(self) -> None:
        self._addresses: dict[str, asyncio.Task[str]] = {}
        self._told: set[str] = set()

    async def check(self, images: list[TaskImage]) -> list[ImageCheck]:
        """All at once."""
        return list(await asyncio.gather(*(check_image(image, self._trouble) for image in images)))

    def is_first(self, registry: str) -> bool:
        """Whether this registry has not been told to be out of reach before."""
        first = registry not in self._told
        self._told.add(registry)
        return first

    async def _trouble(self, registry: str) -> str:
        """Why the name of a registry has no address; "" where it has one. A resolver takes 5 s and more for a no."""
        host = _host(registry)
        if host not in self._addresses:
            self._addresses[host] = asyncio.create_task(_unresolved(host))
        return await self._addresses[host]


async def _unresolved(host: str) -> str:
    try:
        await asyncio.get_running_loop().getaddrinfo(host, None)
    except socket.gaierror as error:
        return f"the name {host} has no address ({error.strerror})"
    return ""


async def _no_trouble(registry: str) -> str:
    return ""


async def check_image(image: TaskImage, trouble: Callable[[str], Awaitable[str]] = _no_trouble) -> ImageCheck:
    """Asks the registry for the image's manifest. Never raises: the answer says what happened.

    `trouble` says of a registry why it need not be asked.
    """
    match = _REFERENCE.match(image.image)
    if match is None:
        return ImageCheck(image.image, Found.INVALID, f"{image.image!r} is not a valid image reference", False, "")
    registry = match["registry"] or DOCKER_HUB
    repository = match["repository"]
    if registry in ("docker.io", "index.docker.io", DOCKER_HUB):
        registry = DOCKER_HUB
        repository = repository if "/" in repository else f"library/{repository}"
    local = _is_local(registry)
    version = match["digest"] or match["tag"] or "latest"
    url = f"{'http' if local else 'https'}://{registry}/v2/{repository}/manifests/{version}"

    def found(what: Found, text: str) -> ImageCheck:
        return ImageCheck(image.image, what, text, local, registry)

    try:
        away = await trouble(registry)
        status = 0 if away else await _head(url, image)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        away = cause(error)
    if away:
        return found(Found.UNREACHABLE, f"the registry {registry} cannot be reached: {away}")
    if status == 404:
        named = f"{repository}{'@' if match['digest'] else ':'}{version}"
        return found(Found.NO, f"the registry {registry} has no {named}")
    if status in (401, 403):
        who = f"the user {image.user}" if image.user else "without credentials"
        return found(Found.REFUSED, f"the registry {registry} refuses {repository} ({who}, HTTP {status})")
    if status >= 400:
        return found(Found.UNREACHABLE, f"the registry {registry} answers with HTTP {status}")
    return found(Found.YES, "")


async def _head(url: str, image: TaskImage) -> int:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    basic = {"Authorization": aiohttp.encode_basic_auth(image.user, image.password or "")} if image.user else {}
    headers = {"Accept": _MANIFEST_TYPES}
    async with aiohttp.ClientSession(timeout=timeout) as session:
        async with session.head(url, headers={**headers, **basic}, allow_redirects=True) as response:
            challenge = response.headers.get("WWW-Authenticate", "")
            if response.status != 401 or not challenge.lower().startswith("bearer "):
                return response.status
        token = await _token(session, challenge, basic)
        if token is None:
            return 401
        async with session.head(url, headers={**headers, "Authorization": f"Bearer {token}"}) as response:
            return response.status


async def _token(session: aiohttp.ClientSession, challenge: str, basic: dict[str, str]) -> str | None:
    """The registry's token protocol (Docker "Token Authentication")."""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = fields.pop("realm", "")
    if not realm.startswith("https://") and not (realm.startswith("http://") and not basic):
        return None
    async with session.get(realm, params=fields, headers=basic) as response:
        if response.status != 200:
            return None
        try:
            answer: Any = json.loads(await whole(response))
        except ValueError:
            return None
        token: Any = answer.get("token") or answer.get("access_token") if isinstance(answer, dict) else None
        return str(token) if token else None


def _host(registry: str) -> str:
    return registry.rsplit(":", 1)[0].strip("[]") if not registry.endswith("]") else registry.strip("[]")


def _is_local(registry: str) -> bool:
    host = _host(registry)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
