"""Where there is nothing: regions and datacenters that do not exist, told at preview."""

import pytest

from tests.cluster.programs import job, one_job
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def test_a_datacenter_without_a_node_is_told(stack: Stack) -> None:
    spec = {**job(stack.name, "service"), "Datacenters": ["dc1", "dc9"]}
    one_job(stack, spec, ", detach=True")
    told = f'job "{stack.name}": no node is in datacenter "dc9"; there are nodes in dc1'
    assert told in stack.preview().text

    one_job(stack, {**spec, "Datacenters": ["dc9"]}, ", detach=True")
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert told in refused.text


def test_a_region_that_does_not_exist_is_told_with_those_that_do(stack: Stack) -> None:
    spec = {**job(stack.name, "service"), "Region": "mars"}
    one_job(stack, spec)
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert f'job "{stack.name}": there is no region "mars"; {stack.addresses.nomad} knows global.' in refused.text

    del spec["Region"]
    one_job(stack, spec)
    refused = stack.preview(check=False, NOMAD_REGION="venus")
    assert refused.code != 0
    assert 'There is no region "venus"' in refused.text
