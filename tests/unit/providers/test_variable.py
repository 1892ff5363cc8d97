"""What is particular to variables: compare and swap, paths, and values that are shown nowhere."""

import pytest
from aiohttp import web

from providers.nomad.client import Json
from providers.nomad.variable import VERSION, VariableResource
from providers.plugin import ProviderError
from providers.properties import UNKNOWN, Properties
from tests.unit.providers.nomad_objects import case

URL = "/v1/var/app/db"
ID = "app/db@default"
HUSH = "correct-horse"


def variable(**items: str) -> Json:
    return {"Path": "app/db", "Namespace": "default", "Items": items}


async def test_a_new_variable_is_written_only_where_there_is_none() -> None:
    async with case(VariableResource) as it:
        made, outputs = await it.create({"path": "app/db", "items": {"a": HUSH}})
        assert made == ID
        assert outputs.values == {"path": "app/db", "namespace": "default", "items": {"a": HUSH}}
        assert outputs.secrets == {"items"}
        assert it.changes() == ["PUT /v1/var/app%2Fdb?cas=0&namespace=default"]


async def test_an_update_swaps_the_index_that_was_judged() -> None:
    async with case(VariableResource) as it:
        index = it.nomad.put(URL, variable(a=HUSH))["ModifyIndex"]
        old = {"path": "app/db", "items": {"a": HUSH}}
        await it.update(ID, old, {"path": "app/db", "items": {"a": "other"}})
        assert it.changes() == [f"PUT /v1/var/app%2Fdb?cas={index}&namespace=default"]


async def test_a_conflict_shows_none_of_the_values() -> None:
    async with case(VariableResource) as it:
        it.nomad.put(URL, variable(a=HUSH))
        it.nomad.refuse = lambda request, body: (
            web.json_response(variable(a=HUSH), status=409) if request.method == "PUT" else None
        )
        with pytest.raises(ProviderError, match="changed by somebody else between") as refused:
            await it.update(ID, {"path": "app/db", "items": {"a": HUSH}}, {"path": "app/db", "items": {"a": "b"}})
        assert HUSH not in str(refused.value)
        assert refused.value.__suppress_context__


async def test_a_change_names_the_items_and_no_value() -> None:
    async with case(VariableResource) as it:
        it.nomad.put(URL, variable(a=HUSH, b="x"))
        old = {"path": "app/db", "items": {"a": HUSH, "b": "x"}}
        await it.update(ID, old, {"path": "app/db", "items": {"a": "new-horse", "c": "y"}}, preview=True)
        assert it.log.text() == 'variable "app/db":\n  items.a: changed\n  items.b: removed\n  items.c: added'


async def test_what_others_changed_is_named_and_no_value() -> None:
    async with case(VariableResource) as it:
        it.nomad.put(URL, variable(a="their-horse"))
        old = {"path": "app/db", "items": {"a": HUSH}}
        with pytest.raises(ProviderError, match=r"items\.a: changed") as refused:
            await it.update(ID, old, {"path": "app/db", "items": {"a": "my-horse"}})
        assert "horse" not in str(refused.value)


async def test_another_path_or_namespace_is_another_variable() -> None:
    async with case(VariableResource) as it:
        it.nomad.put(URL, variable(a="b"))
        old = {"path": "app/db", "items": {"a": "b"}}
        assert await it.diff(ID, old, {**old, "namespace": "default"}) == ([], [])
        assert await it.diff(ID, old, {**old, "namespace": "team"}) == (["namespace"], ["namespace"])
        assert await it.diff(ID, old, {**old, "path": "app/web"}) == (["path"], ["path"])


async def test_it_is_read_by_path_and_namespace_as_a_secret() -> None:
    async with case(VariableResource) as it:
        it.nomad.put(URL, variable(a=HUSH))
        for typed in ("app/db@default", "app/db"):
            found, inputs, outputs = await it.read(typed, {})
            assert found == ID
            assert inputs == Properties(
                {"path": "app/db", "namespace": "default", "items": {"a": HUSH}}, frozenset({"items"})
            )
            assert outputs.secrets == {"items"}


async def test_it_is_deleted_in_its_namespace() -> None:
    async with case(VariableResource) as it:
        it.nomad.put(URL, {**variable(a="b"), "Namespace": "team"})
        await it.delete("app/db@team", {"path": "app/db", "namespace": "team", "items": {"a": "b"}})
        assert it.changes() == ["DELETE /v1/var/app%2Fdb?cas=11&namespace=team"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a.b", "it must be 1 to 128 letters"),
        ("nomad", 'of the paths below "nomad"'),
        ("nomad/other", 'of the paths below "nomad"'),
        ("nomad/job-templates/a/b", 'Nomad takes one name below "nomad/job-templates"'),
    ],
)
async def test_paths_that_nomad_does_not_take(path: str, reason: str) -> None:
    async with case(VariableResource) as it:
        ((name, found),) = await it.reasons({"path": path, "items": {"a": "b"}})
        assert name == "path"
        assert reason in found


@pytest.mark.parametrize("path", ["a/b-c_d~e", "nomad/jobs", "nomad/jobs/web/api", "nomad/job-templates/x"])
async def test_paths_that_nomad_takes(path: str) -> None:
    async with case(VariableResource) as it:
        assert await it.reasons({"path": path, "items": {"a": UNKNOWN}}) == []


async def test_wrong_items_are_told_without_their_values() -> None:
    async with case(VariableResource) as it:
        assert await it.reasons({"path": "a", "items": {"a": 4711}}) == [
            ("items", 'variable: items["a"] is [secret]; it must be a text.')
        ]
        assert await it.reasons({"path": "a", "items": {"a": "x" * 65536}}) == [
            ("items", "variable: items have 65537 bytes; Nomad takes 65536 at the most.")
        ]
        assert await it.reasons({"path": "a", "items": HUSH}) == [
            ("items", "variable: items is [secret]; it must be a map of texts.")
        ]


async def test_write_only_items_are_refused_with_the_reason() -> None:
    async with case(VariableResource) as it:
        found = dict(await it.reasons({"path": "a", "itemsWo": '{"a": "b"}', "itemsWoVersion": 1}))
        assert set(found) == {"items", "itemsWo", "itemsWoVersion"}
        assert "Pulumi keeps every input in its state" in found["itemsWo"]


async def test_each_write_of_a_versions_values_has_a_version_of_its_own() -> None:
    """RW-42: the job that reads them starts anew after the write, and only then; going back is a new version, too."""
    seen = []
    async with case(VariableResource) as it:
        old = {"path": "app/db", "items": {"a": "1", VERSION: "of-1"}}
        _, outputs = await it.create(old)
        seen.append(outputs.values["items"][VERSION])
        for value in ("2", "1"):
            new = {"path": "app/db", "items": {"a": value, VERSION: f"of-{value}"}}
            predicted = await it.update(ID, old, new, outputs=outputs, preview=True)
            outputs = await it.update(ID, old, new, outputs=outputs)
            assert predicted.values["items"] == outputs.values["items"]
            assert it.nomad.objects[URL]["Items"] == outputs.values["items"]
            seen.append(outputs.values["items"][VERSION])
            old = new
    assert seen[0] == "of-1"
    assert len(set(seen)) == 3


async def test_values_that_are_encrypted_anew_change_nothing() -> None:
    """RW-45: after `pulumi stack change-secrets-provider` every service with secrets was rolled out."""
    async with case(VariableResource) as it:
        it.nomad.put(URL, variable(a=HUSH, **{VERSION: "of-old-passphrase"}))
        old = {"path": "app/db", "items": {"a": HUSH, VERSION: "of-old-passphrase"}}
        new = {"path": "app/db", "items": {"a": HUSH, VERSION: "of-new-passphrase"}}
        assert await it.diff(ID, old, new) == ([], [])
        assert it.log.text() == (
            'variable "app/db": its values are encrypted anew, and the same as before: neither the variable nor its '
            "job changes."
        )
        # Nor does what the program has recorded then count as a change by others.
        assert await it.diff(ID, new, new) == ([], [])
        assert it.changes() == []
