"""What is particular to ACL policies, roles and tokens."""

import json

import pytest
from aiohttp import web

from providers.nomad.acl_policy import AclPolicyResource
from providers.nomad.acl_role import AclRoleResource
from providers.nomad.acl_token import AclTokenResource
from providers.nomad.client import Json
from providers.plugin import ProviderError
from providers.properties import UNKNOWN
from tests.unit.providers.nomad_objects import Case, case

RULES = 'node { policy = "read" }'
ROLE = "11111111-2222-3333-4444-555555555555"
TOKEN = "66666666-7777-8888-9999-000000000000"
HUSH = "hush-hush"


async def test_every_input_of_a_policy_is_sent_and_read_back() -> None:
    values = {
        "name": "read",
        "description": "a",
        "rulesHcl": RULES,
        "jobAcl": {"namespace": "default", "jobId": "j", "group": "g", "task": "t"},
    }
    async with case(AclPolicyResource) as it:
        assert await it.reasons(values) == []
        _, outputs = await it.create(values)
        sent = it.nomad.objects["/v1/acl/policy/read"]
        assert sent["Rules"] == RULES
        assert sent["JobACL"] == {"Namespace": "default", "JobID": "j", "Group": "g", "Task": "t"}
        assert outputs.values == values


async def test_what_a_policy_lacks_is_told() -> None:
    async with case(AclPolicyResource) as it:
        assert await it.reasons({"name": "read", "jobAcl": {"task": "t", "jobId": UNKNOWN}}) == [
            ("rulesHcl", "ACL policy: rulesHcl is missing; give it."),
            ("jobAcl", "ACL policy: jobAcl.jobId is given without jobAcl.namespace; give that too."),
            ("jobAcl", "ACL policy: jobAcl.task is given without jobAcl.group; give that too."),
        ]


async def test_space_around_rules_is_no_change() -> None:
    async with case(AclPolicyResource) as it:
        it.nomad.put("/v1/acl/policy/read", {"Name": "read", "Rules": RULES + "\n"})
        old = {"name": "read", "rulesHcl": RULES}
        assert await it.diff("read", old, {**old, "rulesHcl": f"\n{RULES}\n"}) == ([], [])
        assert it.log.lines == []


def keeps_ids(it: Case[AclRoleResource]) -> None:
    """Makes Nomad give roles an ID and find them by their names."""

    def handle(request: web.Request, body: Json) -> web.Response | None:
        if request.method == "POST":
            role = it.nomad.put(f"/v1/acl/role/{ROLE}", {**body, "ID": ROLE})
            it.nomad.objects[f"/v1/acl/role/name/{body['Name']}"] = role
            return web.json_response(role)
        return None

    it.nomad.refuse = handle


async def test_a_role_is_known_by_the_id_that_nomad_gives_it() -> None:
    values = {"name": "ops", "description": "a", "policies": [{"name": "b"}, {"name": "a"}]}
    async with case(AclRoleResource) as it:
        keeps_ids(it)
        made, outputs = await it.create(values)
        assert (made, outputs.values) == (ROLE, values)
        assert it.changes() == ["POST /v1/acl/role"]
        renamed = {**values, "name": "ops2", "policies": [{"name": "a"}, {"name": "b"}]}
        assert await it.diff(made, values, renamed) == (["name"], [])
        await it.update(made, values, renamed)
        assert it.changes()[1:] == [f"POST /v1/acl/role/{ROLE}"]
        with pytest.raises(ProviderError, match=f"pulumi import nomad:index/aclRole:AclRole mine {ROLE}"):
            await it.create({**renamed, "description": "b"})


async def test_a_role_that_is_gone_is_replaced_for_its_id_cannot_come_back() -> None:
    values = {"name": "ops", "policies": [{"name": "a"}]}
    async with case(AclRoleResource) as it:
        assert await it.diff(ROLE, values, values) == (["name", "policies"], ["name"])
        with pytest.raises(ProviderError, match="was deleted meanwhile"):
            await it.update(ROLE, values, values)
        assert it.changes() == []


def token(**more: object) -> Json:
    return {
        "AccessorID": TOKEN,
        "SecretID": HUSH,
        "Name": "ci",
        "Type": "client",
        "Policies": ["a", "b"],
        "Roles": [{"ID": ROLE, "Name": "ops"}],
        "Global": False,
        "ExpirationTTL": "1h0m0s",
        "CreateTime": "2026-01-01T00:00:00Z",
        "ExpirationTime": "2026-01-01T01:00:00Z",
        **more,
    }


VALUES = {
    "name": "ci",
    "type": "client",
    "policies": ["b", "a"],
    "roles": [{"id": ROLE}],
    "global": False,
    "expirationTtl": "60m",
}


def gives_tokens(it: Case[AclTokenResource]) -> None:
    def handle(request: web.Request, body: Json) -> web.Response | None:
        if request.method == "POST":
            return web.json_response(it.nomad.put(f"/v1/acl/token/{TOKEN}", token(**body, Roles=token()["Roles"])))
        return None

    def without_roles(request: web.Request, body: Json) -> web.Response | None:
        return handle(request, {name: value for name, value in body.items() if name != "Roles"})

    it.nomad.refuse = without_roles


async def test_a_tokens_secret_is_a_secret_output() -> None:
    async with case(AclTokenResource) as it:
        gives_tokens(it)
        _, predicted = await it.create(VALUES, preview=True)
        assert predicted.values["secretId"] is UNKNOWN
        made, outputs = await it.create(VALUES)
        assert made == TOKEN
        assert outputs.secrets == {"secretId"}
        assert outputs.values["secretId"] == HUSH
        assert outputs.values["accessorId"] == TOKEN
        assert outputs.values["roles"] == [{"id": ROLE, "name": "ops"}]
        assert outputs.values["expirationTime"] == "2026-01-01T01:00:00Z"
        assert b"1h" not in it.asked.asked[0].body
        assert HUSH not in it.log.text()


async def test_a_token_is_unchanged_however_it_is_written_and_replaced_where_nomad_cannot_change_it() -> None:
    async with case(AclTokenResource) as it:
        it.nomad.put(f"/v1/acl/token/{TOKEN}", token())
        assert await it.diff(TOKEN, VALUES, {**VALUES, "policies": ["a", "b"], "expirationTtl": "1h"}) == ([], [])
        assert await it.diff(TOKEN, VALUES, {**VALUES, "global": True}) == (["global"], ["global"])
        assert await it.diff(TOKEN, VALUES, {**VALUES, "expirationTtl": "2h"}) == (["expirationTtl"], ["expirationTtl"])
        assert await it.diff(TOKEN, VALUES, {**VALUES, "policies": ["c"]}) == (["policies"], [])
        assert it.log.lines == []


async def test_a_token_that_has_expired_is_replaced_and_that_is_told() -> None:
    """RW-68."""
    async with case(AclTokenResource) as it:
        it.nomad.put(f"/v1/acl/token/{TOKEN}", token())
        recorded = {**VALUES, "expirationTime": "2999-01-01T01:00:00Z"}
        assert await it.diff(TOKEN, recorded, VALUES) == ([], [])
        recorded["expirationTime"] = "2026-01-01T01:00:00.123456789Z"
        assert await it.diff(TOKEN, recorded, VALUES) == (["expirationTtl"], ["expirationTtl"])
        assert 'ACL token "ci" expired at 2026-01-01T01:00:00' in it.log.text()


async def test_an_update_of_a_token_keeps_its_secret_known() -> None:
    async with case(AclTokenResource) as it:
        it.nomad.put(f"/v1/acl/token/{TOKEN}", token())
        recorded = {**VALUES, "secretId": HUSH, "accessorId": TOKEN}
        predicted = await it.update(TOKEN, recorded, {**VALUES, "policies": ["c"]}, preview=True)
        assert predicted.values["secretId"] == HUSH
        assert "secretId" in predicted.secrets
        assert it.log.text() == 'ACL token "ci":\n  policies ["a", "b"] → ["c"]'


async def test_an_update_of_a_token_repeats_when_it_expires() -> None:
    """Nomad 2.0.5 refused it: "cannot update expiration time"."""
    async with case(AclTokenResource) as it:
        gives_tokens(it)
        it.nomad.put(f"/v1/acl/token/{TOKEN}", token())
        await it.update(TOKEN, VALUES, {**VALUES, "policies": ["c"]})
        (sent,) = [json.loads(asked.body) for asked in it.asked.asked if asked.body]
        assert sent["AccessorID"] == TOKEN
        assert sent["ExpirationTime"] == "2026-01-01T01:00:00Z"
        assert sent["Policies"] == ["c"]


async def test_what_a_token_must_and_must_not_have() -> None:
    async with case(AclTokenResource) as it:
        assert await it.reasons({"type": "client"}) == [
            ("policies", "ACL token: a client token needs policies or roles; give it one.")
        ]
        assert await it.reasons({"type": "client", "policies": [UNKNOWN]}) == []
        ((name, reason),) = await it.reasons({"type": "management", "policies": ["a"], "roles": [{"id": "r"}]})
        assert name == "policies"
        assert "policies and roles given to a management token, which may do everything" in reason
        ((_, reason),) = await it.reasons({"type": "client", "policies": "a"})
        assert reason == "ACL token: policies is 'a'; it must be a list of texts."
        found = [reason for _, reason in await it.reasons({"type": "admin", "roles": [{"id": "x", "name": "y"}]})]
        assert found == [
            "ACL token: type is 'admin'; it must be 'client' or 'management'.",
            "ACL token: roles[0].name is not supported: Nomad knows it by the role's id. Take it out.",
        ]


async def test_a_token_whose_answer_is_lost_may_exist_and_that_is_said() -> None:
    async with case(AclTokenResource) as it:

        def lose(request: web.Request, body: Json) -> web.Response | None:
            if request.method == "POST":
                assert request.transport is not None
                request.transport.close()
            return None

        it.nomad.refuse = lose
        with pytest.raises(ProviderError, match=r"made is not known.*nomad acl token list"):
            await it.create(VALUES)


async def test_a_token_is_deleted_after_its_role_was() -> None:
    async with case(AclTokenResource) as it:
        it.nomad.put(f"/v1/acl/token/{TOKEN}", token(Roles=None))
        await it.delete(TOKEN, VALUES)
        assert it.changes() == [f"DELETE /v1/acl/token/{TOKEN}"]


async def test_a_role_is_deleted_after_a_policy_of_it_was_but_not_where_others_gave_it_one() -> None:
    values = {"name": "ops", "policies": [{"name": "a"}, {"name": "b"}]}
    async with case(AclRoleResource) as it:
        it.nomad.put(f"/v1/acl/role/{ROLE}", {"ID": ROLE, "Name": "ops", "Policies": [{"Name": "b"}, {"Name": "c"}]})
        with pytest.raises(ProviderError, match=r"It is not deleted.*\n.*none → \"c\""):
            await it.delete(ROLE, values)
        it.nomad.put(f"/v1/acl/role/{ROLE}", {"ID": ROLE, "Name": "ops", "Policies": [{"Name": "b"}]})
        await it.delete(ROLE, values)
        assert it.changes() == [f"DELETE /v1/acl/role/{ROLE}"]
