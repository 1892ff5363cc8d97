"""A provider's connection settings: its inputs first, then the environment variables of the server's own tools."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.plugin import ProviderError
from providers.properties import Properties


@dataclass(frozen=True)
class Settings:
    """Inputs by name.

    `variables` names the environment variable that stands in for each.
    """

    config: Properties
    environment: Mapping[str, str]
    variables: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """The input, else its variable; None where both are absent or empty."""
        given = self.config.get(name)
        if given not in (None, ""):
            return str(given)
        variable = self.variables.get(name)
        return None if variable is None else self.environment.get(variable) or None

    def flag(self, name: str) -> bool | None:
        """A setting that is true or false; None where it is absent. Raises ProviderError for anything else."""
        text = self.get(name)
        if text is None:
            return None
        if text.lower() not in ("1", "true", "0", "false"):
            raise ProviderError(f"{self.source(name)} is {text!r}; it must be true or false.")
        return text.lower() in ("1", "true")

    def parsed(self, name: str, default: Any) -> Any:
        """A list or map: the engine hands settings that are not strings over as JSON text.

        Raises ProviderError for a text that is not JSON.
        """
        value = self.config.get(name, default)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ProviderError(
                f"{name} is not JSON (line {error.lineno}, column {error.colno}: {error.msg})."
            ) from error

    def headers(self) -> dict[str, str]:
        """The `headers` input and `httpAuth` as HTTP headers."""
        headers = {header["name"]: header["value"] for header in self.parsed("headers", [])}
        if auth := self.get("httpAuth"):
            headers["Authorization"] = "Basic " + base64.b64encode(auth.encode()).decode()
        return headers

    def file(self, file_name: str, pem_name: str) -> str | None:
        """The path of a client certificate or key; None where it is given as PEM text, which goes before a variable."""
        return None if self.config.get(pem_name) else self.get(file_name)

    def source(self, name: str) -> str:
        """Where a setting comes from, for messages."""
        return f"{name} (or {self.variables[name]})" if name in self.variables else name


def url(address: str, source: str, *, default_scheme: str = "http") -> str:
    """`address` as a URL; host:port gets `default_scheme`. Raises ProviderError for another scheme."""
    if "://" not in address:
        address = f"{default_scheme}://{address}"
    if not address.startswith(("http://", "https://", "unix://")):
        raise ProviderError(f"{source} is {address!r}; it must be a URL that begins with http://, https:// or unix://.")
    return address
