"""The simple types of the Nomad provider, for the tests of their lives."""

from typing import Any

from tests.cluster.life import Life, hidden, told
from tests.quick_engine.stack import Stack

READ = 'namespace "default" {\n  policy = "read"\n}\n'


def put_namespace(stack: Stack, description: str) -> None:
    body = {"Name": stack.name, "Description": description, "Meta": {"team": "a"}}
    stack.nomad.call("PUT", f"/v1/namespace/{stack.name}", body)


def put_node_pool(stack: Stack, description: str) -> None:
    body = {"Name": stack.name, "Description": description, "NodeIdentityTTL": 36 * 3600 * 10**9}
    stack.nomad.call("PUT", f"/v1/node/pool/{stack.name}", body)


def put_variable(stack: Stack, key: str) -> None:
    path = f"tests/{stack.name}"
    stack.nomad.call("PUT", f"/v1/var/{path}", {"Path": path, "Items": {"user": "horse", "key": key}})


def variable(stack: Stack) -> Any:
    found = stack.nomad.call("GET", f"/v1/var/tests/{stack.name}")
    return found and found["Items"]["key"]


def put_policy(stack: Stack, description: str) -> None:
    body = {"Name": stack.name, "Description": description, "Rules": READ}
    stack.nomad.call("POST", f"/v1/acl/policy/{stack.name}", body)


def a_policy(stack: Stack) -> None:
    put_policy(stack, "of the roles and tokens of tests")


def no_policy(stack: Stack) -> None:
    stack.nomad.call("DELETE", f"/v1/acl/policy/{stack.name}")


def role(stack: Stack) -> Any:
    return stack.nomad.call("GET", f"/v1/acl/role/name/{stack.name}")


def put_role(stack: Stack, description: str) -> None:
    found = role(stack)
    body = {"Name": stack.name, "Description": description, "Policies": [{"Name": stack.name}]}
    path = f"/v1/acl/role/{found['ID']}" if found else "/v1/acl/role"
    stack.nomad.call("POST", path, {**(found or {}), **body})


def token(stack: Stack) -> Any:
    listed = [one for one in stack.nomad.call("GET", "/v1/acl/tokens") if one["Policies"] == [stack.name]]
    return stack.nomad.call("GET", f"/v1/acl/token/{listed[0]['AccessorID']}") if listed else None


def put_token(stack: Stack, name: str) -> None:
    body = {"Name": name, "Type": "client", "Policies": [stack.name], "ExpirationTTL": "2h"}
    found = token(stack)
    path = f"/v1/acl/token/{found['AccessorID']}" if found else "/v1/acl/token"
    stack.nomad.call("POST", path, {**(found or {}), **body})


def described(found: Any) -> Any:
    return found and found["Description"]


NOMAD = [
    Life(
        token="nomad:index/namespace:Namespace",
        program=lambda name, value: (
            f"nomad.Namespace('it', name={name!r}, description={value!r}, meta={{'team': 'a'}})"
        ),
        put=put_namespace,
        read=lambda stack: described(stack.nomad.call("GET", f"/v1/namespace/{stack.name}")),
        drop=lambda stack: stack.nomad.call("DELETE", f"/v1/namespace/{stack.name}"),
        told=told("description"),
    ),
    Life(
        token="nomad:index/nodePool:NodePool",
        program=lambda name, value: (
            f"nomad.NodePool('it', name={name!r}, description={value!r}, node_identity_ttl='36h')"
        ),
        put=put_node_pool,
        read=lambda stack: described(stack.nomad.call("GET", f"/v1/node/pool/{stack.name}")),
        drop=lambda stack: stack.nomad.call("DELETE", f"/v1/node/pool/{stack.name}"),
        told=told("description"),
    ),
    Life(
        token="nomad:index/variable:Variable",
        program=lambda name, value: (
            f"nomad.Variable('it', path='tests/{name}', items={{'user': 'horse', 'key': {value!r}}})"
        ),
        put=put_variable,
        read=variable,
        drop=lambda stack: stack.nomad.call("DELETE", f"/v1/var/tests/{stack.name}"),
        told=hidden("items.key"),
        values=("first-horse", "second-horse", "third-horse", "their-horse"),
        secret="horse",
    ),
    Life(
        token="nomad:index/aclPolicy:AclPolicy",
        program=lambda name, value: f"nomad.AclPolicy('it', name={name!r}, description={value!r}, rules_hcl={READ!r})",
        put=put_policy,
        read=lambda stack: described(stack.nomad.call("GET", f"/v1/acl/policy/{stack.name}")),
        drop=no_policy,
        told=told("description"),
        secured=True,
    ),
    Life(
        token="nomad:index/aclRole:AclRole",
        program=lambda name, value: (
            f"nomad.AclRole('it', name={name!r}, description={value!r}, policies=[{{'name': {name!r}}}])"
        ),
        put=put_role,
        read=lambda stack: described(role(stack)),
        drop=lambda stack: stack.nomad.call("DELETE", f"/v1/acl/role/{role(stack)['ID']}"),
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
        read=lambda stack: (found := token(stack)) and found["Name"],
        drop=lambda stack: stack.nomad.call("DELETE", f"/v1/acl/token/{token(stack)['AccessorID']}"),
        told=told("name"),
        id=lambda stack: str(token(stack)["AccessorID"]),
        named_by_server=True,
        before=a_policy,
        after=no_policy,
        secured=True,
    ),
]
