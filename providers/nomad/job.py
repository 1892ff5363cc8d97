"""The resource nomad:index/job:Job: check, diff, create, read, update and delete of a Nomad job."""

from providers.claims import Claim
from providers.nomad import holders
from providers.nomad import outputs as job_outputs
from providers.nomad.client import Json
from providers.nomad.comparison import compared
from providers.nomad.counts import overruled, with_kept_counts
from providers.nomad.drift import drifted
from providers.nomad.foresight import Foreseen, Foresight
from providers.nomad.imported import settings_of_component, source
from providers.nomad.job_apply import apply, is_registered_anew, promote
from providers.nomad.job_check import check
from providers.nomad.job_context import JobContext
from providers.nomad.job_end import end, runs_text
from providers.nomad.outputs import INPUT_NAMES, setting
from providers.nomad.plan import changes
from providers.nomad.preflight import preflight
from providers.nomad.promotion import Waiting, given_up_text, promotion_text, resumed_text, waiting, waiting_text
from providers.nomad.seen import note, note_unknown, noted_job
from providers.nomad.sentences import (
    adopted_text,
    drift_text,
    ended_text,
    exists_text,
    foreign_text,
    forgotten_text,
    same_text,
    standing_text,
    unknown_text,
)
from providers.nomad.spec import (
    OWNER_KEY,
    Spec,
    is_known,
    is_secret,
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

    reports_progress = True

    def __init__(self, context: JobContext) -> None:
        self._ctx = context
        self._looked_up: dict[str, tuple[tuple[str, str], Json | None]] = {}
        """What a check has found, for the diff or the creation that comes next."""
        self._foresight = Foresight()

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """Every wrong input at once; Nomad parses and validates the job where it differs from the recorded one."""
        self._ctx.written.see(urn)
        failures, job = await check(self._ctx, urn, old, new)
        if job is None and not is_known(new):
            note_unknown(new)
        elif job is not None and not failures:
            current = await self._ctx.client.job(*job)
            if refusal := self._ctx.previewed.differs(urn, note(new, job, current)):
                raise ProviderError(refusal)
            self._looked_up[urn] = (job, current)
        return failures

    def claims(self, urn: str, old: Properties, new: Properties) -> list[Claim]:
        """The job; none where only the update knows its ID."""
        job = noted_job(new)
        return [] if job is None else [Claim("job", job[1], (f"namespace {job[0]}",))]

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
        standing = await self._ctx.standing(urn, id, current, old_inputs, outputs)
        if standing.standing is Standing.ENDED and not await self._runs_again(old_inputs, new):
            await self._ctx.engine.info(urn, ended_text(id, outputs))
            return Diff(changed, [])
        if same_source(old_inputs, new):
            if standing.standing is Standing.FOREIGN:
                text = foreign_text(
                    id, standing, "Nothing is changed now.", secret=is_secret(new) or is_secret(old_inputs)
                )
                await self._ctx.engine.warning(urn, text)
            left = await self._left(urn, new, standing)
            # An autoscaler's counts are left alone; everything else that others did is put right.
            put_right = (Standing.GONE, Standing.ENDED, Standing.STOPPED, Standing.UNRECORDED)
            by_hand = standing.scaled_by_hand and not setting(new, "preserveCounts")
            moved = standing.standing in put_right or by_hand
            rerun = setting(new, "rerunIfDead") and (standing.current or {}).get("Status") == "dead"
            return Diff([*changed, "jobspec"] if moved or rerun or left else changed, [])
        wanted = await parse(self._ctx.client, new)
        counted_as = self._counted(wanted, new, standing.current)
        spec = await self._ctx.as_registered(counted_as, new, old_inputs, standing.current)
        if spec.id != id or spec.namespace != outputs.get("namespace", spec.namespace):
            await self._tell_replacement(urn, id, spec, setting(new, "deregisterOnIdChange"), standing)
            return Diff([*changed, "jobspec"], ["jobspec"])
        if counted_as != wanted:
            recorded = await parse(self._ctx.client, old_inputs)
            for sentence in overruled(recorded.job, wanted.job, counted_as.job):
                await self._ctx.engine.info(urn, f'job "{id}", {sentence}')
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

    @staticmethod
    def _counted(spec: Spec, inputs: Properties, current: Json | None) -> Spec:
        return with_kept_counts(spec, current, preserve=setting(inputs, "preserveCounts"))

    async def _runs_again(self, old_inputs: Properties, new: Properties) -> bool:
        """Whether a job that has ended and is gone is to run again: because it is another one, or for its setting."""
        if setting(new, "rerunIfDead"):
            return True
        if same_source(old_inputs, new):
            return False
        return (await parse(self._ctx.client, old_inputs)).job != (await parse(self._ctx.client, new)).job

    async def _tell_replacement(self, urn: str, id: str, spec: Spec, deregister: bool, standing: Assessment) -> None:
        """Says what becomes of the old ID's job. Raises ProviderError where it is to stay: Pulumi cannot do that."""
        if not deregister:
            raise ProviderError(
                f'The job\'s ID changes from "{id}" to "{spec.id}" with deregister_on_id_change off. To keep "{id}" '
                f"running outside this stack, first run: pulumi state delete '{urn}'"
            )
        if standing.current is not None:
            self._ctx.replaced[urn] = holders.of(standing.current)
        stops = await self._ctx.running(standing.current)
        await self._ctx.engine.info(
            urn,
            f'Job "{id}" is replaced by job "{spec.id}" (namespace {spec.namespace}): when the new one is healthy '
            f"(with delete_before_replace: before it starts), {counted(stops, 'instance')} of the old one "
            f"{'stops' if stops == 1 else 'stop'}.",
        )
        if text := await runs_text(self._ctx, standing.current):
            await self._ctx.engine.info(urn, text)

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
            spec = self._counted(spec, new, current)
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
        if standing.standing is Standing.ENDED and not await self._runs_again(old_inputs, new):
            return job_outputs.kept(new, outputs)
        spec = self._counted(spec, new, standing.current)
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
        if standing.standing is not Standing.OURS:
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
        if plan is None:
            override = setting(new, "policyOverride")
            plan = await compared(self._ctx.client, spec.marked(urn), standing.current, policy_override=override)
        if not is_registered_anew(standing.current, plan):
            await self._ctx.engine.info(urn, same_text(id))
        else:
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
            if inputs.get("jobspec"):
                standing = await self._ctx.standing(urn, job_id, None, inputs, outputs)
                if standing.standing is Standing.ENDED:
                    # Out of the state it would be run again.
                    return job_id, inputs, outputs
                await self._ctx.engine.warning(urn, forgotten_text(job_id))
            return "", Properties(), Properties()
        if not inputs.get("jobspec"):
            known = {**settings_of_component(urn), **inputs.values}
            inputs = Properties({**known, **await source(self._ctx.client, current)}, inputs.secrets)
            return job_id, inputs, await self._ctx.outputs(inputs, current)
        standing = await self._ctx.assess(urn, job_id, inputs, outputs)
        moved = (Standing.FOREIGN, Standing.UNRECORDED, Standing.REVERTED)
        if standing.standing in moved or standing.scaled_by_hand:
            text = drift_text(job_id, standing, secret=is_secret(inputs))
            await self._ctx.engine.warning(urn, text)
            values = {
                **inputs.values,
                "jobspec": await drifted(self._ctx.client, inputs, outputs, current),
                "json": True,
            }
            values.pop("hcl2", None)
            inputs = Properties(values, inputs.secrets)
        return job_id, inputs, await self._ctx.outputs(inputs, current, outputs)

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Stops the job and waits until its instances are gone, from Nomad and from Consul."""
        self._ctx.written.see(urn)
        await end(self._ctx, urn, id, inputs, outputs)
        self._ctx.written.forget(urn)
