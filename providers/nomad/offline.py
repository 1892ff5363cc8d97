"""A preview without Nomad, for those who ask for it: says what it cannot know, and never applies anything."""

import os
from collections.abc import Mapping
from typing import NoReturn

from providers.fields import Field, faults
from providers.nomad import outputs as job_outputs
from providers.nomad.job_check import wrong_names
from providers.nomad.jobspec_keys import removed
from providers.nomad.outputs import INPUT_NAMES, setting
from providers.nomad.seen import SEEN
from providers.nomad.source_diff import job_changes, text_changes
from providers.nomad.spec import (
    SpecError,
    checked_source,
    is_known,
    is_secret,
    parse_json,
    same_source,
    unknown_keys,
)
from providers.plugin import CheckFailure, Diff, Engine, ProviderError
from providers.properties import UNKNOWN, Properties, contains_unknown

ASKED_BY = "CARAVAN_OFFLINE_PREVIEW"
"""Environment variable: true asks for a preview that does not speak to Nomad."""

NOTICE = (
    f"This is an offline preview ({ASKED_BY} is set): Nomad was not asked. Not checked: whether Nomad takes the jobs, "
    "what its scheduler would do and whether there is room, whether others have changed anything since the last "
    "`pulumi up`, whether names are taken, whether images exist. Of HCL not even the syntax is checked."
)

NOT_PASSED_ON = f"It is not: {ASKED_BY} is set, so Nomad is not spoken to, as that plugin would do. Unset it."
"""Why no call reaches the official plugin."""


def is_asked(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the user asks for an offline preview."""
    return environment.get(ASKED_BY, "").lower() in ("1", "true", "yes")


class _Offline:
    """What every resource type refuses without Nomad."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]:
        _refuse("refreshed or imported")

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        _refuse("deleted")


def _refuse(what: str) -> NoReturn:
    raise ProviderError(f"{ASKED_BY} is set, so Nomad is not spoken to and nothing is {what}. Unset it.")


async def refused_lookup(arguments: Properties) -> Properties:
    """In the place of every look-up."""
    raise ProviderError(f"{ASKED_BY} is set, so Nomad is not spoken to and nothing can be looked up in it. Unset it.")


class OfflineJob(_Offline):
    """Jobs by their jobspecs alone."""

    def __init__(self, engine: Engine, namespace: str) -> None:
        super().__init__(engine)
        self._namespace = namespace

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """Names, types, and what is wrong with a JSON job by itself."""
        failures = wrong_names(new)
        # A plan that was made without Nomad is for no cluster at all.
        new.values[SEEN] = "Nomad was not asked (offline preview)"
        if not is_known(new):
            return failures
        reasons = unknown_keys(new)
        try:
            if setting(new, "json"):
                spec = parse_json(new, self._namespace)
                reasons += [f'job "{spec.id}": {reason}' for reason in removed(spec.job)]
            else:
                checked_source(new)
        except SpecError as error:
            reasons += error.reasons
        return failures + [CheckFailure("jobspec", reason) for reason in reasons]

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        """By what is written."""
        changed = [
            name
            for name in sorted(INPUT_NAMES - {"jobspec", "hcl2", "json"})
            if setting(old_inputs, name) != setting(new, name)
        ]
        if is_known(new) and (same_source(old_inputs, new) or self._lines(old_inputs, new) == []):
            return Diff(changed, [])
        replaced = is_known(new) and setting(new, "json") and parse_json(new, self._namespace).id != id
        return Diff([*changed, "jobspec"], ["jobspec"] if replaced else [])

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]:
        """Shows that the job is new to this stack."""
        if not preview:
            _refuse("registered")
        await self._engine.info(urn, "job: new to this stack (offline: whether it is in Nomad was not asked)")
        return "", job_outputs.predicted(new, None)

    async def update(
        self,
        urn: str,
        id: str,
        old_inputs: Properties,
        outputs: Properties,
        new: Properties,
        timeout_s: float,
        preview: bool,
    ) -> Properties:
        """Shows the change of the jobspec by field."""
        if not preview:
            _refuse("registered")
        if is_known(new):
            lines = "".join(f"\n  ~ {line}" for line in self._lines(old_inputs, new))
            await self._engine.info(
                urn, f'job "{id}", from the recorded jobspec (offline: Nomad was not asked):{lines}'
            )
        return job_outputs.predicted(new, outputs)

    def _lines(self, old: Properties, new: Properties) -> list[str]:
        secret = is_secret(old) or is_secret(new)
        if setting(old, "json") and setting(new, "json"):
            jobs = (parse_json(inputs, self._namespace).job for inputs in (old, new))
            return [change.text(secret=secret) for change in job_changes(*jobs)]
        lines = text_changes(old.get("jobspec", ""), new.get("jobspec", ""), secret=secret)
        names = sorted(
            {
                name
                for name in (*_variables(old), *_variables(new))
                if _variables(old).get(name) != _variables(new).get(name)
            }
        )
        return lines + ([f"hcl2.vars: {', '.join(names)}"] if names else [])


def _variables(inputs: Properties) -> dict[str, object]:
    return dict(inputs.get("hcl2", {}).get("vars") or {})


class OfflineRecord(_Offline):
    """The other types, by their inputs alone."""

    def __init__(
        self,
        engine: Engine,
        noun: str,
        fields: Mapping[str, Field],
        computed: tuple[str, ...],
        secrets: frozenset[str],
    ) -> None:
        super().__init__(engine)
        self._secrets = secrets
        self._noun = noun
        self._fields = fields
        self._computed = computed

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """What is wrong with the inputs one by one; a name that is not given is the resource's own."""
        values = {"name": urn.rsplit("::", 1)[-1], **new.values} if "name" in self._fields else new.values
        found = faults(self._fields, values, secret=new.secrets | self._secrets)
        return [CheckFailure(name, f"{self._noun}: {sentence}") for name, sentence in found]

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        """By what is written."""
        changed = [name for name, field in sorted(self._fields.items()) if _differs(name, field, old_inputs, new)]
        return Diff(changed, [name for name in changed if self._fields[name].replaces])

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]:
        """What is known of the outputs."""
        if not preview:
            _refuse("made")
        return "", self._predicted(new)

    async def update(
        self,
        urn: str,
        id: str,
        old_inputs: Properties,
        outputs: Properties,
        new: Properties,
        timeout_s: float,
        preview: bool,
    ) -> Properties:
        """What is known of the outputs."""
        if not preview:
            _refuse("changed")
        return self._predicted(new)

    def _predicted(self, new: Properties) -> Properties:
        return Properties({**new.values, **dict.fromkeys(self._computed, UNKNOWN)}, new.secrets | self._secrets)


def _differs(name: str, field: Field, old: Properties, new: Properties) -> bool:
    one, other = old.get(name), new.get(name)
    return contains_unknown(other) or bool(field.normal(one) != field.normal(other))
