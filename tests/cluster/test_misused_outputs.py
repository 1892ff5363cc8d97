"""An Output in an f-string is refused, wherever it would have gone."""

import pytest

from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        ("nomad.Job('j', jobspec=f'job \"{o}\" {{}}')", "jobspec"),
        ("nomad.Job('j', jobspec=json.dumps({'ID': f'x-{o}'}), json=True)", "jobspec"),
        ("nomad.Job('j', jobspec='job \"x\" {}', hcl2={'vars': {'tag': f'{o}'}})", "hcl2.vars.tag"),
        ("nomad.Job('j', jobspec='job \"x\" {}', hcl2={'vars': {'tag': f'{[o]}'}})", "hcl2.vars.tag"),
        ("nomad.Variable('v', path='x', items={'a': f'pre-{o}'})", "items"),
        ("nomad.Variable('v', path=f'x/{o}', items={'a': '1'})", "path"),
        ("nomad.Namespace('n', name='x', meta={'a': '%s' % o})", "meta.a"),
        ("nomad.AclPolicy('p', rules_hcl=f'namespace \"{o}\" {{}}')", "rulesHcl"),
        ("consul.Keys('k', keys=[{'path': 'x', 'value': f'{o}'}])", "keys[0].value"),
        ("consul.KeyPrefix('k', path_prefix='x/', subkeys={'a': str(o)})", "subkeys.a"),
        ("consul.Node('n', name='x', address='10.0.0.1', meta={'a': f'{o}'})", "meta.a"),
        (
            "consul.ConfigEntry('e', kind='service-defaults', name='x', config_json=json.dumps({'P': f'{o}'}))",
            "configJ",
        ),
        ("nomad.Provider('p', address=f'http://{o}')", "address"),
        ("nomad.get_job(job_id=f'{o}')", "jobId"),
    ],
)
def test_it_is_refused_with_the_place_the_cause_and_the_remedy(stack: Stack, resource: str, where: str) -> None:
    """RW-03."""
    stack.write("o = pulumi.Output.from_input('1.0.0')", resource)
    refused = stack.preview(check=False)
    assert refused.code != 0
    (told,) = refused.failures
    assert where in told
    assert "a Pulumi Output was put into a string" in told
    assert "pulumi.Output.format(" in told
    assert "Nomad cannot parse" not in refused.text
