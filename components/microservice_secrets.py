"""A microservice's secrets: Nomad's variable that holds them, and a version that changes with them."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_nomad as nomad

from components.jobspec import variable_path
from components.service_model import Service

_SCRYPT = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
"""About 0.1 s and 32 MiB for each guess at a secret. Source: RFC 7914."""


class SecretValues:
    """The variable with the values, if there are any."""

    resources: Sequence[pulumi.Resource]
    """What the job must wait for."""
    version: pulumi.Output[str | None]
    """Changes when a value does. It is in the job, where many can read it."""

    def __init__(
        self,
        parent: pulumi.Resource,
        name: str,
        service: Service,
        values: Mapping[str, pulumi.Input[str]],
        version: pulumi.Input[str] | None,
    ) -> None:
        if not values:
            self.resources = ()
            self.version = pulumi.Output.from_input(None)
            return
        items: pulumi.Output[dict[str, str]] = pulumi.Output.secret(pulumi.Output.all(**values))
        variable = nomad.Variable(
            f"{name}-secrets",
            path=variable_path(service.name),
            # The job's own: without one, the provider sends it where Nomad's tools would.
            namespace=service.namespace or os.environ.get("NOMAD_NAMESPACE") or None,
            items=items,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        self.resources = (variable,)
        salt = f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}"
        # Without its secretness: the job's whole diff would be hidden otherwise.
        own = pulumi.Output.unsecret(items).apply(lambda known: fingerprint(known, salt))
        self.version = own if version is None else pulumi.Output.from_input(version)


def fingerprint(values: Mapping[str, str], salt: str) -> str:
    """16 hex digits that change with the values: slow to compute, and different for equal values elsewhere.

    Short and weak secrets can still be guessed from it by those who can read the job: give a version where that
    matters.
    """
    text = json.dumps(values, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=salt.encode(), dklen=8, **_SCRYPT).hex()
