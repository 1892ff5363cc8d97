"""The look-ups of the Nomad provider."""

import pytest

from tests.cluster.programs import job
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def test_look_ups(stack: Stack) -> None:
    spec = job(stack.name, "service")
    stack.nomad.register({**spec, "Name": stack.name})
    stack.nomad.call("PUT", f"/v1/var/{stack.name}", {"Path": stack.name, "Items": {"key": "look-horse"}})
    name = repr(stack.name)
    stack.write(
        f"job = nomad.get_job(job_id={name})",
        "pulumi.export('job', [job.job_id, job.type, job.namespace, job.task_groups[0].name])",
        "pulumi.export('namespaces', nomad.get_namespaces().namespaces)",
        "pulumi.export('datacenters', nomad.get_datacenters(prefix='dc', ignore_down_nodes=True).datacenters)",
        f"pulumi.export('items', nomad.get_variable_output(path={name}).items)",
    )
    stack.up()
    outputs = stack.outputs()
    assert outputs["job"] == [stack.name, "service", "default", "g"]
    assert "default" in outputs["namespaces"]
    assert outputs["datacenters"] == ["dc1"]
    assert outputs["items"] == {"key": "look-horse"}
    assert '"items": "[secret]"' in stack.recorded()
    assert "look-horse" not in "\n".join(stack.history)

    stack.write("nomad.get_job(job_id='not-there')")
    failed = stack.preview(check=False)
    assert failed.code != 0
    assert 'there is no job "not-there" in namespace default' in failed.text
    stack.nomad.call("DELETE", f"/v1/var/{stack.name}")
