"""A microservice's secrets: Nomad's variable that holds them, and a version that changes with them."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_nomad as nomad

from components.jobspec import variable_path
from components.service_model import Service

VERSION = "caravan_secrets"
"""The item of the variable that tells the versions of its values apart (providers/nomad/variable.py)."""

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
        known: pulumi.Output[dict[str, str]] = pulumi.Output.all(**values)
        salt = f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}"
        own = known.apply(lambda found: fingerprint(found, salt))
        wanted = own if version is None else pulumi.Output.from_input(version)
        items: pulumi.Output[dict[str, str]] = pulumi.Output.secret(
            pulumi.Output.all(known, wanted).apply(lambda both: {**both[0], VERSION: both[1]})
        )
        variable = nomad.Variable(
            f"{name}-secrets",
            path=variable_path(service),
            # The job's own: without one, the provider sends it where Nomad's tools would.
            namespace=service.namespace or os.environ.get("NOMAD_NAMESPACE") or None,
            items=items,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        self.resources = (variable,)
        # As it is in Nomad: where the variable is not among the targets of an update, its values stay, and the job with
        # them. Without its secretness: the job's whole diff would be hidden otherwise.
        written = pulumi.Output.unsecret(variable.items)
        self.version = pulumi.Output.all(written, pulumi.Output.unsecret(wanted)).apply(
            lambda both: (both[0] or {}).get(VERSION) or both[1]
        )


def fingerprint(values: Mapping[str, str], salt: str) -> str:
    """16 hex digits that change with the values: slow to compute, and different for equal values elsewhere.

    Short and weak secrets can still be guessed from it by those who can read the job: give a version where that
    matters.
    """
    text = json.dumps(values, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=salt.encode(), dklen=8, **_SCRYPT).hex()
