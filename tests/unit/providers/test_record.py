"""What all record-like resources do, on the one that is plainest: Namespace."""

import pytest
from aiohttp import web

from providers.nomad.client import Json
from providers.nomad.namespace import NamespaceResource
from providers.plugin import ProviderError
from providers.properties import UNKNOWN, Properties
from tests.unit.providers.nomad_objects import Case, case

TEAM = "/v1/namespace/team"


def namespace(**more: object) -> Json:
    return {"Name": "team", "Description": "a", "Meta": None, "Quota": "", "Capabilities": None, **more}


async def test_everything_wrong_is_told_at_once() -> None:
    async with case(NamespaceResource) as it:
        found = await it.reasons({"name": "a b", "descripton": "x", "meta": {"k": 1}, "description": "x" * 257})
        assert found == [
            ("name", "namespace: name is 'a b'; it must be 1 to 128 letters (a-z, A-Z), digits and hyphens."),
            ("descripton", 'namespace: "descripton" is not an input. Did you mean "description"?'),
            ("meta", 'namespace: meta["k"] is 1; it must be a text.'),
            ("description", "namespace: description has 257 characters; 256 are the most."),
        ]


async def test_a_secret_value_is_in_no_message() -> None:
    async with case(NamespaceResource) as it:
        found = await it.reasons({"name": "a", "meta": {"k": 4711}}, frozenset({"meta"}))
        assert found == [("meta", 'namespace: meta["k"] is [secret]; it must be a text.')]


async def test_unknown_values_are_not_judged_and_those_beside_them_are() -> None:
    async with case(NamespaceResource) as it:
        assert await it.reasons({"name": UNKNOWN, "meta": {"a": UNKNOWN}}) == []
        assert [name for name, _ in await it.reasons({"name": UNKNOWN, "description": 5})] == ["description"]


async def test_a_new_object_is_made_and_a_preview_makes_none() -> None:
    async with case(NamespaceResource) as it:
        made, outputs = await it.create({"name": "team", "description": "a"}, preview=True)
        assert (made, outputs.values, it.changes()) == ("", {"name": "team", "description": "a"}, [])
        made, outputs = await it.create({"name": "team", "description": "a"})
        assert (made, outputs.values) == ("team", {"name": "team", "description": "a"})
        assert it.changes() == ["PUT /v1/namespace/team"]


async def test_an_object_without_a_name_gets_the_resources_and_keeps_the_one_it_has() -> None:
    async with case(NamespaceResource) as it:
        made, outputs = await it.create({"description": "a"})
        assert (made, outputs.get("name")) == ("mine", "mine")
        it.nomad.put(TEAM, namespace())
        assert await it.diff("team", {"name": "team", "description": "a"}, {"description": "a"}) == ([], [])


async def test_one_that_exists_is_not_taken_over() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace())
        for preview in (True, False):
            with pytest.raises(ProviderError, match="already exists") as refused:
                await it.create({"name": "team"}, preview=preview)
        assert "pulumi import nomad:index/namespace:Namespace mine team" in str(refused.value)
        assert it.changes() == []


async def test_one_that_is_as_an_interrupted_up_leaves_it_is_taken_over() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace())
        made, outputs = await it.create({"name": "team", "description": "a"})
        assert (made, outputs.get("description")) == ("team", "a")
        assert "It is taken over." in it.log.lines[0][-1]
        assert it.changes() == []


async def test_a_name_that_is_only_known_later_is_not_looked_up() -> None:
    async with case(NamespaceResource) as it:
        _, outputs = await it.create({"name": UNKNOWN, "meta": {"a": UNKNOWN}}, preview=True)
        assert outputs.values["name"] is UNKNOWN
        assert it.asked.targets() == []


async def test_a_difference_of_writing_is_none() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace(Capabilities={"EnabledTaskDrivers": ["a", "b"]}))
        old = {"name": "team", "description": "a", "capabilities": {"enabledTaskDrivers": ["b", "a"]}}
        new = {**old, "capabilities": {"enabledTaskDrivers": ["a", "b", "a"], "disabledTaskDrivers": []}, "meta": {}}
        assert await it.diff("team", old, new) == ([], [])
        assert it.log.lines == []


async def test_a_changed_key_replaces_and_an_unknown_value_is_a_change() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace())
        old = {"name": "team", "description": "a"}
        assert await it.diff("team", old, {"name": "crew", "description": "a"}) == (["name"], ["name"])
        assert await it.diff("team", old, {"name": "team", "description": UNKNOWN}) == (["description"], [])


async def changed_by_others(it: Case[NamespaceResource]) -> None:
    it.nomad.put(TEAM, namespace(Description="theirs", Meta={"k": "v"}))


async def test_what_others_changed_is_warned_of_and_left() -> None:
    async with case(NamespaceResource) as it:
        await changed_by_others(it)
        old = {"name": "team", "description": "a"}
        assert await it.diff("team", old, old) == ([], [])
        assert it.log.lines[0][0] == "warning"
        assert 'description "a" → "theirs"' in it.log.text()
        assert 'meta.k none → "v"' in it.log.text()


async def test_what_others_changed_is_never_overwritten() -> None:
    async with case(NamespaceResource) as it:
        await changed_by_others(it)
        old, new = {"name": "team", "description": "a"}, {"name": "team", "description": "b"}
        for preview in (True, False):
            with pytest.raises(ProviderError, match="It is not overwritten") as refused:
                await it.update("team", old, new, preview=preview)
        assert 'description "a" → "theirs"' in str(refused.value)
        assert "pulumi refresh" in str(refused.value)
        assert it.changes() == []


async def test_what_others_changed_in_a_secret_input_is_named_without_its_value() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace(Meta={"k": "other", "n": "new"}))
        old = Properties({"name": "team", "description": "a", "meta": {"k": "hush"}}, frozenset({"meta"}))
        new = Properties({**old.values, "description": "b"}, old.secrets)
        with pytest.raises(ProviderError) as refused:
            await it.resource.update(it.urn, "team", old, old, new, 0, False)
        text = str(refused.value)
        assert "meta.k: changed" in text
        assert "meta.n: added" in text
        assert "hush" not in text
        assert "other" not in text


async def test_an_update_shows_and_then_writes_what_changes() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace())
        old, new = {"name": "team", "description": "a"}, {"name": "team", "meta": {"k": "v"}}
        assert await it.diff("team", old, new) == (["description", "meta"], [])
        await it.update("team", old, new, preview=True)
        assert it.changes() == []
        assert it.log.text() == 'namespace "team":\n  description "a" → none\n  meta.k none → "v"'
        outputs = await it.update("team", old, new)
        assert outputs.values == new
        assert it.nomad.objects[TEAM]["Description"] == ""


async def test_what_a_killed_update_has_written_already_is_not_held_against_anybody() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace(Description="b"))
        outputs = await it.update("team", {"name": "team", "description": "a"}, {"name": "team", "description": "b"})
        assert outputs.values["description"] == "b"
        assert it.changes() == []


async def test_one_that_is_gone_is_made_again() -> None:
    async with case(NamespaceResource) as it:
        old = {"name": "team", "description": "a"}
        assert await it.diff("team", old, old) == (["description", "name"], [])
        await it.update("team", old, old, preview=True)
        assert "is not in Nomad any more" in it.log.text()
        await it.update("team", old, old)
        assert it.nomad.objects[TEAM]["Description"] == "a"


async def test_a_refresh_takes_what_is_there_and_keeps_how_it_is_written() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace(Description="", Meta={"k": "v"}, Capabilities={"EnabledTaskDrivers": ["a", "b"]}))
        written = {"name": "team", "description": "a", "capabilities": {"enabledTaskDrivers": ["b", "a"]}}
        found, inputs, outputs = await it.read("team", written)
        assert found == "team"
        assert inputs.values == {"name": "team", "capabilities": written["capabilities"], "meta": {"k": "v"}}
        assert outputs.values["capabilities"] == {"enabledTaskDrivers": ["a", "b"]}
        assert await it.read("gone", written) == ("", Properties(), Properties())


async def test_an_import_gives_every_input() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put("/v1/namespace/mine", namespace(Name="mine"))
        _, inputs, _ = await it.read("mine", {})
        assert inputs.values == {"name": "mine", "description": "a"}


async def test_deleting_one_that_is_gone_is_as_good() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put(TEAM, namespace())
        await it.delete("team", {"name": "team", "description": "a"})
        await it.delete("team", {"name": "team", "description": "a"})
        assert it.changes() == ["DELETE /v1/namespace/team"]


async def test_what_others_changed_is_not_deleted() -> None:
    async with case(NamespaceResource) as it:
        await changed_by_others(it)
        with pytest.raises(ProviderError, match="It is not deleted") as refused:
            await it.delete("team", {"name": "team", "description": "a"})
        assert 'description "a" → "theirs"' in str(refused.value)
        assert f"pulumi state delete '{it.urn}'" in str(refused.value)
        assert it.changes() == []


async def test_a_lost_answer_is_read_back() -> None:
    async with case(NamespaceResource) as it:

        def lose(request: web.Request, body: Json) -> web.Response | None:
            if request.method == "PUT":
                it.nomad.put(TEAM, body)
                assert request.transport is not None
                request.transport.close()
            return None

        it.nomad.refuse = lose
        made, _ = await it.create({"name": "team", "description": "a"})
        assert made == "team"


async def test_what_nomad_refuses_names_the_object() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.refuse = lambda request, body: web.Response(status=400, text="no") if request.method == "PUT" else None
        with pytest.raises(ProviderError, match=r'namespace "team": Nomad at .* refused PUT /v1/namespace/team: no'):
            await it.create({"name": "team"})


async def test_a_preview_tells_jobs_what_is_going_to_be_made() -> None:
    async with case(NamespaceResource) as it:
        await it.create({"name": "team"}, preview=True)
        assert it.resource._expected.awaited_by({"Namespace": "team"}) == 'namespace "team"'
        old = {"name": "crew"}
        await it.update("crew", old, old, preview=True)
        assert it.resource._expected.awaited_by({"Namespace": "crew"}) == 'namespace "crew"'
