"""The provider's configuration: pulumi_nomad.Provider's inputs, then Nomad's own environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from providers.connection import Settings, url
from providers.consul.config import ConsulConfig
from providers.consul.config import load as load_consul
from providers.http_api import Tls
from providers.plugin import CheckFailure
from providers.properties import Properties

DEFAULT_ADDRESS = "http://127.0.0.1:4646"

# Input of pulumi_nomad.Provider -> environment variable that stands in for it (source: Nomad CLI, general options).
ENVIRONMENT = {
    "address": "NOMAD_ADDR",
    "region": "NOMAD_REGION",
    "caFile": "NOMAD_CACERT",
    "certFile": "NOMAD_CLIENT_CERT",
    "keyFile": "NOMAD_CLIENT_KEY",
    "httpAuth": "NOMAD_HTTP_AUTH",
    "secretId": "NOMAD_TOKEN",
    "skipVerify": "NOMAD_SKIP_VERIFY",
}
OTHER_INPUTS = frozenset({"caPem", "certPem", "keyPem", "headers", "ignoreEnvVars", "version", "pluginDownloadURL"})
CONSUL_INPUTS = {"consulAddress": "address", "consulToken": "token", "consulCaFile": "caFile"}
"""Ours: where a rollout asks whether the new instances pass in Consul (`pulumi config set nomad:consulAddress URL`)."""


@dataclass(frozen=True)
class NomadConfig:
    """Where Nomad is and as whom to speak to it; where Consul is, if anywhere."""

    address: str
    region: str | None
    namespace: str | None
    tls: Tls
    headers: dict[str, str]
    consul: ConsulConfig | None


def check(config: Properties) -> list[CheckFailure]:
    """Every input that this plugin cannot honour, each with a sentence."""
    known = {*ENVIRONMENT, *OTHER_INPUTS, *CONSUL_INPUTS}
    failures = []
    for name in sorted(config.values.keys() - known):
        if name == "authJwt":
            reason = "authJwt is not supported here; log in with `nomad login` and set NOMAD_TOKEN instead."
        else:
            reason = f"nomad:{name} is not an input of this provider. It knows: {', '.join(sorted(known))}."
        failures.append(CheckFailure(name, reason))
    return failures


def load(config: Properties, environment: Mapping[str, str] = os.environ) -> NomadConfig | None:
    """Reads the configuration; None where part of it is only known after the update. Raises ProviderError."""
    if config.has_unknown():
        return None
    ignore = Settings(config, environment, {}).parsed("ignoreEnvVars", {})
    ignored = frozenset(name for name, off in ignore.items() if off)
    settings = Settings(config, environment, ENVIRONMENT, ignored)
    headers = settings.headers()
    if token := settings.get("secretId"):
        headers["X-Nomad-Token"] = token
    for_consul = {theirs: config.values[ours] for ours, theirs in CONSUL_INPUTS.items() if config.get(ours)}
    consul_known = "address" in for_consul or environment.get("CONSUL_HTTP_ADDR")
    return NomadConfig(
        address=url(settings.get("address") or DEFAULT_ADDRESS, settings.source("address")),
        region=settings.get("region"),
        namespace=None if "NOMAD_NAMESPACE" in ignored else environment.get("NOMAD_NAMESPACE") or None,
        tls=Tls(
            ca_file=settings.get("caFile"),
            ca_path=environment.get("NOMAD_CAPATH"),
            ca_pem=config.get("caPem"),
            cert_file=settings.file("certFile", "certPem"),
            key_file=settings.file("keyFile", "keyPem"),
            server_name=environment.get("NOMAD_TLS_SERVER_NAME"),
            skip_verify=bool(settings.flag("skipVerify")),
        ),
        headers=headers,
        consul=load_consul(Properties(for_consul), environment) if consul_known else None,
    )
