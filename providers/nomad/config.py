"""The provider's configuration: pulumi_nomad.Provider's inputs, then Nomad's own environment variables."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from providers.connection import Settings, url
from providers.consul.config import ConsulConfig
from providers.consul.config import load as load_consul
from providers.http_api import Tls
from providers.plugin import CheckFailure, ProviderError
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
OTHER_VARIABLES = frozenset({"NOMAD_NAMESPACE", "NOMAD_CAPATH", "NOMAD_TLS_SERVER_NAME", "CONSUL_HTTP_ADDR"})
"""What has no input, where jobs without a namespace go, a folder of CA certificates, the name in the certificate; and
Consul's address, by which a provider of another cluster is told to leave the environment's Consul alone."""
CONSUL_INPUTS = {
    "consulAddress": "address",
    "consulToken": "token",
    "consulCaFile": "caFile",
    "consulCertFile": "certFile",
    "consulKeyFile": "keyFile",
}
"""Ours: where a rollout asks whether the new instances pass in Consul (`pulumi config set nomad:consulAddress URL`)."""
WAIT_INPUT = "waitForPlace"
"""Ours: the jobs that are registered though the scheduler has no place for them now: `true` (all), or a list of IDs."""

DOWNTIME_INPUT = "refuseDowntime"
"""Ours: the jobs of which a change that takes their service down is refused: `true` (all), or a list of IDs."""

_JOB_INPUTS = (WAIT_INPUT, DOWNTIME_INPUT)
"""Inputs that are true, false or a list of job IDs."""

OWN_INPUTS = frozenset({*CONSUL_INPUTS, *_JOB_INPUTS})
"""Inputs that the official provider does not have."""


@dataclass(frozen=True)
class NomadConfig:
    """Where Nomad is and as whom to speak to it; where Consul is, if anywhere."""

    address: str
    region: str | None
    namespace: str | None
    tls: Tls
    headers: dict[str, str]
    consul: ConsulConfig | None
    consul_elsewhere: ConsulConfig | None = None
    """How to speak to another Consul than the environment's, should Nomad, which is not the environment's, have one."""
    wait_for_place: bool | frozenset[str] = False
    """Whether jobs may wait for a place, or the IDs of those that may."""
    refuse_downtime: bool | frozenset[str] = False
    """Whether changes that take a service down are refused, or the IDs of the jobs of which they are."""

    def may_wait(self, job_id: str) -> bool:
        """Whether a job is registered although the scheduler has no place for it now."""
        return _named(self.wait_for_place, job_id)

    def refuses_downtime(self, job_id: str) -> bool:
        """Whether a change of a job is refused that takes its service down."""
        return _named(self.refuse_downtime, job_id)


def _named(jobs: bool | frozenset[str], job_id: str) -> bool:
    return jobs if isinstance(jobs, bool) else job_id in jobs


def check(config: Properties) -> list[CheckFailure]:
    """Every input that this plugin cannot honour, each with a sentence."""
    known = {*ENVIRONMENT, *OTHER_INPUTS, *CONSUL_INPUTS, *_JOB_INPUTS}
    failures = []
    for name in sorted(config.values.keys() - known):
        if name == "authJwt":
            reason = "authJwt is not supported here; log in with `nomad login` and set NOMAD_TOKEN instead."
        else:
            reason = f"nomad:{name} is not an input of this provider. It knows: {', '.join(sorted(known))}."
        failures.append(CheckFailure(name, reason))
    failures += [
        CheckFailure(pem, f"nomad:{file} and nomad:{pem} are both set; give one of them.")
        for file, pem in (("caFile", "caPem"), ("certFile", "certPem"), ("keyFile", "keyPem"))
        if config.get(file) and config.get(pem)
    ]
    failures += _wrong_shapes(config)
    return failures


def _wrong_shapes(config: Properties) -> Iterator[CheckFailure]:
    """What is wrong with the inputs that are a list or a map. Unknown ones are not judged."""
    settings = Settings(config, {}, {})
    judges: list[tuple[str, Callable[[Any], str]]] = [
        ("ignoreEnvVars", _wrong_variables),
        ("headers", _wrong_headers),
        *((name, partial(_wrong_jobs, name)) for name in _JOB_INPUTS),
    ]
    for name, judge in judges:
        if config.has_unknown((name,)):
            continue
        try:
            reason = judge(settings.parsed(name, None))
        except ProviderError as error:
            reason = str(error)
        if reason:
            yield CheckFailure(name, reason)


def _wrong_variables(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return "nomad:ignoreEnvVars must be a map of environment variables to true or false."
    unread = sorted(value.keys() - {*ENVIRONMENT.values(), *OTHER_VARIABLES})
    allowed = ", ".join(sorted((*ENVIRONMENT.values(), *OTHER_VARIABLES)))
    return f"nomad:ignoreEnvVars names {', '.join(unread)}; only these are read: {allowed}." if unread else ""


def _wrong_headers(value: Any) -> str:
    if value is None:
        return ""
    right = isinstance(value, list) and all(
        isinstance(header, dict) and isinstance(header.get("name"), str) and isinstance(header.get("value"), str)
        for header in value
    )
    return "" if right else "nomad:headers must be a list of headers with a name and a value each, both texts."


def _wrong_jobs(name: str, value: Any) -> str:
    right = value is None or isinstance(value, bool)
    right = right or (isinstance(value, list) and all(isinstance(job_id, str) for job_id in value))
    return "" if right else f"nomad:{name} is {value!r}; it must be true, false or a list of job IDs."


def load(config: Properties, environment: Mapping[str, str] = os.environ) -> NomadConfig | None:
    """Reads the configuration; None where part of it is only known after the update. Raises ProviderError."""
    if config.has_unknown():
        return None
    ignore = Settings(config, environment, {}).parsed("ignoreEnvVars", {})
    ignored = frozenset(name for name, off in ignore.items() if off)
    read = {name: value for name, value in environment.items() if name not in ignored}
    settings = Settings(config, read, ENVIRONMENT)
    headers = settings.headers()
    if token := settings.get("secretId"):
        headers["X-Nomad-Token"] = token
    for_consul = {theirs: config.values[ours] for ours, theirs in CONSUL_INPUTS.items() if config.get(ours)}
    consul_known = "address" in for_consul or read.get("CONSUL_HTTP_ADDR")
    address = url(settings.get("address") or DEFAULT_ADDRESS, settings.source("address"))
    usual = url(read.get("NOMAD_ADDR") or DEFAULT_ADDRESS, "NOMAD_ADDR")
    is_elsewhere = "address" not in for_consul and address.rstrip("/") != usual.rstrip("/")
    return NomadConfig(
        address=address,
        region=settings.get("region"),
        namespace=read.get("NOMAD_NAMESPACE") or None,
        tls=Tls(
            ca_file=settings.get("caFile"),
            ca_path=read.get("NOMAD_CAPATH"),
            ca_pem=config.get("caPem"),
            cert_file=settings.file("certFile", "certPem"),
            cert_pem=config.get("certPem"),
            key_file=settings.file("keyFile", "keyPem"),
            key_pem=config.get("keyPem"),
            server_name=read.get("NOMAD_TLS_SERVER_NAME"),
            skip_verify=bool(settings.flag("skipVerify")),
        ),
        headers=headers,
        consul=load_consul(Properties(for_consul), environment) if consul_known else None,
        consul_elsewhere=load_consul(Properties(for_consul), {}) if is_elsewhere else None,
        wait_for_place=_jobs(config, WAIT_INPUT),
        refuse_downtime=_jobs(config, DOWNTIME_INPUT),
    )


def _jobs(config: Properties, name: str) -> bool | frozenset[str]:
    """An input that is true, false or a list of job IDs. Default false."""
    given = Settings(config, {}, {}).parsed(name, False)
    return frozenset(given) if isinstance(given, list) else bool(given)
