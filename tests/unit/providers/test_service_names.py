"""Under which names a job's services are in Consul."""

import pytest

from providers.nomad.service_names import consul_services, has_more


def test_the_services_of_a_job() -> None:
    group = {
        "Services": [{"Name": "web"}, {"Name": "native", "Provider": "nomad"}, {"Name": "${node.datacenter}-x"}, {}],
        "Tasks": [{"Services": [{"Name": "admin", "Provider": "consul"}]}, {"Services": None}],
    }
    assert consul_services({"TaskGroups": [group]}) == {"web", "admin"}
    assert has_more({"TaskGroups": [group]})
    assert consul_services({"TaskGroups": None}) == set()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("${NOMAD_JOB_NAME}-${NOMAD_GROUP_NAME}", "api-web"),
        ("${ NOMAD_JOB_ID }-${NOMAD_NAMESPACE}-${NOMAD_REGION}", "api1-shop-eu"),
        ("x-${NOMAD_META_team}-${NOMAD_META_TEAM}", "x-blue-blue"),
        ("${NOMAD_TASK_NAME}-${LEVEL}", "t-high"),
        ("${JOB}/${TASKGROUP}/${TASK} ${BASE}", "api/web/t api-web-t"),
    ],
)
def test_a_name_of_variables_that_the_job_tells(written: str, name: str) -> None:
    """Finding RW-10: Consul was not asked for such a service, so that nobody told what its check said."""
    task = {"Name": "t", "Env": {"LEVEL": "high"}, "Services": [{"Name": written}]}
    group = {"Name": "web", "Meta": {"team": "blue"}, "Tasks": [task]}
    job = {"ID": "api1", "Name": "api", "Namespace": "shop", "Region": "eu", "Meta": {"team": "red"}}
    assert consul_services({**job, "TaskGroups": [group]}) == {name}
    assert not has_more({**job, "TaskGroups": [group]})
