"""The resource nomad:index/job:Job: check, diff, create, read, update and delete of a Nomad job."""

import json
from functools import partial

from providers.nomad import outputs as job_outputs
from providers.nomad.client import Json
from providers.nomad.comparison import compared
from providers.nomad.drift import jobspec, patched
from providers.nomad.foresight import Foreseen, Foresight
from providers.nomad.imported import settings_of_component, source
from providers.nomad.job_apply import apply, promote
from providers.nomad.job_check import check
from providers.nomad.job_context import JobContext
from providers.nomad.jobspec_keys import accepted
from providers.nomad.outputs import INPUT_NAMES, setting
from providers.nomad.own_promotion import released
from providers.nomad.plan import changes
from providers.nomad.preflight import preflight
from providers.nomad.promotion import Waiting, given_up_text, promotion_text, resumed_text, waiting, waiting_text
from providers.nomad.removal import remove
from providers.nomad.seen import note, note_unknown
from providers.nomad.sentences import (
    adopted_text,
    destroyed_text,
    exists_text,
    foreign_text,
    standing_text,
    unknown_text,
)
from providers.nomad.spec import (
    OWNER_KEY,
    Spec,
    is_known,
    is_secret,
    json_job,
    parse,
    same_source,
)
from providers.nomad.standing import Assessment, Standing
from providers.plugin import CheckFailure, Diff, ProviderError
from providers.properties import Properties
from providers.words import counted

TOKEN = "nomad:index/job:Job"


class JobResource:
    """Nomad jobs as Pulumi resources."""

    def __init__(self, context: JobContext) -> None:
        self._ctx = context
        self._looked_up: dict[str, tuple[tuple[str, str], Json | None]] = {}
        """What a check has found, for the diff or the creation that comes next."""
        self._foresight = Foresight()

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """Every wrong input at once; Nomad parses and validates the job where it differs from the recorded one."""
        self._ctx.written.see(urn)
        failures, job = await check(self._ctx, urn, old, new)
        if job is None:
            note_unknown(new)
        elif not failures:
            current = await self._ctx.client.job(*job)
            note(new, job, current)
            self._looked_up[urn] = (job, current)
        return failures

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
        namespace = outputs.get("namespace", self._ctx.client.namespace)
        looked_up, current = self._looked_up.pop(urn, (None, None))
        if looked_up != (namespace, id):
            current = await self._ctx.client.job(namespace, id)
        standing = await self._ctx.standing(urn, current, old_inputs, outputs)
        if same_source(old_inputs, new):
            if standing.standing is Standing.FOREIGN:
                text = foreign_text(
                    id, standing, "Nothing is changed now.", secret=is_secret(new) or is_secret(old_inputs)
                )
                await self._ctx.engine.warning(urn, text)
            left = await self._left(urn, new, standing)
            # An autoscaler's counts are left alone; everything else that others did is put right.
            put_right = (Standing.GONE, Standing.STOPPED, Standing.UNRECORDED)
            moved = standing.standing in put_right or standing.scaled_by_hand
            rerun = setting(new, "rerunIfDead") and (standing.current or {}).get("Status") == "dead"
            return Diff([*changed, "jobspec"] if moved or rerun or left else changed, [])
        wanted = await parse(self._ctx.client, new)
        spec = await self._ctx.as_registered(wanted.scaled_as(standing.current), new, old_inputs, standing.current)
        if spec.id != id or spec.namespace != outputs.get("namespace", spec.namespace):
            await self._tell_replacement(urn, id, spec, setting(new, "deregisterOnIdChange"), standing)
            return Diff([*changed, "jobspec"], ["jobspec"])
        if self._ctx.expected.awaited_by(spec.job):
            return Diff([*changed, "jobspec"], [])
        if standing.standing is Standing.OURS:
            plan = await compared(self._ctx.client, spec.marked(urn), standing.current)
            if not changes(plan):
                left = await self._left(urn, new, standing)
                return Diff([*changed, "jobspec"] if left else changed, [])
            if not setting(new, "policyOverride"):
                self._foresight.keep(urn, Foreseen(wanted, standing, plan))
        return Diff([*changed, "jobspec"], [])

    async def _tell_replacement(self, urn: str, id: str, spec: Spec, deregister: bool, standing: Assessment) -> None:
        """Says what becomes of the old ID's job. Raises ProviderError where it is to stay: Pulumi cannot do that."""
        if not deregister:
            raise ProviderError(
                f'The job\'s ID changes from "{id}" to "{spec.id}" with deregister_on_id_change off. To keep "{id}" '
                f"running outside this stack, first run: pulumi state delete '{urn}'"
            )
        stops = await self._ctx.running(standing.current)
        await self._ctx.engine.info(
            urn,
            f'Job "{id}" is replaced by job "{spec.id}" (namespace {spec.namespace}): when the new one is healthy, '
            f"{counted(stops, 'instance')} of the old one {'stops' if stops == 1 else 'stop'}.",
        )

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]:
        """Registers a job that does not exist yet, or goes on with one that an interrupted `up` of it left."""
        if not is_known(new):
            await self._ctx.engine.info(urn, unknown_text(new))
            return "", job_outputs.predicted(new, None)
        spec = await parse(self._ctx.client, new)
        looked_up, current = self._looked_up.pop(urn, (None, None))
        # That there is still none, Nomad enforces when the job is registered.
        if looked_up != (spec.namespace, spec.id) or current is not None:
            current = await self._ctx.client.job(spec.namespace, spec.id)
        owner = ((current or {}).get("Meta") or {}).get(OWNER_KEY)
        if current is not None and owner != urn:
            raise ProviderError(exists_text(TOKEN, spec, current, owner, urn))
        if current is not None:
            await self._ctx.engine.info(urn, adopted_text(current))
            spec = spec.scaled_as(current)
            spec = spec if setting(new, "detach") else spec.held_as(current)
        plan = await preflight(self._ctx, urn, spec, new, current, preview=preview)
        if preview:
            return "", job_outputs.predicted(new, None)
        return spec.id, await apply(self._ctx, urn, spec, new, current, plan, timeout_s)

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
            await self._ctx.engine.info(urn, unknown_text(new))
            return job_outputs.predicted(new, outputs)
        spec = await parse(self._ctx.client, new)
        foreseen = self._foresight.take(urn, spec, preview=preview)
        standing = foreseen.standing if foreseen else await self._ctx.assess(urn, id, old_inputs, outputs)
        spec = spec.scaled_as(standing.current)
        # An `up` that was killed after its registration leaves a job that is not the recorded one, but the wanted one.
        if standing.standing is Standing.FOREIGN and changes(
            await compared(self._ctx.client, spec.held_as(standing.current).marked(urn), standing.current)
        ):
            secret = spec.secret or is_secret(old_inputs)
            raise ProviderError(foreign_text(id, standing, "It is not overwritten.", secret=secret))
        if standing.standing in (Standing.FOREIGN, Standing.UNRECORDED) and not setting(new, "detach"):
            spec = spec.held_as(standing.current)
        else:
            spec = await self._ctx.as_registered(spec, new, old_inputs, standing.current)
        if preview and standing.standing is not Standing.OURS:
            await self._ctx.engine.info(urn, standing_text(id, standing))
        plan = foreseen.plan if foreseen else None
        canaries = await self._canaries(standing)
        if canaries and standing.current:
            wanted = changes(plan or await compared(self._ctx.client, spec.marked(urn), standing.current))
            if not wanted and preview and canaries.left_by_up(spec.by_up):
                await self._ctx.engine.info(urn, resumed_text(standing.current, canaries))
                return job_outputs.predicted(new, outputs)
            if canaries.asked_for(wanted) and preview:
                await self._ctx.engine.info(urn, promotion_text(standing.current, canaries, wanted))
                return job_outputs.predicted(new, outputs)
            if canaries.asked_for(wanted):
                await promote(self._ctx, urn, spec, new, standing.current, canaries.deployment, timeout_s)
                plan = None
            elif preview and wanted:
                await self._ctx.engine.warning(urn, given_up_text(standing.current, canaries))
        plan = await preflight(self._ctx, urn, spec, new, standing.current, preview=preview, plan=plan)
        if preview:
            return job_outputs.predicted(new, outputs)
        return await apply(self._ctx, urn, spec, new, standing.current, plan, timeout_s)

    async def _left(self, urn: str, inputs: Properties, standing: Assessment) -> bool:
        """Whether an interrupted `up` has left canaries that it would have promoted; others that wait are told."""
        canaries = await self._canaries(standing)
        if canaries is None or standing.current is None:
            return False
        if canaries.left_by_up((await parse(self._ctx.client, inputs)).by_up):
            return not setting(inputs, "detach")
        await self._ctx.engine.info(urn, waiting_text(standing.current, canaries))
        return False

    async def _canaries(self, standing: Assessment) -> Waiting | None:
        """The canaries of this stack's own version that Nomad does not promote."""
        if standing.standing is not Standing.OURS or standing.current is None:
            return None
        return await waiting(self._ctx.client, standing.current)

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]:
        """What Nomad has now. An out-of-band change comes back as a jobspec in Nomad's JSON.

        Without inputs (an import) the jobspec is the job's own source, or JSON where that is not what runs.
        """
        job_id, _, namespace = id.partition("@") if not outputs.values else (id, "", outputs.get("namespace", ""))
        namespace = namespace or self._ctx.client.namespace
        current = await self._ctx.client.job(namespace, job_id)
        if current is None:
            return "", Properties(), Properties()
        if not inputs.get("jobspec"):
            known = {**settings_of_component(urn), **inputs.values}
            inputs = Properties({**known, **await source(self._ctx.client, current)}, inputs.secrets)
            return job_id, inputs, await self._ctx.outputs(inputs, current)
        standing = await self._ctx.assess(urn, job_id, inputs, outputs)
        drifted = (Standing.FOREIGN, Standing.UNRECORDED, Standing.REVERTED)
        if standing.standing in drifted or standing.scaled_by_hand:
            values = {**inputs.values, "jobspec": await self._drifted(inputs, outputs, current), "json": True}
            values.pop("hcl2", None)
            inputs = Properties(values, inputs.secrets)
        return job_id, inputs, await self._ctx.outputs(inputs, current)

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Stops the job and waits until its instances are gone, from Nomad and from Consul."""
        self._ctx.written.see(urn)
        await self._end(urn, id, inputs, outputs)
        self._ctx.written.forget(urn)

    async def _end(self, urn: str, id: str, inputs: Properties, outputs: Properties) -> None:
        if not setting(outputs, "deregisterOnDestroy"):
            await self._ctx.engine.info(urn, f'Job "{id}" keeps running in Nomad (deregister_on_destroy is off).')
            return
        namespace = outputs.get("namespace", self._ctx.client.namespace)
        current = await self._ctx.client.job(namespace, id)
        if current is not None and not _is_ours(current, urn, outputs):
            await self._ctx.engine.warning(
                urn,
                f'Job "{id}" in Nomad is not the one of this stack any more: it was removed and made anew by somebody '
                "else. It is left as it is.",
            )
            return
        if current is not None:
            standing = await self._ctx.standing(urn, current, inputs, outputs)
            if standing.standing is Standing.FOREIGN:
                text = destroyed_text(urn, standing, secret=is_secret(inputs))
                if (current.get("Meta") or {}).get(OWNER_KEY) != urn:
                    raise ProviderError(text)
                # With the mark it may be what an interrupted `up` of this stack has registered.
                await self._ctx.engine.warning(urn, text)
            stops = await self._ctx.running(current)
            await self._ctx.engine.info(
                urn, f'Job "{id}": {counted(stops, "instance")} {"stops" if stops == 1 else "stop"}.'
            )
        purge = setting(outputs, "purgeOnDestroy")
        report = partial(self._ctx.engine.status, urn)
        await remove(
            self._ctx.client, self._ctx.hub, self._ctx.consul, namespace, id, purge, self._ctx.cancelled, report
        )

    async def _drifted(self, inputs: Properties, outputs: Properties, current: Json) -> str:
        """The jobspec with the out-of-band change in it.

        It is the user's own JSON where Nomad still has the recorded version.
        """
        if setting(inputs, "json"):
            for version in await self._ctx.client.versions(current["Namespace"], current["ID"]):
                if str(version["JobModifyIndex"]) == outputs.get("modifyIndex"):
                    source, where = json_job(inputs.values["jobspec"])
                    wanted = accepted(patched(source, version, current))
                    return json.dumps({where: wanted} if where else wanted, sort_keys=True)
        by_up = (await parse(self._ctx.client, inputs)).by_up if is_known(inputs) else frozenset()
        return jobspec(released(current, by_up))


def _is_ours(current: Json, urn: str, outputs: Properties) -> bool:
    """Whether a job is the one of the state: by its mark, or, after a rename of the resource, by its creation."""
    marked = (current.get("Meta") or {}).get(OWNER_KEY) == urn
    return marked or str(current.get("CreateIndex")) == str(outputs.get("createIndex"))
