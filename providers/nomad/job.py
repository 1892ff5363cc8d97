"""The resource nomad:index/job:Job: check, diff, create, read, update and delete of a Nomad job."""

import asyncio
import json
from dataclasses import replace
from difflib import get_close_matches
from functools import partial

from providers.http_api import ApiError, HttpApi, Unreachable
from providers.nomad import outputs as job_outputs
from providers.nomad.advice import serving
from providers.nomad.client import Json, NomadClient
from providers.nomad.drift import jobspec, patched
from providers.nomad.events import EventHub
from providers.nomad.expected import Expected
from providers.nomad.masking import hider
from providers.nomad.outputs import INPUT_NAMES, setting
from providers.nomad.plan import changes, describe, one_line
from providers.nomad.preflight import check_job_images, dry_run
from providers.nomad.removal import remove
from providers.nomad.rollout import Cancelled, Outcome, Rollout
from providers.nomad.sentences import exists_text, foreign_text, standing_text
from providers.nomad.spec import OWNER_KEY, Spec, SpecError, is_known, is_secret, parse, same_source
from providers.nomad.standing import Assessment, Standing, assess
from providers.plugin import CheckFailure, Diff, Engine, InitFailed, ProviderError
from providers.properties import UNKNOWN, Properties
from providers.words import counted

TOKEN = "nomad:index/job:Job"


class JobResource:
    """Nomad jobs as Pulumi resources."""

    def __init__(
        self,
        engine: Engine,
        client: NomadClient,
        hub: EventHub,
        consul: HttpApi | None,
        cancelled: asyncio.Event,
        expected: Expected | None = None,
    ) -> None:
        self._engine = engine
        self._client = client
        self._hub = hub
        self._consul = consul
        self._cancelled = cancelled
        self._expected = expected or Expected()

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """Every wrong input at once; Nomad parses and validates the job where it differs from the recorded one."""
        failures = _check_names(new)
        if not is_known(new) or (old.get("jobspec") and same_source(old, new)):
            return failures
        try:
            spec = await parse(self._client, new)
        except SpecError as error:
            return failures + [CheckFailure("jobspec", reason) for reason in error.reasons]
        try:
            answer = await self._client.validate(spec.marked(urn))
        except ApiError as error:
            if error.status not in (400, 500):
                raise
            reason = f'job "{spec.id}": Nomad refuses it: {one_line(error.answer)}'
            return [*failures, CheckFailure("jobspec", reason)]
        found = answer.get("ValidationErrors") or ([answer["Error"]] if answer.get("Error") else [])
        found = [reason for reason in found if not self._expected.explains(spec.job, reason)]
        return failures + [CheckFailure("jobspec", f'job "{spec.id}": {one_line(reason)}') for reason in found]

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        """Semantic: another order, format or an explicit default is no change.

        A job that was stopped, scaled or removed outside this stack is one.
        """
        changed = [
            name
            for name in sorted(INPUT_NAMES - {"jobspec", "hcl2", "json"})
            if setting(old_inputs, name) != setting(new, name)
        ]
        if not is_known(new) or not is_known(old_inputs):
            return Diff([*changed, "jobspec"], [])
        standing = await self._assess(urn, id, old_inputs, outputs)
        if same_source(old_inputs, new):
            if standing.standing is Standing.FOREIGN:
                text = foreign_text(
                    id, standing, "Nothing is changed now.", secret=is_secret(new) or is_secret(old_inputs)
                )
                await self._engine.warning(urn, text)
            # An autoscaler's counts are left alone; everything else that others did is put right.
            moved = standing.standing in (Standing.GONE, Standing.STOPPED) or _scaled_by_hand(standing)
            rerun = setting(new, "rerunIfDead") and (standing.current or {}).get("Status") == "dead"
            return Diff([*changed, "jobspec"] if moved or rerun else changed, [])
        spec = (await parse(self._client, new)).scaled_as(standing.current)
        if spec.id != id or spec.namespace != outputs.get("namespace", spec.namespace):
            await self._tell_replacement(urn, id, spec, setting(new, "deregisterOnIdChange"), standing)
            return Diff([*changed, "jobspec"], ["jobspec"])
        if self._expected.awaited_by(spec.job):
            return Diff([*changed, "jobspec"], [])
        if standing.standing is Standing.OURS and not changes(await self._client.plan(spec.marked(urn))):
            return Diff(changed, [])
        return Diff([*changed, "jobspec"], [])

    async def _tell_replacement(self, urn: str, id: str, spec: Spec, deregister: bool, standing: Assessment) -> None:
        """Says what becomes of the old ID's job. Raises ProviderError where it is to stay: Pulumi cannot do that."""
        if not deregister:
            raise ProviderError(
                f'The job\'s ID changes from "{id}" to "{spec.id}" with deregister_on_id_change off. To keep "{id}" '
                f"running outside this stack, first run: pulumi state delete '{urn}'"
            )
        groups = (standing.current or {}).get("TaskGroups") or []
        stops = sum(int(group.get("Count") or 0) for group in groups)
        await self._engine.info(
            urn,
            f'Job "{id}" is replaced by job "{spec.id}" (namespace {spec.namespace}): when the new one is healthy, '
            f"{counted(stops, 'instance')} of the old one {'stops' if stops == 1 else 'stop'}.",
        )

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]:
        """Registers a job that does not exist yet, or goes on with one that an interrupted `up` of it left."""
        if not is_known(new):
            return "", job_outputs.predicted(new, None)
        spec = await parse(self._client, new)
        current = await self._client.job(spec.namespace, spec.id)
        owner = ((current or {}).get("Meta") or {}).get(OWNER_KEY)
        if current is not None and owner != urn:
            raise ProviderError(exists_text(TOKEN, spec, current, owner, urn))
        if current is not None:
            await self._engine.info(
                urn,
                f'Job "{spec.id}" is in Nomad already (version {current["Version"]}), with the mark of this stack: an '
                "earlier `pulumi up` was interrupted, or its state is lost. It is taken over as it is, and updated.",
            )
            spec = spec.scaled_as(current)
        plan = await self._preflight(urn, spec, new, current, preview=preview)
        if preview:
            return "", job_outputs.predicted(new, None)
        return spec.id, await self._apply(urn, spec, new, current, plan, timeout_s)

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
        """Registers the new version, but only over what this stack has registered before."""
        if not is_known(new):
            return job_outputs.predicted(new, outputs)
        spec = await parse(self._client, new)
        standing = await self._assess(urn, id, old_inputs, outputs)
        spec = spec.scaled_as(standing.current)
        # An `up` that was killed after its registration leaves a job that is not the recorded one, but the wanted one.
        if standing.standing is Standing.FOREIGN and changes(await self._client.plan(spec.marked(urn))):
            secret = spec.secret or is_secret(old_inputs)
            raise ProviderError(foreign_text(id, standing, "It is not overwritten.", secret=secret))
        if preview and standing.standing is not Standing.OURS:
            await self._engine.info(urn, standing_text(id, standing))
        plan = await self._preflight(urn, spec, new, standing.current, preview=preview)
        if preview:
            return job_outputs.predicted(new, outputs)
        return await self._apply(urn, spec, new, standing.current, plan, timeout_s)

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]:
        """What Nomad has now. An out-of-band change comes back as a jobspec in Nomad's JSON."""
        job_id, _, namespace = id.partition("@") if not outputs.values else (id, "", outputs.get("namespace", ""))
        namespace = namespace or self._client.namespace
        current = await self._client.job(namespace, job_id)
        if current is None or (current.get("Stop") and current["Type"] in ("service", "system")):
            return "", Properties(), Properties()
        importing = not inputs.get("jobspec")
        moved = importing
        if not importing:
            standing = await self._assess(urn, job_id, inputs, outputs)
            moved = standing.standing in (Standing.FOREIGN, Standing.REVERTED) or _scaled_by_hand(standing)
        if moved:
            values = {**inputs.values, "jobspec": await self._drifted(inputs, outputs, current), "json": True}
            values.pop("hcl2", None)
            inputs = Properties(values, inputs.secrets)
        return job_id, inputs, await self._outputs(inputs, current)

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Stops the job and waits until its instances are gone, from Nomad and from Consul."""
        if not setting(outputs, "deregisterOnDestroy"):
            await self._engine.info(urn, f'Job "{id}" keeps running in Nomad (deregister_on_destroy is off).')
            return
        namespace = outputs.get("namespace", self._client.namespace)
        current = await self._client.job(namespace, id)
        if current is not None and not _is_ours(current, urn, outputs):
            await self._engine.warning(
                urn,
                f'Job "{id}" in Nomad is not the one of this stack any more: it was removed and made anew by somebody '
                "else. It is left as it is.",
            )
            return
        purge = setting(outputs, "purgeOnDestroy")
        report = partial(self._engine.status, urn)
        await remove(self._client, self._hub, self._consul, namespace, id, purge, self._cancelled, report)

    async def _drifted(self, inputs: Properties, outputs: Properties, current: Json) -> str:
        """The jobspec with the out-of-band change in it.

        It is the user's own JSON where Nomad still has the recorded version.
        """
        if setting(inputs, "json"):
            for version in await self._client.versions(current["Namespace"], current["ID"]):
                if str(version["JobModifyIndex"]) == outputs.get("modifyIndex"):
                    source = json.loads(inputs.values["jobspec"])
                    wanted = patched(source.get("Job", source), version, current)
                    return json.dumps({"Job": wanted} if "Job" in source else wanted, sort_keys=True)
        return jobspec(current)

    async def _assess(self, urn: str, id: str, inputs: Properties, outputs: Properties) -> Assessment:
        async def recorded() -> Json:
            return (await parse(self._client, inputs)).marked(urn)

        namespace = outputs.get("namespace", self._client.namespace)
        return await assess(self._client, namespace, id, recorded, outputs.get("modifyIndex"))

    async def _preflight(
        self, urn: str, spec: Spec, inputs: Properties, current: Json | None, *, preview: bool
    ) -> Json:
        """The scheduler's plan; at preview it is shown.

        Raises ProviderError with everything that forbids the registration.
        """
        findings = await check_job_images(spec, preview=preview)
        awaited = self._expected.awaited_by(spec.job) if preview else ""
        plan: Json = {}
        unplaceable: list[str] = []
        if awaited:
            text = "is made by this same update; only then the scheduler can be asked about the job."
            await self._engine.info(urn, f'job "{spec.id}": {awaited} {text}')
        else:
            plan, unplaceable = await dry_run(
                self._client, spec.marked(urn), policy_override=setting(inputs, "policyOverride")
            )
        if preview and not awaited:
            header = (
                f'job "{spec.id}": new'
                if current is None
                else f'job "{spec.id}", version {current["Version"]} in Nomad now:'
            )
            lines = describe(plan, secret=spec.secret, new=current is None)
            for is_warning, text in serving(spec.job, plan):
                if is_warning:
                    findings.warnings.append(f'job "{spec.id}", {text}')
                else:
                    lines.append(f"  {text}")
            await self._engine.info(urn, "\n".join([header, *lines]))
        for warning in findings.warnings:
            await self._engine.warning(urn, warning)
        problems = findings.problems + unplaceable
        if problems:
            raise ProviderError("\n".join([*problems, "Nothing was registered; what runs now is untouched."]))
        return plan

    async def _apply(
        self, urn: str, spec: Spec, inputs: Properties, current: Json | None, plan: Json, timeout_s: float
    ) -> Properties:
        """Registers and follows. Raises InitFailed when the job is registered and its rollout did not succeed."""
        evaluation = ""
        dead = current is None or current.get("Stop") or current.get("Status") == "dead"
        if dead or changes(plan):
            evaluation = await self._register(urn, spec, inputs, current)
        # Otherwise it is registered already: an interrupted `up` goes on, or only this resource's own settings changed.
        registered = await self._client.job(spec.namespace, spec.id)
        if registered is None:
            raise ProviderError(
                f'Job "{spec.id}" was registered and is already gone again: somebody purged it meanwhile.'
            )
        if setting(inputs, "detach"):
            return await self._outputs(inputs, registered)
        rollout = Rollout(
            client=self._client,
            hub=self._hub,
            consul=self._consul,
            job=registered,
            version=int(registered["Version"]),
            evaluation_id=evaluation,
            cancelled=self._cancelled,
            report=partial(self._engine.status, urn),
            hide=hider(spec),
            deadline_s=timeout_s,
        )
        try:
            outcome = await rollout.follow()
        except Cancelled as stopped:
            reason = (
                f'Stopped waiting for job "{spec.id}" version {registered["Version"]}: {stopped}. The rollout goes on '
                "in Nomad; the next `pulumi up` goes on from there."
            )
            outcome = Outcome(False, reasons=[reason])
        except ProviderError as error:
            outcome = Outcome(False, reasons=[f'The outcome of job "{spec.id}" is not known: {error}'])
        for note in outcome.notes:
            await self._engine.info(urn, note)
        try:
            now = await self._client.job(spec.namespace, spec.id) or registered
            result = await self._outputs(inputs, now)
        except ProviderError as error:
            # The job is registered, and the state has to say so whatever else is known.
            result = job_outputs.of_job(inputs, registered, None, [])
            outcome = replace(outcome, succeeded=False, reasons=[*outcome.reasons, str(error)])
        if not outcome.succeeded:
            raise InitFailed(spec.id, result, inputs, outcome.reasons)
        return result

    async def _register(self, urn: str, spec: Spec, inputs: Properties, current: Json | None) -> str:
        """Registers under the index that was judged.

        Returns the evaluation's id, "" where there is nothing to do.
        """
        index = int(current["JobModifyIndex"]) if current else 0
        job = spec.marked(urn)
        try:
            answer = await self._client.register(
                job,
                index,
                policy_override=setting(inputs, "policyOverride"),
                preserve_counts=setting(inputs, "preserveCounts"),
            )
        except Unreachable as error:
            return await self._registered_after_all(job, index, error)
        except ApiError as error:
            if "job modify index" in error.answer:
                raise ProviderError(
                    f'Job "{spec.id}" was changed by somebody else between the check and the registration '
                    f"({one_line(error.answer)}). It is not overwritten; run `pulumi up` again to see what changed."
                ) from error
            raise
        if answer.get("Warnings"):
            await self._engine.warning(urn, one_line(answer["Warnings"]))
        return str(answer.get("EvalID") or "")

    async def _registered_after_all(self, job: Json, index: int, error: Unreachable) -> str:
        """The answer was lost: reads back whether the registration took place."""
        current = await self._client.job(job["Namespace"], job["ID"])
        if current is None or int(current["JobModifyIndex"]) == index or changes(await self._client.plan(job)):
            raise error
        return ""

    async def _outputs(self, inputs: Properties, job: Json) -> Properties:
        deployments = await self._client.deployments(job["Namespace"], job["ID"])
        deployment = next((d for d in deployments if d["JobVersion"] == job["Version"]), None)
        ids: list[str] = []
        if setting(inputs, "readAllocationIds"):
            ids = [a["ID"] for a in await self._client.allocations(job["Namespace"], job["ID"])]
        return job_outputs.of_job(inputs, job, deployment, ids)


def _check_names(new: Properties) -> list[CheckFailure]:
    failures = []
    for name, value in new.values.items():
        if name.startswith("__"):
            continue
        if name not in INPUT_NAMES:
            near = get_close_matches(name, sorted(INPUT_NAMES), 1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            failures.append(CheckFailure(name, f'"{name}" is not an input of nomad.Job.{hint}'))
        elif (
            isinstance(job_outputs.DEFAULTS.get(name), bool)
            and value not in (None, UNKNOWN)
            and not isinstance(value, bool)
        ):
            failures.append(CheckFailure(name, f"{name} is {value!r}; it must be true or false."))
    if new.get("jobspec") is None:
        failures.append(CheckFailure("jobspec", "The jobspec is missing; give the text of a Nomad job."))
    return failures


def _is_ours(current: Json, urn: str, outputs: Properties) -> bool:
    """Whether a job is the one of the state: by its mark, or, after a rename of the resource, by its creation."""
    marked = (current.get("Meta") or {}).get(OWNER_KEY) == urn
    return marked or str(current.get("CreateIndex")) == str(outputs.get("createIndex"))


def _scaled_by_hand(standing: Assessment) -> bool:
    if standing.standing is not Standing.SCALED or standing.current is None:
        return False
    scaled = {change.path[0].removeprefix("group ") for change in standing.changes}
    automatic = {
        group["Name"]
        for group in standing.current.get("TaskGroups") or []
        if (group.get("Scaling") or {}).get("Enabled")
    }
    return bool(scaled - automatic)
