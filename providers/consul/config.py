"""The provider's configuration: pulumi_consul.Provider's inputs, then Consul's own environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from providers.connection import Settings, url
from providers.http_api import HttpApi, Tls
from providers.plugin import CheckFailure, ProviderError
from providers.properties import Properties

DEFAULT_ADDRESS = "127.0.0.1:8500"

HINT = (
    "Start it (`make cluster` for the embedded one), or set the right address in CONSUL_HTTP_ADDR or with "
    "`pulumi config set consul:address URL`."
)

# Input of pulumi_consul.Provider -> environment variable that stands in for it (source: Consul CLI, HTTP API options).
ENVIRONMENT = {
    "address": "CONSUL_HTTP_ADDR",
    "token": "CONSUL_HTTP_TOKEN",
    "httpAuth": "CONSUL_HTTP_AUTH",
    "caFile": "CONSUL_CACERT",
    "caPath": "CONSUL_CAPATH",
    "certFile": "CONSUL_CLIENT_CERT",
    "keyFile": "CONSUL_CLIENT_KEY",
    "namespace": "CONSUL_NAMESPACE",
}
OTHER_INPUTS = frozenset(
    {"caPem", "certPem", "keyPem", "datacenter", "headers", "insecureHttps", "scheme", "version", "pluginDownloadURL"}
)


@dataclass(frozen=True)
class ConsulConfig:
    """Where Consul is, as whom to speak to it, and where to look by default."""

    address: str
    tls: Tls
    headers: dict[str, str]
    datacenter: str | None
    namespace: str | None

    def api(self) -> HttpApi:
        """Consul's HTTP API."""
        api = HttpApi("Consul", self.address, self.tls, self.headers, HINT)
        api.forbidden = _forbidden
        return api


async def _forbidden(method: str, path: str, query: Mapping[str, str], answer: str) -> str:
    """Consul names the right that a token lacks; of one that does not count it says "ACL not found" only."""
    if "ACL not found" in answer:
        return (
            "Consul does not know the token in CONSUL_HTTP_TOKEN (or consul:token, nomad:consulToken), or it has "
            "expired. Take a new one."
        )
    return "docs/security.md lists what deploying needs."


def check(config: Properties) -> list[CheckFailure]:
    """Every input that this plugin cannot honour, each with a sentence."""
    known = {*ENVIRONMENT, *OTHER_INPUTS}
    return [
        CheckFailure(name, f"consul:{name} is not supported by this provider. It knows: {', '.join(sorted(known))}.")
        for name in sorted(config.values.keys() - known)
    ]


def load(config: Properties, environment: Mapping[str, str] = os.environ) -> ConsulConfig | None:
    """Reads the configuration; None where part of it is only known after the update. Raises ProviderError."""
    if config.has_unknown():
        return None
    settings = Settings(config, environment, ENVIRONMENT)
    tls_wanted = environment.get("CONSUL_HTTP_SSL", "").lower() in ("1", "true")
    scheme = settings.get("scheme") or ("https" if tls_wanted else "http")
    unverified = environment.get("CONSUL_HTTP_SSL_VERIFY", "").lower() in ("0", "false")
    headers = settings.headers()
    if token := settings.get("token") or _token_of_file(environment):
        headers["X-Consul-Token"] = token
    return ConsulConfig(
        address=url(settings.get("address") or DEFAULT_ADDRESS, settings.source("address"), default_scheme=scheme),
        tls=Tls(
            ca_file=settings.get("caFile"),
            ca_path=settings.get("caPath"),
            ca_pem=config.get("caPem"),
            cert_file=settings.file("certFile", "certPem"),
            cert_pem=config.get("certPem"),
            key_file=settings.file("keyFile", "keyPem"),
            key_pem=config.get("keyPem"),
            server_name=environment.get("CONSUL_TLS_SERVER_NAME"),
            skip_verify=bool(settings.flag("insecureHttps")) or unverified,
        ),
        headers=headers,
        datacenter=settings.get("datacenter"),
        namespace=settings.get("namespace"),
    )


def _token_of_file(environment: Mapping[str, str]) -> str | None:
    path = environment.get("CONSUL_HTTP_TOKEN_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ProviderError(f"CONSUL_HTTP_TOKEN_FILE names {path}, which cannot be read: {error.strerror}.") from error
