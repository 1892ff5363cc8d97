"""The look-ups through the real CLI."""

import json

import pytest

from tests.cluster.programs import job, use
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster


def test_look_ups(project: Project) -> None:
    spec = job(project.name, "service")
    project.nomad.register({**spec, "Name": project.name})
    project.nomad.call("PUT", f"/v1/var/{project.name}", {"Path": project.name, "Items": {"key": "look-horse"}})
    name = repr(project.name)
    use(
        project,
        f"job = nomad.get_job(job_id={name})\n"
        "pulumi.export('job', [job.job_id, job.type, job.namespace, job.task_groups[0].name])\n"
        "pulumi.export('namespaces', nomad.get_namespaces().namespaces)\n"
        "pulumi.export('datacenters', nomad.get_datacenters(prefix='dc', ignore_down_nodes=True).datacenters)\n"
        f"pulumi.export('items', nomad.get_variable_output(path={name}).items)\n",
    )
    shown = project.up("--diff").text + project.run("stack", "export").text
    outputs = json.loads(project.run("stack", "output", "--json", "--show-secrets").text)
    assert outputs["job"] == [project.name, "service", "default", "g"]
    assert "default" in outputs["namespaces"]
    assert outputs["datacenters"] == ["dc1"]
    assert outputs["items"] == {"key": "look-horse"}
    assert "look-horse" not in shown
    assert "look-horse" not in project.run("stack", "output", "--json").text

    use(project, "nomad.get_job(job_id='not-there')\n")
    failed = project.preview(check=False)
    assert failed.code != 0
    assert 'there is no job "not-there" in namespace default' in failed.text
    project.nomad.call("DELETE", f"/v1/var/{project.name}")
    project.nomad.purge(project.name)
