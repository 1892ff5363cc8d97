"""ACL policies, roles and tokens through the real CLI, on a Nomad with ACLs."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.cluster.acl_nomad import AclNomad, acl_nomad
from tests.cluster.programs import use
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster

UNCHANGED = re.compile(r"Resources:\n\s+\d+ unchanged\n")
READ = 'namespace "default" {\n  policy = "read"\n}\n'
WRITE = 'namespace "default" {\n  policy = "write"\n}\n'


@pytest.fixture(scope="module")
def acl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AclNomad]:
    with acl_nomad(tmp_path_factory.mktemp("nomad")) as started:
        yield started


@pytest.fixture
def guarded(acl: AclNomad, project: Project) -> Project:
    """The project with the guarded Nomad as its own."""
    project.environment.update(NOMAD_ADDR=acl.address, NOMAD_TOKEN=acl.token)
    project.nomad = acl.api()
    return project


def program(project: Project, rules: str, description: str = "d") -> str:
    name = project.name
    return (
        f"policy = nomad.AclPolicy('policy', name={name!r}, description={description!r}, rules_hcl={rules!r})\n"
        f"role = nomad.AclRole('role', name={name!r}, description={description!r}, "
        "policies=[nomad.AclRolePolicyArgs(name=policy.name)])\n"
        f"token = nomad.AclToken('token', name={description!r}, type='client', expiration_ttl='2h', "
        "policies=[policy.name], roles=[nomad.AclTokenRoleArgs(id=role.id)])\n"
        "pulumi.export('accessor', token.accessor_id)\npulumi.export('secret', token.secret_id)\n"
    )


def test_the_life_of_a_policy_a_role_and_a_token(guarded: Project, acl: AclNomad) -> None:
    use(guarded, program(guarded, READ))
    shown = guarded.preview("--diff").text + guarded.up("--diff").text
    outputs = json.loads(guarded.run("stack", "output", "--json", "--show-secrets").text)
    secret = outputs["secret"]
    assert acl.api(secret).call("GET", "/v1/jobs") == []
    shown += guarded.run("stack", "output", "--json").text + guarded.run("stack", "export").text
    again = guarded.up("--diff").text
    assert UNCHANGED.search(again)

    use(guarded, program(guarded, WRITE, "e"))
    preview = guarded.preview("--diff").text
    assert 'description "d" → "e"' in preview
    shown += again + preview + guarded.up("--diff").text
    token = guarded.nomad.call("GET", f"/v1/acl/token/{outputs['accessor']}")
    assert (token["Name"], token["SecretID"]) == ("e", secret)
    assert guarded.nomad.call("GET", f"/v1/acl/policy/{guarded.name}")["Rules"] == WRITE

    guarded.nomad.call("DELETE", f"/v1/acl/token/{outputs['accessor']}")
    shown += guarded.up("--diff").text
    renewed = json.loads(guarded.run("stack", "output", "--json", "--show-secrets").text)
    assert renewed["accessor"] != outputs["accessor"]
    shown += guarded.run("destroy", "--yes", "--diff").text
    assert guarded.nomad.call("GET", f"/v1/acl/token/{renewed['accessor']}") is None
    assert guarded.nomad.call("GET", f"/v1/acl/role/name/{guarded.name}") is None
    assert guarded.nomad.call("GET", f"/v1/acl/policy/{guarded.name}") is None
    assert secret not in shown
    assert renewed["secret"] not in shown


def test_what_others_changed_is_refused_and_shown_by_refresh(guarded: Project) -> None:
    use(guarded, program(guarded, READ))
    guarded.up("--skip-preview")
    accessor = json.loads(guarded.run("stack", "output", "--json").text)["accessor"]
    policy, role = f"/v1/acl/policy/{guarded.name}", f"/v1/acl/role/name/{guarded.name}"
    token = guarded.nomad.call("GET", f"/v1/acl/token/{accessor}")
    guarded.nomad.call("POST", policy, {"Name": guarded.name, "Description": "theirs", "Rules": READ})
    found = guarded.nomad.call("GET", role)
    guarded.nomad.call("POST", f"/v1/acl/role/{found['ID']}", {**found, "Description": "theirs"})
    guarded.nomad.call("POST", f"/v1/acl/token/{accessor}", {**token, "Name": "theirs"})

    warned = guarded.preview().text
    assert warned.count("Nothing is changed now") >= 3
    use(guarded, program(guarded, READ, "mine"))
    refused = guarded.up("--skip-preview", check=False)
    assert refused.code != 0
    assert 'description "d" → "theirs"' in refused.text
    assert guarded.nomad.call("GET", policy)["Description"] == "theirs"

    guarded.run("refresh", "--yes")
    assert 'description "theirs" → "mine"' in guarded.preview().text
    guarded.up()
    assert guarded.nomad.call("GET", policy)["Description"] == "mine"
    assert guarded.nomad.call("GET", role)["Description"] == "mine"
    assert guarded.nomad.call("GET", f"/v1/acl/token/{accessor}")["Name"] == "mine"


def test_existing_ones_are_refused_and_then_imported(guarded: Project) -> None:
    name = guarded.name
    guarded.nomad.call("POST", f"/v1/acl/policy/{name}", {"Name": name, "Description": "d", "Rules": READ})
    role = guarded.nomad.call("POST", "/v1/acl/role", {"Name": name, "Description": "d", "Policies": [{"Name": name}]})
    body = {"Name": "d", "Type": "client", "Policies": [name], "Roles": [{"ID": role["ID"]}], "ExpirationTTL": "2h"}
    token = guarded.nomad.call("POST", "/v1/acl/token", body)

    use(guarded, program(guarded, READ, "e"))
    refused = guarded.up("--skip-preview", check=False)
    assert refused.code != 0
    assert "It is not overwritten" in refused.text
    code = ""
    for kind, own_name, id_ in (
        ("aclPolicy:AclPolicy", "policy", name),
        ("aclRole:AclRole", "role", role["ID"]),
        ("aclToken:AclToken", "token", token["AccessorID"]),
    ):
        command = ["import", f"nomad:index/{kind}", own_name, id_]
        if own_name != "token":
            # The role takes its policy's name: it is asked about once there is one.
            preview = guarded.preview(check=False)
            assert preview.code != 0
            assert f"It is not overwritten. To manage it here: pulumi {' '.join(command)}. " in preview.text
        file = guarded.folder / "generated.py"
        guarded.run(*command, "--yes", "--protect=false", "--out", str(file))
        code += file.read_text()
    use(guarded, program(guarded, READ))
    assert re.search(r"\n\s+3 unchanged\n|\n\s+4 unchanged\n", guarded.preview().text)
    use(guarded, code)
    assert re.search(r"\n\s+3 unchanged\n|\n\s+4 unchanged\n", guarded.preview().text)
    exported = guarded.run("stack", "export").text
    assert token["SecretID"] not in exported
    guarded.run("destroy", "--yes")
    assert guarded.nomad.call("GET", f"/v1/acl/policy/{name}") is None


def test_what_nomad_refuses_names_the_object(guarded: Project) -> None:
    use(guarded, program(guarded, "namespae {}"))
    failed = guarded.up("--skip-preview", check=False)
    assert failed.code != 0
    assert f'ACL policy "{guarded.name}": Nomad at ' in failed.text
    assert "failed to parse rules" in failed.text
