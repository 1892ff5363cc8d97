"""ACL policies, roles and tokens that need one another. What they have in common with others is in test_lives.py."""

import pytest

from tests.cluster.nomad_lives import READ
from tests.faults.secured import Secured
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

WRITE = 'namespace "default" {\n  policy = "write"\n}\n'


def write(stack: Stack, rules: str, description: str = "d") -> None:
    name = stack.name
    stack.write(
        f"policy = nomad.AclPolicy('policy', name={name!r}, description={description!r}, rules_hcl={rules!r})",
        f"role = nomad.AclRole('role', name={name!r}, description={description!r},",
        "    policies=[nomad.AclRolePolicyArgs(name=policy.name)])",
        f"token = nomad.AclToken('token', name={description!r}, type='client', expiration_ttl='2h',",
        "    policies=[policy.name], roles=[nomad.AclTokenRoleArgs(id=role.id)])",
        "pulumi.export('accessor', token.accessor_id)\npulumi.export('secret', token.secret_id)",
    )


def test_a_policy_a_role_and_a_token_of_both(guarded_stack: Stack, secured: Secured) -> None:
    stack = guarded_stack
    write(stack, READ)
    stack.preview()
    stack.up()
    outputs = stack.outputs()
    secret = outputs["secret"]
    assert isinstance(secured.nomad_api(secret).call("GET", "/v1/jobs"), list)
    assert stack.up().unchanged

    write(stack, WRITE, "e")
    assert 'description "d" → "e"' in stack.preview().text
    stack.up()
    token = stack.nomad.call("GET", f"/v1/acl/token/{outputs['accessor']}")
    assert (token["Name"], token["SecretID"]) == ("e", secret)
    assert stack.nomad.call("GET", f"/v1/acl/policy/{stack.name}")["Rules"] == WRITE

    stack.nomad.call("DELETE", f"/v1/acl/token/{outputs['accessor']}")
    stack.up()
    renewed = stack.outputs()
    assert renewed["accessor"] != outputs["accessor"]
    stack.destroy()
    assert stack.nomad.call("GET", f"/v1/acl/token/{renewed['accessor']}") is None
    assert stack.nomad.call("GET", f"/v1/acl/role/name/{stack.name}") is None
    assert stack.nomad.call("GET", f"/v1/acl/policy/{stack.name}") is None
    shown = "\n".join(stack.history)
    assert secret not in shown
    assert renewed["secret"] not in shown


def test_what_somebody_else_changed_in_all_of_them_is_told_of_each(guarded_stack: Stack) -> None:
    stack = guarded_stack
    write(stack, READ)
    stack.up()
    accessor = stack.outputs()["accessor"]
    policy, role = f"/v1/acl/policy/{stack.name}", f"/v1/acl/role/name/{stack.name}"
    token = stack.nomad.call("GET", f"/v1/acl/token/{accessor}")
    stack.nomad.call("POST", policy, {"Name": stack.name, "Description": "theirs", "Rules": READ})
    found = stack.nomad.call("GET", role)
    stack.nomad.call("POST", f"/v1/acl/role/{found['ID']}", {**found, "Description": "theirs"})
    stack.nomad.call("POST", f"/v1/acl/token/{accessor}", {**token, "Name": "theirs"})

    assert stack.preview().text.count("Nothing is changed now") == 3
    write(stack, READ, "mine")
    refused = stack.up(check=False)
    assert refused.code != 0
    assert 'description "d" → "theirs"' in refused.text
    assert stack.nomad.call("GET", policy)["Description"] == "theirs"

    stack.refresh()
    assert 'description "theirs" → "mine"' in stack.preview().text
    stack.up()
    assert stack.nomad.call("GET", policy)["Description"] == "mine"
    assert stack.nomad.call("GET", role)["Description"] == "mine"
    assert stack.nomad.call("GET", f"/v1/acl/token/{accessor}")["Name"] == "mine"
    stack.destroy()


def test_an_imported_token_keeps_its_secret(guarded_stack: Stack) -> None:
    stack, name = guarded_stack, guarded_stack.name
    stack.nomad.call("POST", f"/v1/acl/policy/{name}", {"Name": name, "Description": "d", "Rules": READ})
    role = stack.nomad.call("POST", "/v1/acl/role", {"Name": name, "Description": "d", "Policies": [{"Name": name}]})
    body = {"Name": "d", "Type": "client", "Policies": [name], "Roles": [{"ID": role["ID"]}], "ExpirationTTL": "2h"}
    token = stack.nomad.call("POST", "/v1/acl/token", body)
    stack.import_("nomad:index/aclPolicy:AclPolicy", "policy", name)
    stack.import_("nomad:index/aclRole:AclRole", "role", role["ID"])
    stack.import_("nomad:index/aclToken:AclToken", "token", token["AccessorID"])
    write(stack, READ)
    assert stack.preview().unchanged
    stack.up()
    assert stack.outputs()["secret"] == token["SecretID"]
    stack.destroy()
    assert stack.nomad.call("GET", f"/v1/acl/policy/{name}") is None
    assert token["SecretID"] not in "\n".join(stack.history)


def test_what_nomad_refuses_names_the_object(guarded_stack: Stack) -> None:
    write(guarded_stack, "namespae {}")
    failed = guarded_stack.up(check=False)
    assert failed.code != 0
    assert f'ACL policy "{guarded_stack.name}": Nomad at ' in failed.text
    assert "failed to parse rules" in failed.text
