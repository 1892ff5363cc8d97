"""Previews that do not speak to Nomad."""

import json
from typing import Any, cast

import pytest

from providers.nomad.namespace import NamespaceResource
from providers.nomad.offline import ASKED_BY, OfflineJob, OfflineRecord, is_asked, refused_lookup
from providers.nomad.seen import SEEN
from providers.plugin import Engine, ProviderError
from providers.properties import UNKNOWN, Properties

URN = "urn:pulumi:dev::caravan::nomad:index/job:Job::web"


class Log:
    """The engine's log, kept."""

    def __init__(self) -> None:
        self.text = ""

    async def info(self, urn: str, message: str) -> None:
        self.text += message


def offline() -> tuple[OfflineJob, Log]:
    log = Log()
    return OfflineJob(cast(Engine, log), "default"), log


def inputs(*, secret: bool = False, **job: Any) -> Properties:
    text = json.dumps({"ID": "web", **job})
    return Properties({"jobspec": text, "json": True}, frozenset({"jobspec"} if secret else ()))


def test_who_asks_for_it() -> None:
    assert is_asked({ASKED_BY: "true"})
    assert not is_asked({ASKED_BY: "false"})
    assert not is_asked({})


async def test_what_can_be_known_is_checked() -> None:
    wrong = inputs(TaskGroup=[])
    wrong.values["detached"] = True
    found = await offline()[0].check(URN, Properties(), wrong)
    assert [failure.property for failure in found] == ["detached", "jobspec"]
    assert wrong.values[SEEN] == "Nomad was not asked (offline preview)"
    (failure,) = await offline()[0].check(URN, Properties(), Properties({"jobspec": "{", "json": True}))
    assert "The jobspec is not JSON" in failure.reason
    (failure,) = await offline()[0].check(URN, Properties(), Properties({"jobspec": " "}))
    assert "The jobspec is empty" in failure.reason
    assert await offline()[0].check(URN, Properties(), Properties({"jobspec": UNKNOWN})) == []


@pytest.mark.parametrize(
    ("new", "changed", "replaces"),
    [
        (inputs(Priority=50), [], []),
        (Properties({"jobspec": '{ "Priority": 50, "ID": "web" }', "json": True}), [], []),
        (inputs(Priority=60), ["jobspec"], []),
        (inputs(ID="other", Priority=50), ["jobspec"], ["jobspec"]),
        (Properties({"jobspec": UNKNOWN, "json": True}), ["jobspec"], []),
    ],
)
async def test_differences(new: Properties, changed: list[str], replaces: list[str]) -> None:
    diff = await offline()[0].diff(URN, "web", inputs(Priority=50), Properties(), new)
    assert (diff.changed, diff.replaces) == (changed, replaces)


@pytest.mark.parametrize("secret", [False, True])
async def test_a_change_is_shown_by_field(secret: bool) -> None:
    job, log = offline()
    await job.update(URN, "web", inputs(Priority=50), Properties(), inputs(Priority=60, secret=secret), 0, True)
    assert ("Priority [secret]" if secret else 'Priority "50" → "60"') in log.text


async def test_of_hcl_the_lines_and_the_names_of_variables() -> None:
    job, log = offline()
    old = Properties({"jobspec": 'job "web" {}', "hcl2": {"vars": {"a": "1", "b": "1"}}})
    new = Properties({"jobspec": 'job "web" { priority = 1 }', "hcl2": {"vars": {"a": "2", "b": "1"}}})
    await job.update(URN, "web", old, Properties(), new, 0, True)
    assert '+ job "web" { priority = 1 }' in log.text
    assert "hcl2.vars: a" in log.text


async def test_nothing_is_applied() -> None:
    job, _ = offline()
    with pytest.raises(ProviderError, match=f"{ASKED_BY} is set, so Nomad is not spoken to and nothing is registered"):
        await job.create(URN, inputs(), 0, False)
    with pytest.raises(ProviderError, match="nothing is registered"):
        await job.update(URN, "web", inputs(), Properties(), inputs(), 0, False)
    with pytest.raises(ProviderError, match="nothing is deleted"):
        await job.delete(URN, "web", inputs(), Properties(), 0)
    with pytest.raises(ProviderError, match="nothing is refreshed or imported"):
        await job.read(URN, "web", inputs(), Properties())
    with pytest.raises(ProviderError, match="nothing can be looked up"):
        await refused_lookup(Properties())


async def test_the_other_types_by_their_inputs() -> None:
    kind = NamespaceResource
    record = OfflineRecord(cast(Engine, Log()), kind.noun, kind.fields, kind.computed, kind.secrets)
    urn = URN.replace("job:Job::web", "namespace:Namespace::team")
    assert await record.check(urn, Properties(), Properties({"description": "x"})) == []
    (failure,) = await record.check(urn, Properties(), Properties({"description": 3}))
    assert failure.property == "description"
    old, new = Properties({"name": "team"}), Properties({"name": "team", "description": "x"})
    assert (await record.diff(urn, "team", old, Properties(), new)).changed == ["description"]
    assert (await record.create(urn, new, 0, True))[1].get("description") == "x"
    assert (await record.update(urn, "team", old, Properties(), new, 0, True)).get("description") == "x"
    with pytest.raises(ProviderError, match="nothing is made"):
        await record.create(urn, new, 0, False)
    with pytest.raises(ProviderError, match="nothing is changed"):
        await record.update(urn, "team", old, Properties(), new, 0, False)
