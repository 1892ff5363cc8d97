"""The Job resource against a Nomad that answers as it is told."""

import asyncio
import json
from typing import Any, cast

import pytest

from providers.http_api import Unreachable
from providers.nomad import foresight
from providers.nomad.client import Json
from providers.nomad.expected import Expected
from providers.nomad.job import JobResource
from providers.nomad.job_context import JobContext
from providers.nomad.seen import JOB, SEEN
from providers.nomad.spec import OWNER_KEY
from providers.plugin import Engine, InitFailed, ProviderError
from providers.properties import UNKNOWN, Properties
from providers.words import MASK
from tests.unit.providers.nomad_stub import FakeHub, FakeNomad, refusal
from tests.unit.providers.recordings import recorded

URN = "urn:pulumi:dev::caravan::nomad:index/job:Job::web"
NONE = {"Diff": {"Type": "None"}}
PRIORITY: Json = {
    "Diff": {
        "Type": "Edited",
        "Fields": [{"Type": "Edited", "Name": "Priority", "Old": "70", "New": "50"}],
        "TaskGroups": [{"Type": "Edited", "Name": "web", "Updates": {"ignore": 1}}],
    }
}
AWAY = Unreachable("Nomad cannot be reached at http://127.0.0.1:4646: connection refused.")


class Log:
    """The engine's log, kept."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    async def info(self, urn: str, message: str) -> None:
        self.lines.append(("info", message))

    async def warning(self, urn: str, message: str) -> None:
        self.lines.append(("warning", message))

    async def status(self, urn: str, message: str) -> None:
        self.lines.append(("status", message))

    def text(self) -> str:
        return "\n".join(message for _, message in self.lines)


class Case:
    """A resource, its Nomad and its log. By default the job runs as it was recorded, at index 10."""

    def __init__(self, **answers: Any) -> None:
        self.log = Log()
        self.running = {**recorded("successful")["job"], "Meta": {OWNER_KEY: URN}, "JobModifyIndex": 10}
        self.nomad = FakeNomad(**{"job": self.running, "plan": NONE, **answers})
        self.cancelled = asyncio.Event()
        self.resource = JobResource(
            JobContext(cast(Engine, self.log), self.nomad.client, FakeHub().hub, None, self.cancelled)
        )

    def source(self, **changes: Any) -> str:
        return json.dumps({"ID": self.running["ID"], **changes})

    def inputs(self, *, secret: bool = False, **changes: Any) -> Properties:
        values = {"jobspec": self.source(**changes), "json": True, "detach": True}
        return Properties(values, frozenset({"jobspec"} if secret else ()))

    def outputs(self, index: int = 10) -> Properties:
        return Properties({"namespace": "default", "modifyIndex": str(index)})

    @property
    def id(self) -> str:
        return str(self.running["ID"])

    async def update(self, new: Properties, *, index: int = 10, preview: bool = False) -> Properties:
        return await self.resource.update(URN, self.id, self.inputs(), self.outputs(index), new, 0, preview)


async def reasons(case: Case, values: dict[str, Any], old: Properties | None = None) -> list[tuple[str, str]]:
    failures = await case.resource.check(URN, old or Properties(), Properties(values))
    return [(failure.property, failure.reason) for failure in failures]


async def test_everything_wrong_with_the_inputs_is_told_at_once() -> None:
    found = await reasons(Case(), {"jobspc": "x", "detach": "yes", "purgeOnDestroy": 1, "json": True, "jobspec": "{"})
    assert [name for name, _ in found] == ["jobspc", "detach", "purgeOnDestroy", "jobspec"]
    assert found[0][1] == '"jobspc" is not an input of nomad.Job. Did you mean "jobspec"?'
    assert found[1][1] == "detach is 'yes'; it must be true or false."


async def test_a_missing_jobspec() -> None:
    assert ("jobspec", "The jobspec is missing; give the text of a Nomad job.") in await reasons(Case(), {})


async def test_a_jobspec_known_only_later_is_not_judged() -> None:
    case = Case()
    new = Properties({"jobspec": UNKNOWN})
    assert await case.resource.check(URN, Properties(), new) == []
    assert case.nomad.calls == []
    assert new.values[SEEN] is UNKNOWN


@pytest.mark.parametrize(
    ("answer", "told"),
    [('Failed to parse job: Unset variable "b"; A used variable must be set', 0), ("Unclosed configuration block", 1)],
)
async def test_hcl_with_a_variable_known_only_later_is_judged_as_far_as_nomad_reads(answer: str, told: int) -> None:
    case = Case(parse_hcl=refusal(400, answer))
    new = {"jobspec": 'job "web" {', "hcl2": {"vars": {"a": "1", "b": UNKNOWN}}}
    assert len(await reasons(case, new)) == told


async def test_a_preview_says_what_only_the_update_knows() -> None:
    case = Case()
    await case.resource.create(URN, Properties({"jobspec": "x", "hcl2": {"vars": {"a": "1", "b": UNKNOWN}}}), 0, True)
    assert "job: hcl2.vars.b is known only during the update." in case.log.text()
    await case.update(Properties({"jobspec": UNKNOWN, "hcl2": UNKNOWN}), preview=True)
    assert "job: jobspec and hcl2 are known only during the update." in case.log.text()


async def test_nomad_validates_the_job() -> None:
    case = Case(validate={"ValidationErrors": ["Task group web validation failed", "b"]})
    assert await reasons(case, {"jobspec": '{"ID": "web"}', "json": True}) == [
        ("jobspec", 'job "web": Task group web validation failed'),
        ("jobspec", 'job "web": b'),
    ]


async def test_what_nomad_refuses_outright_is_a_failed_check() -> None:
    case = Case(validate=refusal(500, "1 error occurred:\n\t* Missing job datacenters\n"))
    assert await reasons(case, {"jobspec": '{"ID": "web"}', "json": True}) == [
        ("jobspec", 'job "web": Nomad refuses it: Missing job datacenters')
    ]


async def test_a_namespace_that_the_same_update_makes_is_waited_for() -> None:
    case = Case(validate={"ValidationErrors": ['job "web" is in nonexistent namespace "team"', "b"]}, job=None)
    expected = Expected()
    expected.add("namespace", "team")
    case.resource = JobResource(
        JobContext(cast(Engine, case.log), case.nomad.client, FakeHub().hub, None, case.cancelled, expected)
    )
    values = {"jobspec": '{"ID": "web", "Namespace": "team"}', "json": True}
    assert await reasons(case, values) == [("jobspec", 'job "web": b')]
    await case.resource.create(URN, Properties(values), 0, True)
    assert 'namespace "team" is made by this same update' in case.log.text()
    assert case.nomad.made("plan") == []


async def test_a_token_that_may_not_is_no_failed_check() -> None:
    with pytest.raises(ProviderError, match="Permission denied"):
        await reasons(Case(validate=refusal(403, "Permission denied")), {"jobspec": '{"ID": "web"}', "json": True})


async def test_an_unchanged_source_is_not_parsed_again() -> None:
    case = Case()
    values = {"jobspec": 'job "web" {}'}
    assert await reasons(case, values, Properties({**values, JOB: "web@default"})) == []
    assert case.nomad.calls == [("job", "default", "web")]


async def test_a_state_without_the_noted_job_is_read() -> None:
    case = Case(parse_hcl={"ID": "web"})
    values = {"jobspec": 'job "web" {}'}
    assert await reasons(case, values, Properties(dict(values))) == []
    assert case.nomad.made("validate") == []
    assert case.nomad.made("job") == [("default", "web")]


async def test_what_is_in_nomad_becomes_an_input_that_is_no_difference() -> None:
    case = Case()
    new = case.inputs()
    await case.resource.check(URN, case.inputs(), new)
    assert new.values[JOB] == f"{case.id}@default"
    assert new.values[SEEN] == f'job "{case.id}" is at version 0 (index 10), 2 of web'
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), new)
    assert diff.changed == []
    assert len(case.nomad.calls) == 1  # both together
    assert not {JOB, SEEN} & (await case.update(new)).values.keys()


async def test_no_difference() -> None:
    case = Case()
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), case.inputs())
    assert (diff.changed, diff.replaces) == ([], [])
    assert len(case.nomad.calls) == 1


async def test_another_way_to_write_the_same_job_is_no_difference() -> None:
    case = Case()
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), case.inputs(Priority=50))
    assert diff.changed == []


async def test_a_difference_in_the_job_and_in_a_setting() -> None:
    case = Case(plan=PRIORITY)
    new = case.inputs(Priority=50)
    new.values["purgeOnDestroy"] = True
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), new)
    assert (diff.changed, diff.replaces) == (["purgeOnDestroy", "jobspec"], [])


@pytest.mark.parametrize("change", [{"ID": "other"}, {"Namespace": "elsewhere"}])
async def test_another_id_or_namespace_is_another_job(change: dict[str, Any]) -> None:
    case = Case()
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), case.inputs(**change))
    assert diff.replaces == ["jobspec"]


@pytest.mark.parametrize("job", [None, "stopped"])
async def test_a_job_that_others_stopped_or_removed_is_a_difference(job: str | None) -> None:
    case = Case()
    case.nomad.answers["job"] = {**case.running, "Stop": True} if job else None
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), case.inputs())
    assert diff.changed == ["jobspec"]


async def test_what_others_changed_is_warned_of_where_the_program_changes_nothing() -> None:
    case = Case(plan=PRIORITY)
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(9), case.inputs())
    assert diff.changed == []
    ((kind, text),) = case.log.lines
    assert kind == "warning"
    assert 'Priority "50" → "70"' in text


async def test_the_values_of_a_secret_job_show_nowhere() -> None:
    case = Case(plan=PRIORITY)
    secret = case.inputs(secret=True)
    await case.resource.diff(URN, case.id, secret, case.outputs(9), secret)
    with pytest.raises(ProviderError) as caught:
        await case.resource.update(URN, case.id, secret, case.outputs(9), secret, 0, False)
    await case.resource.update(URN, case.id, secret, case.outputs(10), secret, 0, True)
    told = case.log.text() + str(caught.value)
    assert f"Priority {MASK} → {MASK}" in told
    assert '"70"' not in told
    assert '"50"' not in told


async def test_a_job_of_somebody_else_is_not_overwritten() -> None:
    case = Case(plan=PRIORITY)
    with pytest.raises(ProviderError, match=r"was changed outside this stack .* It is not overwritten"):
        await case.update(case.inputs(Priority=50), index=9)
    assert case.nomad.made("register") == []


async def test_an_update_that_was_killed_after_its_registration_goes_on() -> None:
    """The state has the version before, Nomad has the wanted one: nothing is registered, and nobody is refused."""
    case = Case()
    plans = iter([PRIORITY])
    case.nomad.answers["plan"] = lambda: next(plans, NONE)
    result = await case.update(case.inputs(Priority=70), index=9)
    assert case.nomad.made("register") == []
    assert result.values["modifyIndex"] == "10"


async def test_an_update_enforces_the_index_that_was_judged() -> None:
    case = Case(plan=PRIORITY)
    await case.update(case.inputs(Priority=50))
    ((job, index, override, preserve),) = case.nomad.made("register")
    assert (index, override, preserve) == (10, False, False)
    assert job["Meta"] == {OWNER_KEY: URN}


async def test_an_update_asks_nothing_that_its_diff_has_just_asked() -> None:
    case = Case(plan=PRIORITY)
    new = case.inputs(Priority=50)
    assert await case.resource.check(URN, case.inputs(), new) == []
    diff = await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), new)
    assert diff.changed == ["jobspec"]
    await case.update(new)
    assert [call[0] for call in case.nomad.calls] == ["job", "plan", "register", "job"]


async def test_a_creation_asks_nothing_that_its_check_has_just_asked() -> None:
    case = Case(job=None, plan=PRIORITY)
    assert await case.resource.check(URN, Properties(), case.inputs()) == []
    case.nomad.answers["job"] = iter([case.running]).__next__
    await case.resource.create(URN, case.inputs(), 0, False)
    assert [call[0] for call in case.nomad.calls] == ["validate", "job", "plan", "register", "job"]


async def test_an_update_that_comes_late_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foresight, "FRESH_S", -1.0)
    case = Case(plan=PRIORITY)
    new = case.inputs(Priority=50)
    await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), new)
    await case.update(new)
    assert len(case.nomad.made("plan")) == 2


async def test_what_nomad_refuses_of_a_changed_job_is_told() -> None:
    case = Case(plan=refusal(500, "1 error occurred:\n\t* Missing job datacenters\n"))
    new = case.inputs(Datacenters=[])
    with pytest.raises(ProviderError, match="Nomad refuses it: Missing job datacenters"):
        await case.resource.diff(URN, case.id, case.inputs(), case.outputs(), new)


async def test_a_change_by_others_in_between_is_told() -> None:
    answer = "Enforcing job modify index 10: job exists with conflicting job modify index: 11"
    case = Case(plan=PRIORITY, register=refusal(500, answer))
    with pytest.raises(ProviderError, match="was changed by somebody else between the check and the registration"):
        await case.update(case.inputs(Priority=50))


async def test_a_lost_answer_is_read_back() -> None:
    """The registration took place: the index has moved and the content is the wanted one."""
    case = Case(register=AWAY)
    case.nomad.answers["job"] = lambda: {
        **case.running,
        "JobModifyIndex": 11 if case.nomad.made("register") else 10,
    }
    case.nomad.answers["plan"] = lambda: NONE if case.nomad.made("register") else PRIORITY
    assert (await case.update(case.inputs(Priority=50))).values["modifyIndex"] == "11"


async def test_a_registration_that_never_arrived_is_an_error() -> None:
    case = Case(plan=PRIORITY, register=AWAY)
    with pytest.raises(Unreachable):
        await case.update(case.inputs(Priority=50))
    assert len(case.nomad.made("register")) == 1


async def test_a_preview_registers_nothing() -> None:
    case = Case(plan=PRIORITY)
    predicted = await case.update(case.inputs(Priority=50), preview=True)
    assert case.nomad.made("register") == []
    assert predicted.values["version"] is UNKNOWN
    assert 'Priority "70" → "50"' in case.log.text()
    assert "scheduler: group web: 1 ignore" in case.log.text()


async def test_what_cannot_be_placed_is_not_registered() -> None:
    case = Case(plan={**recorded("plan-memory-exhausted"), **PRIORITY})
    with pytest.raises(ProviderError, match=r"memory is exhausted on 1 node(.|\n)*Nothing was registered"):
        await case.update(case.inputs(Priority=50))
    assert case.nomad.made("register") == []


@pytest.mark.parametrize("owner", [None, "urn:of:another::stack"])
async def test_a_job_that_exists_already_is_not_taken(owner: str | None) -> None:
    case = Case()
    case.nomad.answers["job"] = {**case.running, "Meta": {OWNER_KEY: owner} if owner else None}
    with pytest.raises(
        ProviderError, match=r"already exists in Nomad .* It is not overwritten\. To manage it here: pulumi"
    ):
        await case.resource.create(URN, case.inputs(), 0, False)
    assert case.nomad.made("register") == []


async def test_a_new_job_is_registered_only_if_there_is_none() -> None:
    case = Case()
    answers = iter([None])
    case.nomad.answers["job"] = lambda: next(answers, case.running)
    id_, outputs = await case.resource.create(URN, case.inputs(), 0, False)
    assert (id_, outputs.values["modifyIndex"]) == (case.id, "10")
    assert case.nomad.made("register")[0][1] == 0


async def test_a_job_that_this_resource_registered_before_is_gone_on_with() -> None:
    case = Case()
    await case.resource.create(URN, case.inputs(), 0, False)
    assert case.nomad.made("register") == []


async def test_a_rollout_that_fails_keeps_the_job_in_state() -> None:
    case = Case()
    record = recorded("exit-1")
    case.nomad.answers.update(
        job={**record["job"], "Meta": {OWNER_KEY: URN}},
        deployments=record["deployments"],
        allocations=record["allocations"],
    )
    inputs = Properties({"jobspec": json.dumps({"ID": record["job"]["ID"]}), "json": True})
    with pytest.raises(InitFailed) as caught:
        await case.resource.create(URN, inputs, 0, False)
    failed = caught.value
    assert failed.id == "rec-exit-1"
    assert failed.outputs.values["deploymentStatus"] == "failed"
    assert failed.inputs == inputs
    assert failed.reasons[0].startswith('Job "rec-exit-1" version 0 failed: ')


@pytest.mark.parametrize("answer", [refusal(403, "Permission denied"), AWAY])
async def test_nomad_refusing_to_be_followed_keeps_the_job_in_state(answer: Exception) -> None:
    case = Case()
    case.nomad.answers["deployments"] = answer
    case.cancelled.set()
    inputs = case.inputs()
    inputs.values["detach"] = False
    with pytest.raises(InitFailed) as caught:
        await case.resource.create(URN, inputs, 0, False)
    assert caught.value.id == case.id
    assert caught.value.outputs.values["modifyIndex"] == "10"
    assert str(answer) in " ".join(caught.value.reasons)


async def test_a_refresh_that_finds_nothing_changed() -> None:
    case = Case()
    id_, inputs, outputs = await case.resource.read(URN, case.id, case.inputs(), case.outputs())
    assert (id_, inputs) == (case.id, case.inputs())
    assert outputs.values["version"] == case.running["Version"]


async def test_a_refresh_of_a_job_that_is_gone() -> None:
    case = Case(job=None)
    assert (await case.resource.read(URN, case.id, case.inputs(), case.outputs()))[0] == ""


@pytest.mark.parametrize("kind", ["service", "batch"])
async def test_a_refresh_of_a_stopped_job_says_that_it_is_stopped(kind: str) -> None:
    case = Case()
    case.nomad.answers["job"] = {**case.running, "Stop": True, "Type": kind}
    found, inputs, outputs = await case.resource.read(URN, case.id, case.inputs(), case.outputs())
    assert (found, inputs, outputs.get("stop")) == (case.id, case.inputs(), True)


async def test_a_refresh_shows_what_others_changed_in_the_users_own_jobspec() -> None:
    case = Case(plan=PRIORITY)
    current = {**case.running, "Priority": 70, "JobModifyIndex": 12}
    case.nomad.answers.update(job=current, versions=[current, case.running])
    _, inputs, _ = await case.resource.read(URN, case.id, case.inputs(), case.outputs())
    assert json.loads(inputs.values["jobspec"]) == {"ID": case.id, "Priority": 70}


async def test_an_import_gives_the_source_and_the_defaults_of_everything_else() -> None:
    hcl = f'job "{Case().id}" {{}}'
    case = Case(submission={"Format": "hcl2", "Source": hcl}, parse_hcl={"ID": Case().id})
    id_, inputs, outputs = await case.resource.read(URN, f"{case.id}@default", Properties(), Properties())
    assert (id_, inputs.values) == (case.id, {"jobspec": hcl})
    assert (outputs.values["detach"], outputs.values["json"]) == (False, False)


async def test_a_job_may_outlive_its_resource() -> None:
    case = Case()
    await case.resource.delete(URN, case.id, case.inputs(), Properties({"deregisterOnDestroy": False}), 0)
    assert case.nomad.calls == []


@pytest.mark.parametrize(("purge", "calls"), [(False, [False]), (True, [False, True])])
async def test_a_delete_stops_the_job_and_purges_last(purge: bool, calls: list[bool]) -> None:
    case = Case()
    running = [{"ID": "0123456789", "ClientStatus": "running", "DesiredStatus": "run"}]
    looks = iter([running, running, running])
    case.nomad.answers["allocations"] = lambda: next(looks, [])
    outputs = Properties({"namespace": "default", "purgeOnDestroy": purge})
    await case.resource.delete(URN, case.id, case.inputs(), outputs, 0)
    assert [arguments[2] for arguments in case.nomad.made("deregister")] == calls
    assert len(case.nomad.made("allocations")) == 4
    assert ("info", f'Job "{case.id}": 1 instance stops.') in case.log.lines
    assert ("status", "1 to end") in case.log.lines


@pytest.mark.parametrize("marked", [False, True])
async def test_a_delete_of_what_others_changed(marked: bool) -> None:
    """Without our mark it is theirs; with it, it may be what an interrupted `up` of this stack has registered."""
    case = Case(plan=PRIORITY)
    case.nomad.answers["job"] = {**case.running, "Meta": {OWNER_KEY: URN} if marked else {}}
    outputs = Properties({**case.outputs(9).values, "createIndex": case.running["CreateIndex"]})
    if marked:
        await case.resource.delete(URN, case.id, case.inputs(), outputs, 0)
        assert 'Priority "50" → "70"' in case.log.text()
    else:
        with pytest.raises(ProviderError, match=r"It is not stopped\. To stop it as it is now, run `pulumi refresh`"):
            await case.resource.delete(URN, case.id, case.inputs(), outputs, 0)
    assert len(case.nomad.made("deregister")) == marked


async def test_a_delete_of_what_is_gone() -> None:
    case = Case(job=None)
    await case.resource.delete(URN, case.id, case.inputs(), case.outputs(), 0)
    assert case.nomad.made("deregister") == []
