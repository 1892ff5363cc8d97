"""Whether a service keeps serving while its job changes, and what to do where it does not.

What the plan says of it is in advice.py; here the scheduler is asked whether the remedy would work.
"""

from dataclasses import dataclass, field

from providers.nomad import one_writer, remedy
from providers.nomad.advice import GOES_ON, Weight, replaces_instances, running, serving
from providers.nomad.client import Json
from providers.nomad.job_context import JobContext
from providers.nomad.outputs import setting
from providers.nomad.spec import Spec
from providers.properties import Properties
from providers.words import counted

REFUSED = "nomad:refuseDowntime refuses such a change."


@dataclass
class Meanwhile:
    """`lines` belong to the preview; `warnings` are for the user to weigh; `problems` forbid the registration."""

    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def meanwhile(
    ctx: JobContext, urn: str, spec: Spec, inputs: Properties, plan: Json, *, preview: bool
) -> Meanwhile:
    """What becomes of the instances that serve now, by the scheduler's `plan` for the job.

    An update repeats only what takes the service down.
    """
    found = Meanwhile()
    replaces = replaces_instances(plan)
    runs = running(await ctx.client.allocations(spec.namespace, spec.id)) if replaces else {}
    trial = _Trial(ctx, urn, spec, runs, as_json=bool(setting(inputs, "json")))
    ends = spec.job.get("Type") in ("batch", "sysbatch")
    refuses = ctx.refuses_downtime(spec.id)
    promotes = ctx.promotes(spec, inputs)
    for weight, text in serving(spec.job, plan, runs, by_up=spec.by_up, promotes=promotes):
        sentence = f'job "{spec.id}", {text}'
        if weight is Weight.DOWNTIME and not ends:
            what_to_do = await trial.what_to_do(text, plan) if preview or refuses else ""
            if refuses:
                found.problems.append("\n".join(filter(None, [sentence, REFUSED, what_to_do])))
            else:
                found.warnings.append("\n".join(filter(None, [sentence, what_to_do])))
        elif preview and weight is not Weight.NOTE:
            found.warnings.append(sentence)
        elif preview:
            found.lines.append(f"  {text}")
    if replaces and not ends:
        await trial.judge_canaries(plan, found, preview=preview)
    return found


class _Trial:
    """Asks the scheduler what the job would come to if it were written in another way."""

    def __init__(self, ctx: JobContext, urn: str, spec: Spec, runs: dict[str, int], *, as_json: bool) -> None:
        self._ctx = ctx
        self._urn = urn
        self._spec = spec
        self._runs = runs
        self._as_json = as_json

    async def what_to_do(self, text: str, plan: Json) -> str:
        """The advice for a sentence of weight DOWNTIME; "" where the sentence has it in it."""
        group = next((g for g in self._groups() if text.startswith(f"group {g['Name']}: ")), None)
        counts = _updates(plan).get(group["Name"], {}) if group else {}
        if group is None or not (counts.get("Canary") or counts.get("DestructiveUpdate")):
            return ""
        if counts.get("Canary") or GOES_ON in text:
            return remedy.wait_for_checks(self._spec.job, group, self._urn)
        if self._spec.job.get("Type") == "system":
            return ""
        if shared := [*one_writer.volumes(group)]:
            return f"A canary beside it would write to {', '.join(shared)} at the same time, so there is no other way."
        if not await self._is_placed(_apart(remedy.with_canary(group))):
            ports = "".join(f", which holds {port}" for port in static_ports(group)[:1])
            return (
                f"A canary cannot be placed beside the running instance{ports}: with one more node, or a port that "
                "Nomad chooses, a canary would keep it serving."
            )
        return remedy.add_canary(group, self._urn, as_json=self._as_json)

    async def judge_canaries(self, plan: Json, found: Meanwhile, *, preview: bool) -> None:
        """What a canary would share with the running instance and must not: volumes, the address of a static port."""
        for group in self._groups():
            if not _updates(plan).get(group["Name"], {}).get("Canary") or not self._runs.get(group["Name"]):
                continue
            if group["Name"] in (plan.get("FailedTGAllocs") or {}) or self._spec.job.get("Type") == "system":
                continue
            where = f'job "{self._spec.id}", group {group["Name"]}:'
            if shared := [*one_writer.volumes(group)]:
                text = f"{where} a canary would write to {', '.join(shared)} beside the running instance."
                way_out = [await self._cost(group), remedy.several_writers(self._urn)]
                found.problems.append("\n".join([text, *way_out]))
            elif preview and int(group.get("Count") or 1) == 1 and (folders := [*one_writer.folders(group)]):
                text = f"{where} the canary and the running instance both write to {', '.join(folders)}."
                found.warnings.append(
                    f"{text} If that is for one writer, {remedy.no_canary(self._urn)} keeps them apart."
                )
            ports = static_ports(group)
            if ports and not _is_apart(self._spec.job, group) and not await self._is_placed(_apart(group)):
                text = (
                    f"{where} {ports[0]} is held by the running instance. A canary could be placed only on the same "
                    "node, at another of its addresses, and the address of now would end with the old instance."
                )
                found.problems.append(f"{text}\n{await self._cost(group)}")

    async def _cost(self, group: Json) -> str:
        """The way without canaries, and what it means for those who use the service."""
        changed = self._with(remedy.without_canary(group))
        plan = await self._ctx.client.plan(changed)
        costs = [text for _, text in serving(changed, plan, self._runs) if text.startswith(f"group {group['Name']}: ")]
        cost = (
            costs[0].partition(": ")[2] if costs else f"{counted(int(group.get('Count') or 1), 'instance')} stop first"
        )
        return f"With {remedy.no_canary(self._urn)} it works: {cost}."

    async def _is_placed(self, group: Json) -> bool:
        """Whether the scheduler would place all of a group that is written like this."""
        plan = await self._ctx.client.plan(self._with(group))
        return group["Name"] not in (plan.get("FailedTGAllocs") or {})

    def _with(self, group: Json) -> Json:
        job = self._spec.marked(self._urn)
        return {**job, "TaskGroups": [group if g["Name"] == group["Name"] else g for g in self._groups()]}

    def _groups(self) -> list[Json]:
        return list(self._spec.job.get("TaskGroups") or [])


def static_ports(group: Json) -> list[str]:
    """The ports of a group, or of its tasks as they were written before 2020, that have a number: `static port 80`."""
    networks = [*(group.get("Networks") or [])]
    for task in group.get("Tasks") or []:
        networks += (task.get("Resources") or {}).get("Networks") or []
    ports = [port for network in networks for port in network.get("ReservedPorts") or []]
    return [f'static port {port.get("Value")} ("{port.get("Label")}")' for port in ports]


_DISTINCT_HOSTS = "distinct_hosts"


def _apart(group: Json) -> Json:
    """The group with each instance on a node of its own, where it has a static port."""
    if not static_ports(group):
        return group
    constraint = {"LTarget": "", "RTarget": "true", "Operand": _DISTINCT_HOSTS}
    return {**group, "Constraints": [*(group.get("Constraints") or []), constraint]}


def _is_apart(job: Json, group: Json) -> bool:
    constraints = [*(job.get("Constraints") or []), *(group.get("Constraints") or [])]
    return any(one.get("Operand") == _DISTINCT_HOSTS for one in constraints)


def _updates(plan: Json) -> dict[str, Json]:
    return (plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
