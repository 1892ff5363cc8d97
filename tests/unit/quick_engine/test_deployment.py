"""The quick engine's steps, with a plugin that keeps its objects in memory."""

from typing import Any, cast

import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import resource_pb2

from providers.protocol import provider_pb2
from tests.quick_engine.deployment import Deployment, State
from tests.quick_engine.plugins import Failed, Plugins
from tests.quick_engine.program import Ended

TYPE = "memory:index:Thing"


class Memory:
    """A plugin: things have a name, which replaces them, and a value. A value "broken" is there, but not right."""

    def __init__(self) -> None:
        self.things: dict[str, str] = {}
        self.calls: list[str] = []

    def start(self, package: str, config: Any) -> "Memory":
        return self

    def call(self, method: str, request: Any) -> Any:
        if method not in ("Check", "Diff"):
            name = request.id if method != "Create" else request.properties["name"]
            self.calls.append(f"{method} {name}" + (" at preview" if getattr(request, "preview", False) else ""))
        return getattr(self, method.lower())(request)

    def check(self, request: Any) -> Any:
        wrong = [provider_pb2.CheckFailure(reason="value is wrong")] if request.news["value"] == "wrong" else []
        return provider_pb2.CheckResponse(inputs=request.news, failures=wrong)

    def diff(self, request: Any) -> Any:
        changed = [key for key in request.news if request.news[key] != request.old_inputs[key]]
        kinds = provider_pb2.DiffResponse
        return kinds(
            changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE, replaces=[key for key in changed if key == "name"]
        )

    def create(self, request: Any) -> Any:
        self._write(request.properties, request)
        return provider_pb2.CreateResponse(id=request.properties["name"], properties=request.properties)

    def update(self, request: Any) -> Any:
        self._write(request.news, request)
        return provider_pb2.UpdateResponse(properties=request.news)

    def delete(self, request: Any) -> Any:
        del self.things[request.id]
        return empty_pb2.Empty()

    def read(self, request: Any) -> Any:
        if request.id not in self.things:
            return provider_pb2.ReadResponse()
        found = struct(name=request.id, value=self.things[request.id])
        return provider_pb2.ReadResponse(id=request.id, properties=found, inputs=found)

    def _write(self, given: Any, request: Any) -> None:
        if request.preview:
            return
        if given["value"] == "refused":
            raise Failed(["refused"])
        self.things[given["name"]] = given["value"]
        if given["value"] == "broken":
            left = provider_pb2.ErrorResourceInitFailed(id=given["name"], properties=given, reasons=["broken"])
            raise Failed(["broken"], left)


class Program:
    """A stack with that plugin."""

    def __init__(self) -> None:
        self.plugin = Memory()
        self.states: dict[str, State] = {}

    def run(self, *things: tuple[str, str, str], preview: bool = False, **options: Any) -> Deployment:
        """A command with a program of these things: each its resource's name, its own, and its value."""
        deployment = Deployment(cast(Plugins, self.plugin), self.states, {}, preview=preview)
        self.plugin.calls.clear()
        try:
            for resource, name, value in things:
                request = resource_pb2.RegisterResourceRequest(
                    type=TYPE, name=resource, custom=True, object=struct(name=name, value=value), **options
                )
                deployment.RegisterResource(request)
        except Ended:
            pass
        else:
            deployment.delete_what_is_gone()
        self.states = self.states if preview else deployment.in_order()
        return deployment

    def names(self) -> list[str]:
        return [urn.rpartition("::")[2] for urn in self.states]


def struct(**values: str) -> Any:
    made = struct_pb2.Struct()
    made.update(values)
    return made


@pytest.fixture
def program() -> Program:
    return Program()


def steps(deployment: Deployment) -> dict[str, str]:
    return {urn.rpartition("::")[2]: step for urn, step in deployment.steps.items()}


def test_a_preview_changes_nothing(program: Program) -> None:
    assert steps(program.run(("a", "one", "1"), preview=True)) == {"a": "create"}
    assert (program.plugin.things, program.states) == ({}, {})
    assert program.plugin.calls == ["Create one at preview"]


def test_each_resource_gets_its_step(program: Program) -> None:
    program.run(("a", "one", "1"), ("b", "two", "1"), ("c", "three", "1"))
    deployment = program.run(("a", "one", "1"), ("b", "two", "2"), ("d", "four", "1"))
    assert steps(deployment) == {"a": "same", "b": "update", "c": "delete", "d": "create"}
    assert program.plugin.things == {"one": "1", "two": "2", "four": "1"}
    assert program.plugin.calls == ["Update two", "Create four", "Delete three"]


def test_what_is_replaced_is_deleted_at_the_end(program: Program) -> None:
    program.run(("a", "one", "1"), ("b", "two", "1"))
    assert steps(program.run(("a", "new", "1"), ("b", "two", "2")))["a"] == "replace"
    assert program.plugin.calls == ["Create new", "Update two", "Delete one"]
    assert program.states[next(iter(program.states))].id == "new"


def test_the_states_have_the_order_of_the_last_program(program: Program) -> None:
    """So that a destroy takes what depends on another away first, even where the dependency is new."""
    program.run(("a", "one", "1"), ("b", "two", "1"))
    program.run(("b", "two", "1"), ("a", "one", "1"))
    assert program.names() == ["b", "a"]


def test_after_a_failure_nothing_begins_and_the_rest_stays(program: Program) -> None:
    program.run(("a", "one", "1"), ("b", "two", "1"), ("c", "three", "1"))
    deployment = program.run(("a", "one", "2"), ("b", "two", "refused"), ("c", "three", "3"))
    assert deployment.failures == [(f"urn:pulumi:dev::caravan::{TYPE}::b", "refused")]
    assert program.plugin.things == {"one": "2", "two": "1", "three": "1"}
    assert program.names() == ["a", "b", "c"]


def test_wrong_inputs_reach_no_plugin(program: Program) -> None:
    deployment = program.run(("a", "one", "wrong"))
    assert [reason for _, reason in deployment.failures] == ["value is wrong"]
    assert program.plugin.calls == []


def test_what_did_not_come_up_stays_in_the_state_and_is_tried_again(program: Program) -> None:
    program.run(("a", "one", "broken"))
    [state] = program.states.values()
    assert (state.id, state.init_errors) == ("one", ["broken"])
    assert steps(program.run(("a", "one", "broken"), preview=True)) == {"a": "update"}
    program.run(("a", "one", "right"))
    assert next(iter(program.states.values())).init_errors == []


def test_what_is_retained_stays_and_what_is_protected_is_refused(program: Program) -> None:
    program.run(("a", "one", "1"), retainOnDelete=True)
    program.run()
    assert (program.plugin.things, program.states) == ({"one": "1"}, {})
    program.run(("a", "one", "1"), protect=True)
    with pytest.raises(Failed, match="protected"):
        program.run()
    assert program.plugin.things == {"one": "1"}
