"""The end of a job with its resource: what is stopped, what is left to others, and what is told."""

from functools import partial

from providers.nomad.client import Json
from providers.nomad.job_context import JobContext
from providers.nomad.outputs import setting
from providers.nomad.removal import Removal, going_on_text, starts_others
from providers.nomad.sentences import destroyed_text
from providers.nomad.spec import OWNER_KEY, is_secret
from providers.nomad.standing import Standing
from providers.plugin import ProviderError
from providers.properties import Properties
from providers.words import counted


async def end(ctx: JobContext, urn: str, id: str, inputs: Properties, outputs: Properties) -> None:
    """Stops a job, unless it is to stay, is not the recorded one any more, or was changed by others."""
    if not setting(outputs, "deregisterOnDestroy"):
        await ctx.engine.info(urn, f'Job "{id}" keeps running in Nomad (deregister_on_destroy is off).')
        return
    namespace = outputs.get("namespace", ctx.client.namespace)
    current = await ctx.client.job(namespace, id)
    if current is not None and not _is_ours(current, urn, outputs):
        await ctx.engine.warning(
            urn,
            f'Job "{id}" in Nomad is not the one of this stack any more: it was removed and made anew by somebody '
            "else. It is left as it is.",
        )
        return
    if current is not None:
        standing = await ctx.standing(urn, id, current, inputs, outputs)
        if standing.standing is Standing.FOREIGN:
            text = destroyed_text(urn, standing, secret=is_secret(inputs))
            if (current.get("Meta") or {}).get(OWNER_KEY) != urn:
                raise ProviderError(text)
            # With the mark it may be what an interrupted `up` of this stack has registered.
            await ctx.engine.warning(urn, text)
        stops = await ctx.running(current)
        text = await runs_text(ctx, current) or (
            f'Job "{id}": {counted(stops, "instance")} {"stops" if stops == 1 else "stop"}.'
        )
        await ctx.engine.info(urn, text)
    report = partial(ctx.engine.status, urn)
    removal = Removal(ctx.client, ctx.hub, ctx.consul, ctx.cancelled, report)
    for text in await removal.remove(namespace, id, urn, purge=setting(outputs, "purgeOnDestroy")):
        await ctx.engine.info(urn, f'Job "{id}", {text}')


async def runs_text(ctx: JobContext, job: Json | None) -> str:
    """What becomes of the runs that a periodic or parameterized job has started, when it is deleted."""
    if job is None or not starts_others(job):
        return ""
    return going_on_text(job["ID"], await ctx.client.children(job["Namespace"], job["ID"]))


def _is_ours(current: Json, urn: str, outputs: Properties) -> bool:
    """Whether a job is the one of the state: by its mark, or, after a rename of the resource, by its creation.

    A state of the official plugin records neither; what others changed of its job is refused later.
    """
    marked = (current.get("Meta") or {}).get(OWNER_KEY) == urn
    created = outputs.get("createIndex")
    return marked or created is None or str(current.get("CreateIndex")) == str(created)
