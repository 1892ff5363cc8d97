"""What Consul would refuse, told at preview."""

import pytest

from tests.cluster.test_consul import config_entry, entry
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def test_what_consul_would_refuse_is_told_at_preview(stack: Stack) -> None:
    name = stack.name
    misspelt = "{'weight': 50, 'service': 'a', 'servic_subset': 'x'}, {'weight': 50, 'service': 'b'}"
    for program, *texts in (
        [
            f"consul.ConfigEntryServiceSplitter('s', name={name!r}, partition='p', splits=[{misspelt}])",
            '"splits[0].servic_subset" is not an input. Did you mean "serviceSubset"?',
            "partition needs Consul Enterprise",
        ],
        [
            config_entry("service-resolver", name, Subsets={"v1": {"Filter": "Service.Meta.version =="}}),
            "Subsets.v1.Filter is not an expression that Consul reads",
        ],
        [
            config_entry("mesh", "mash", TLS={"Incomming": 1}, HTTP=[]),
            '"TLS.Incomming" is not a field of the entry. Did you mean "Incoming"?',
            "HTTP is []; it must be an object of",
        ],
        ["consul.ConfigEntry('k', kind='service-default')", "kind is 'service-default'; it must be"],
        ["consul.ConfigEntry('k', kind='mesh', config_json='{')", "configJson is not JSON (line 1, column 2"],
        [
            "consul.Intention('i', source_name='a', destination_name='b', action='allow')",
            "Use consul.ConfigEntryServiceIntentions",
        ],
    ):
        stack.write(program)
        failed = stack.preview(check=False)
        assert failed.code != 0
        for text in texts:
            assert text in failed.text


def test_entries_that_do_not_fit_together_are_told_at_preview(stack: Stack) -> None:
    name = stack.name
    splits = f"[{{'weight': 50, 'service': {name!r}, 'service_subset': 'v1'}}, {{'weight': 20, 'service': 'b'}}]"
    stack.write(f"consul.ConfigEntryServiceSplitter('s', name={name!r}, splits={splits})")
    assert "the weights of Splits add up to 70 (50 + 20); they must add up to 100" in stack.preview(check=False).text
    stack.write(f"consul.ConfigEntryServiceSplitter('s', name={name!r}, splits={splits.replace('20', '50')})")
    preview = stack.preview(check=False).text
    assert f'that of "{name}" is tcp. Give "{name}" a service-defaults entry' in preview
    assert f'sends to the subset "v1" of the service "{name}"; it has none' in preview
    assert entry(stack, "service-splitter", name) is None

    stack.consul.call("PUT", "/v1/config", {"Kind": "service-defaults", "Name": name, "Protocol": "http"})
    one = f"[{{'weight': 100, 'service': {name!r}}}]"
    stack.write(f"consul.ConfigEntryServiceSplitter('s', name={name!r}, splits={one})")
    stack.up()
    assert stack.preview().unchanged
    stack.destroy()
    stack.consul.call("DELETE", f"/v1/config/service-defaults/{name}")
