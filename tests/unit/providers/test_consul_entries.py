"""Config entries without a Consul: what may stand in them, what they come to, and how they depend on one another."""

import typing
from collections.abc import Mapping
from typing import Any

import pulumi_consul
import pytest
from pulumi import _types as sdk_types

from providers.consul import entry_rules, entry_schema
from providers.consul.__main__ import SERVED, ConsulPlugin
from providers.consul.entry_graph import problems
from providers.fields import Block, Blocks, Field, Items


def of_sdk(args: Any, prefix: str = "") -> set[str]:
    """The inputs of an args class of the SDK, with those of its blocks below them."""
    found = set()
    for name, hint in sdk_types.input_type_types(args).items():
        found.add(prefix + name)
        found |= {one for block in blocks(hint) for one in of_sdk(block, f"{prefix}{name}.")}
    return found


def blocks(hint: Any) -> list[Any]:
    inner = [one for part in typing.get_args(hint) for one in blocks(part)]
    return [hint] if isinstance(hint, type) and sdk_types.is_input_type(hint) else inner


def of_fields(fields: Mapping[str, Field], prefix: str = "") -> set[str]:
    """The same of our own fields."""
    found = set()
    for name, field in fields.items():
        found.add(prefix + name)
        if isinstance(field, Block | Blocks | Items):
            found |= of_fields(field.fields, f"{prefix}{name}.")
    return found


@pytest.mark.parametrize("served", SERVED, ids=lambda served: str(served.token.rsplit(":", 1)[-1]))
def test_every_input_of_the_sdk_is_known(served: Any) -> None:
    args = getattr(pulumi_consul, f"{served.token.rsplit(':', 1)[-1]}Args")
    theirs = of_sdk(args)
    assert theirs
    assert theirs - of_fields(served.fields) == set()


def test_types_that_are_not_served_name_what_to_do() -> None:
    assert "ConfigEntryServiceIntentions" in ConsulPlugin.instead["consul:index/intention:Intention"]
    assert not ConsulPlugin.instead.keys() & ConsulPlugin.serves.keys()


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("service-defaults", {"protocol": "HTTP"}, {"Protocol": "http", "MeshGateway": {}, "ModifyIndex": 7}),
        ("service-resolver", {"connect_timeout": "60s"}, {"ConnectTimeout": "1m0s", "Subsets": None}),
        ("service-resolver", {"ConnectTimeout": 5 * 10**9}, {"ConnectTimeout": "5000ms"}),
        ("service-splitter", {"Splits": [{"Weight": 100}]}, {"Splits": [{"weight": 100.001}]}),
        (
            "service-intentions",
            {"Sources": [{"Name": "a", "Action": "allow"}, {"Name": "*", "Action": "deny"}]},
            {
                "Sources": [
                    {"Name": "*", "Action": "deny", "Type": "consul", "Precedence": 8},
                    {"Name": "a", "Action": "allow", "Type": "consul", "Precedence": 9},
                ]
            },
        ),
        (
            "exported-services",
            {"Services": [{"Consumers": [{"peer_name": "x"}]}]},
            {"Services": [{"Consumers": [{"Peer": "x"}]}]},
        ),
    ],
)
def test_what_comes_to_the_same_is_equal(kind: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert entry_schema.compared(kind, one) == entry_schema.compared(kind, other)


def test_the_mark_is_no_part_of_an_entry_and_zero_of_a_limit_is() -> None:
    entry = {
        "Meta": {entry_schema.OWNER_KEY: "urn", "a": "b"},
        "UpstreamConfig": {"Defaults": {"Limits": {"MaxConnections": 0}}},
    }
    assert entry_schema.normal("service-defaults", entry) == {
        "Meta": {"a": "b"},
        "UpstreamConfig": {"Defaults": {"Limits": {"MaxConnections": 0}}},
    }


def test_unknown_fields_and_wrong_types_are_told() -> None:
    entry = {"Splts": [], "Splits": [{"Weight": "50", "ServiceSubst": "v1"}], "Meta": {"a": 1}}
    assert list(entry_schema.faults("service-splitter", entry)) == [
        '"Splts" is not a field of the entry. Did you mean "Splits"?',
        'Splits[0].Weight is "50"; it must be a number.',
        '"Splits[0].ServiceSubst" is not a field of the entry. Did you mean "ServiceSubset"?',
        "Meta.a is 1; it must be a text.",
    ]
    (hidden,) = entry_schema.faults("service-splitter", {"Meta": {"a": 4711}}, secret=True)
    assert "4711" not in hidden


@pytest.mark.parametrize(
    ("kind", "entry", "told"),
    [
        (
            "service-splitter",
            {"Splits": [{"Weight": 90}, {"Weight": 9.5, "Service": "b"}]},
            "add up to 99.5 (90 + 9.5)",
        ),
        (
            "service-splitter",
            {"Splits": [{"Weight": 50}, {"Weight": 50, "Service": "web"}]},
            "name service 'web' 2 times",
        ),
        (
            "service-resolver",
            {"DefaultSubset": "v2", "Subsets": {"v1": {}}},
            "DefaultSubset is 'v2'; there are the subsets v1.",
        ),
        ("service-resolver", {"Redirect": {"ServiceSubset": "v1"}}, "given without Redirect.Service"),
        ("service-resolver", {"LoadBalancer": {"Policy": "best"}}, "LoadBalancer.Policy is 'best'"),
        ("service-router", {"Routes": [{"Match": {"HTTP": {"PathPrefix": "a"}}}]}, "must start with '/'"),
        ("service-router", {"Routes": [{"Destination": {"PrefixRewrite": "/"}}]}, "needs PathExact or PathPrefix"),
        ("service-intentions", {"Sources": [{"Name": "a"}]}, "Sources[0].Action is ''"),
        ("service-intentions", {"Sources": [{"Name": "a*", "Action": "deny"}]}, "'*' stands alone"),
        ("service-defaults", {"Protocol": "udp"}, "Protocol is 'udp'"),
        ("proxy-defaults", {}, "named 'global'"),
    ],
)
def test_rules_of_one_entry(kind: str, entry: dict[str, Any], told: str) -> None:
    (sentence,) = entry_rules.broken(kind, "web", entry_schema.normal(kind, entry))
    assert told in sentence


def test_how_entries_depend_on_one_another() -> None:
    """Finding RW-63: the protocol may come from proxy-defaults, too."""
    splitter = {"Splits": [{"Weight": 50}, {"Weight": 50, "Service": "b", "ServiceSubset": "v1"}]}
    entries: dict[tuple[str, str], Any] = {("service-splitter", "a"): splitter}
    told = [one.text for one in problems(entries)]
    assert 'that of "a" is tcp' in told[0]
    assert 'the subset "v1" of the service "b"; it has none' in told[1]
    entries["proxy-defaults", "global"] = {"Config": {"protocol": "http"}}
    entries["service-resolver", "b"] = {"Subsets": {"v1": {}}}
    assert list(problems(entries)) == []
    entries["service-defaults", "b"] = {"Protocol": "grpc"}
    (told_of_b,) = problems(entries)
    assert "whose protocol is grpc and not http" in told_of_b.text
