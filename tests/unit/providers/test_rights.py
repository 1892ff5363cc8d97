"""Which right a request needs, as messages say it."""

import pytest

from providers.nomad.rights import needed


@pytest.mark.parametrize(
    ("request_line", "right"),
    [
        ("POST /v1/jobs/parse", 'the capability parse-job in namespace "default"'),
        ("POST /v1/validate/job", 'the capability read-job in namespace "default"'),
        ("POST /v1/job/web/plan", 'the capability plan-job (or submit-job) in namespace "default"'),
        ("DELETE /v1/job/web", 'the capability deregister-job (or submit-job) in namespace "default"'),
        ("POST /v1/deployment/fail/0", 'the capability fail-deployment (or submit-job) in namespace "default"'),
        ("POST /v1/deployment/promote/0", 'the capability promote-deployment (or submit-job) in namespace "default"'),
        ("GET /v1/jobs", 'the capability list-jobs in namespace "default"'),
        ("GET /v1/job/web/allocations", 'the capability read-job in namespace "default"'),
        ("GET /v1/allocations", 'the capability read-job in namespace "default"'),
        ("GET /v1/event/stream?topic=Job", 'the capability read-job in namespace "default"'),
        ("GET /v1/client/fs/logs/0", 'the capability read-logs in namespace "default"'),
        ("GET /v1/nodes", 'node { policy = "read" }'),
        ("GET /v1/node/pool/x", 'node_pool "NAME" { policy = "read" }'),
        ("DELETE /v1/node/pool/x", 'node_pool "NAME" { capabilities = ["delete"] }'),
        ("PUT /v1/namespace/x", "a token of type management"),
        ("POST /v1/acl/policy/x", "a token of type management"),
        ("GET /v1/other", ""),
    ],
)
def test_the_right_of_a_request(request_line: str, right: str) -> None:
    method, path = request_line.split()
    assert needed(method, path, {}) == right


def test_the_namespace_and_the_variable_are_named() -> None:
    register = needed("POST", "/v1/jobs", {"namespace": "web"})
    assert register.startswith('the capability register-job (or submit-job) in namespace "web", and for a job with vol')
    purge = needed("DELETE", "/v1/job/a", {"namespace": "web", "purge": "true"})
    assert purge == 'the capability purge-job (or submit-job) in namespace "web"'
    expected = 'the capability write on the variables path "nomad/jobs/a" in namespace "web"'
    assert needed("PUT", "/v1/var/nomad%2Fjobs%2Fa", {"namespace": "web"}) == expected
