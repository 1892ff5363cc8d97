"""The few words of Redis' protocol that the shop speaks. The services that use it have a copy each."""

import os
import socket
import urllib.parse
from pathlib import Path

TIMEOUT_S = 5.0


class StoreError(Exception):
    """The store refused, or there is none."""


class Store:
    """A connection. Use as a context manager. Source: Redis, RESP."""

    def __init__(self, address: str, password: str) -> None:
        url = urllib.parse.urlsplit(address)
        self._socket = socket.create_connection((url.hostname or "", url.port or 6379), timeout=TIMEOUT_S)
        self._answers = self._socket.makefile("rb")
        self.ask("AUTH", password)

    @staticmethod
    def of_environment() -> "Store":
        """The store at the address in the file SHOP_STORE_FILE, with the password in the file REDIS_PASSWORD_FILE."""
        addresses = Path(os.environ["SHOP_STORE_FILE"]).read_text().split()
        if not addresses:
            raise StoreError("Consul has no healthy instance")
        return Store(addresses[0], Path(os.environ["REDIS_PASSWORD_FILE"]).read_text())

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._socket.close()

    def ask(self, *words: str) -> str | int | None:
        """Send a command; gives its answer, which must not be a list."""
        parts = [word.encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        line = self._answers.readline()
        kind, text = line[:1], line[1:].strip().decode()
        match kind:
            case b"+":
                return text
            case b":":
                return int(text)
            case b"$":
                return None if text == "-1" else self._answers.read(int(text) + 2)[:-2].decode()
            case b"-":
                raise StoreError(text)
        raise StoreError("it closed the connection")
