"""Two resources of one program that stand for the same object are refused before anything is made."""

import json

import pytest

from tests.cluster.programs import job
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

ENTRY = "kind='service-defaults', name='{name}', config_json=json.dumps({{'Protocol': 'http'}})"
SOURCES = '{{"Sources": [{{"Name": "b", "Action": "deny"}}]}}'
INTENTIONS = f"kind='service-intentions', name='{{name}}', config_json='{SOURCES}'"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("nomad.Job('{r}', jobspec=SPEC, json=True)",) * 2,
        ("nomad.Variable('{r}', path='{name}', items={{'a': '{r}'}})",) * 2,
        ("nomad.Namespace('{r}', name='{name}')",) * 2,
        ("nomad.NodePool('{r}', name='{name}')",) * 2,
        ("consul.Keys('{r}', keys=[{{'path': '{name}/a', 'value': '{r}'}}])",) * 2,
        ("consul.KeyPrefix('{r}', path_prefix='{name}/', subkeys={{'a': '{r}'}})",) * 2,
        (
            "consul.KeyPrefix('{r}', path_prefix='{name}/', subkeys={{'a': '{r}'}})",
            "consul.KeyPrefix('{r}', path_prefix='{name}/sub/', subkeys={{'a': '{r}'}})",
        ),
        (
            "consul.Keys('{r}', keys=[{{'path': '{name}/x/y', 'value': '{r}'}}])",
            "consul.KeyPrefix('{r}', path_prefix='{name}/', subkeys={{'a': '{r}'}})",
        ),
        (f"consul.ConfigEntry('{{r}}', {ENTRY})",) * 2,
        (
            "consul.ConfigEntryServiceIntentions('{r}', name='{name}', sources=[{{'name': 'a', 'action': 'allow'}}])",
            f"consul.ConfigEntry('{{r}}', {INTENTIONS})",
        ),
        ("consul.Node('{r}', name='{name}', address='10.0.0.1')",) * 2,
    ],
)
def test_the_preview_names_both(stack: Stack, first: str, second: str) -> None:
    """RW-65: for every type, over types, and for prefixes that overlap."""
    name = stack.name[:40]
    stack.write(
        f"SPEC = {json.dumps(json.dumps(job(name, 'batch')))}",
        first.format(r="one", name=name),
        second.format(r="other", name=name),
    )
    refused = stack.preview(check=False)
    assert refused.code != 0
    (told,) = refused.failures
    assert "is declared by two resources of this program: " in told
    assert "::one and " in told
    assert "::other." in told


def test_an_id_that_moves_from_one_resource_to_another_is_no_second_owner(stack: Stack) -> None:
    name = stack.name[:40]
    stack.write(f"nomad.Variable('one', path='{name}', items={{'a': '1'}})")
    stack.up()
    stack.write(
        f"nomad.Variable('one', path='{name}-2', items={{'a': '1'}})",
        f"consul.Keys('reader', keys=[{{'path': '{name}', 'name': 'x', 'default': ''}}])",
        f"consul.Keys('reader2', keys=[{{'path': '{name}', 'name': 'x', 'default': ''}}])",
    )
    stack.preview()
    stack.destroy()
