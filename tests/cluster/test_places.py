"""Where there is nothing: regions and datacenters that do not exist, told at preview."""

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster


def test_a_datacenter_without_a_node_is_told(project: Project) -> None:
    spec = {**job(project.name, "service"), "Datacenters": ["dc1", "dc9"]}
    use(project, f"nomad.Job('j', jobspec={write_job(project.folder, 'job', spec)}, json=True, detach=True)\n")
    told = f'job "{project.name}": no node is in datacenter "dc9"; there are nodes in dc1'
    assert told in project.preview().diagnostics

    spec["Datacenters"] = ["dc9"]
    write_job(project.folder, "job", spec)
    refused = project.preview(check=False)
    assert refused.code != 0
    assert told in refused.diagnostics


def test_a_region_that_does_not_exist_is_told_with_those_that_do(project: Project) -> None:
    spec = {**job(project.name, "service"), "Region": "mars"}
    use(project, f"nomad.Job('j', jobspec={write_job(project.folder, 'job', spec)}, json=True)\n")
    refused = project.preview(check=False)
    assert refused.code != 0
    assert f'job "{project.name}": there is no region "mars"; {project.addresses.nomad} knows global.' in refused.text

    del spec["Region"]
    write_job(project.folder, "job", spec)
    refused = project.preview(check=False, NOMAD_REGION="venus")
    assert refused.code != 0
    assert 'There is no region "venus"' in refused.text
