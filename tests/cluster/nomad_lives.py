"""The simple types of the Nomad provider, for the tests of their lives."""

from typing import Any

from tests.cluster.life import Context, Life, hidden, told

READ = 'namespace "default" {\n  policy = "read"\n}\n'


def put_namespace(test: Context, description: str) -> None:
    body = {"Name": test.name, "Description": description, "Meta": {"team": "a"}}
    test.nomad.call("PUT", f"/v1/namespace/{test.name}", body)


def put_node_pool(test: Context, description: str) -> None:
    body = {"Name": test.name, "Description": description, "NodeIdentityTTL": 36 * 3600 * 10**9}
    test.nomad.call("PUT", f"/v1/node/pool/{test.name}", body)


def put_variable(test: Context, key: str) -> None:
    path = f"tests/{test.name}"
    test.nomad.call("PUT", f"/v1/var/{path}", {"Path": path, "Items": {"user": "horse", "key": key}})


def variable(test: Context) -> Any:
    found = test.nomad.call("GET", f"/v1/var/tests/{test.name}")
    return found and found["Items"]["key"]


def put_policy(test: Context, description: str) -> None:
    body = {"Name": test.name, "Description": description, "Rules": READ}
    test.nomad.call("POST", f"/v1/acl/policy/{test.name}", body)


def a_policy(test: Context) -> None:
    put_policy(test, "of the roles and tokens of tests")


def no_policy(test: Context) -> None:
    test.nomad.call("DELETE", f"/v1/acl/policy/{test.name}")


def role(test: Context) -> Any:
    return test.nomad.call("GET", f"/v1/acl/role/name/{test.name}")


def put_role(test: Context, description: str) -> None:
    found = role(test)
    body = {"Name": test.name, "Description": description, "Policies": [{"Name": test.name}]}
    path = f"/v1/acl/role/{found['ID']}" if found else "/v1/acl/role"
    test.nomad.call("POST", path, {**(found or {}), **body})


def token(test: Context) -> Any:
    listed = [one for one in test.nomad.call("GET", "/v1/acl/tokens") if one["Policies"] == [test.name]]
    return test.nomad.call("GET", f"/v1/acl/token/{listed[0]['AccessorID']}") if listed else None


def put_token(test: Context, name: str) -> None:
    body = {"Name": name, "Type": "client", "Policies": [test.name], "ExpirationTTL": "2h"}
    found = token(test)
    path = f"/v1/acl/token/{found['AccessorID']}" if found else "/v1/acl/token"
    test.nomad.call("POST", path, {**(found or {}), **body})


def described(found: Any) -> Any:
    return found and found["Description"]


NOMAD = [
    Life(
        token="nomad:index/namespace:Namespace",
        program=lambda name, value: (
            f"nomad.Namespace('it', name={name!r}, description={value!r}, meta={{'team': 'a'}})"
        ),
        put=put_namespace,
        read=lambda test: described(test.nomad.call("GET", f"/v1/namespace/{test.name}")),
        drop=lambda test: test.nomad.call("DELETE", f"/v1/namespace/{test.name}"),
        id=lambda test: test.name,
        told=told("description"),
    ),
    Life(
        token="nomad:index/nodePool:NodePool",
        program=lambda name, value: (
            f"nomad.NodePool('it', name={name!r}, description={value!r}, node_identity_ttl='36h')"
        ),
        put=put_node_pool,
        read=lambda test: described(test.nomad.call("GET", f"/v1/node/pool/{test.name}")),
        drop=lambda test: test.nomad.call("DELETE", f"/v1/node/pool/{test.name}"),
        id=lambda test: test.name,
        told=told("description"),
    ),
    Life(
        token="nomad:index/variable:Variable",
        program=lambda name, value: (
            f"nomad.Variable('it', path='tests/{name}', items={{'user': 'horse', 'key': {value!r}}})"
        ),
        put=put_variable,
        read=variable,
        drop=lambda test: test.nomad.call("DELETE", f"/v1/var/tests/{test.name}"),
        id=lambda test: f"tests/{test.name}@default",
        told=hidden("items.key"),
        values=("first-horse", "second-horse", "third-horse", "their-horse"),
        secret="horse",
    ),
    Life(
        token="nomad:index/aclPolicy:AclPolicy",
        program=lambda name, value: f"nomad.AclPolicy('it', name={name!r}, description={value!r}, rules_hcl={READ!r})",
        put=put_policy,
        read=lambda test: described(test.nomad.call("GET", f"/v1/acl/policy/{test.name}")),
        drop=no_policy,
        id=lambda test: test.name,
        told=told("description"),
        secured=True,
    ),
    Life(
        token="nomad:index/aclRole:AclRole",
        program=lambda name, value: (
            f"nomad.AclRole('it', name={name!r}, description={value!r}, policies=[{{'name': {name!r}}}])"
        ),
        put=put_role,
        read=lambda test: described(role(test)),
        drop=lambda test: test.nomad.call("DELETE", f"/v1/acl/role/{role(test)['ID']}"),
        id=lambda test: str(role(test)["ID"]),
        told=told("description"),
        named_by_server=True,
        before=a_policy,
        after=no_policy,
        secured=True,
    ),
    Life(
        token="nomad:index/aclToken:AclToken",
        program=lambda name, value: (
            f"nomad.AclToken('it', name={value!r}, type='client', policies=[{name!r}], expiration_ttl='2h')"
        ),
        put=put_token,
        read=lambda test: (found := token(test)) and found["Name"],
        drop=lambda test: test.nomad.call("DELETE", f"/v1/acl/token/{token(test)['AccessorID']}"),
        id=lambda test: str(token(test)["AccessorID"]),
        told=told("name"),
        alike=True,
        named_by_server=True,
        before=a_policy,
        after=no_policy,
        secured=True,
    ),
]
