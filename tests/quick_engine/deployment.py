"""One command of the quick engine: the steps of resources, in the order and with the calls of Pulumi's own engine."""

import threading
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import resource_pb2

from providers.properties import UNKNOWN, decode
from providers.protocol import provider_pb2
from tests.quick_engine.plugins import Failed, Plugins, Provider
from tests.quick_engine.program import PROJECT, STACK, Ended

STACK_TYPE = "pulumi:pulumi:Stack"
STACK_URN = f"urn:pulumi:{STACK}::{PROJECT}::{STACK_TYPE}::{PROJECT}-{STACK}"
PROVIDERS = "pulumi:providers:"


@dataclass
class State:
    """A resource as a state records it."""

    type: str
    id: str
    inputs: Any
    outputs: Any
    provider: str = ""
    init_errors: list[str] = field(default_factory=list)
    protect: bool = False
    retain: bool = False


class Deployment:
    """Answers a program's registrations (the engine's ResourceMonitor): each becomes a step, and its plugin's calls.

    `states` are those of the stack, by URN, and are changed by what is done. With `preview` nothing is. `plan` holds
    the checked inputs of the preview that was saved, by URN.
    """

    def __init__(
        self,
        plugins: Plugins,
        states: dict[str, State],
        config: dict[str, str],
        *,
        preview: bool,
        plan: dict[str, Any] | None = None,
    ) -> None:
        self._plugins = plugins
        self._config = config
        self._preview = preview
        self._plan = plan
        self.checked: dict[str, Any] = {}
        """What a plan holds: the inputs of each resource as its plugin has checked them."""
        self.states = states
        self.steps: dict[str, str] = {}
        """What is done to each resource, by URN: create, update, replace, delete, same, import."""
        self.outputs: dict[str, Any] = {}
        """The stack's own."""
        self.failures: list[tuple[str, str]] = []
        self._providers: dict[str, Provider] = {}
        self._replaced: list[tuple[str, State]] = []
        self._registered: list[str] = []
        """In the order in which their steps ended, so that each comes after what it depends on."""
        self._generating = threading.Lock()
        """Pulumi's engine makes its checks and diffs one after the other."""
        self._starting = threading.Lock()

    # The program's calls, with the protocol's names.

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        has = request.id in ("secrets", "resourceReferences", "deletedWith", "aliasSpecs")
        return resource_pb2.SupportsFeatureResponse(hasSupport=has)

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn.split("::")[2] == STACK_TYPE:
            self.outputs = decode(request.outputs).values
        if request.urn in self.states and not self._preview:
            self.states[request.urn].outputs = request.outputs
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = _urn(request.parent, request.type, request.name)
        if self.failures:
            raise Ended
        if not request.custom:
            self.steps[urn] = "same" if urn in self.states else "create"
            if not self._preview:
                self.states[urn] = State(request.type, "", request.object, request.object)
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        try:
            if request.type.startswith(PROVIDERS):
                return self._explicit_provider(urn, request)
            state = self._step(urn, request)
        except Failed as failed:
            self.fail(urn, failed)
            raise Ended from None
        self._registered.append(urn)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=state.id, object=state.outputs)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        urn = _urn(request.parent, request.type, request.name)
        asked = provider_pb2.ReadRequest(urn=urn, id=request.id, properties=request.properties)
        try:
            found = self.provider(request.type, request.provider).call("Read", asked)
            if not found.id:
                raise Failed([f"resource '{request.id}' does not exist"])
        except Failed as failed:
            self.fail(urn, failed)
            raise Ended from None
        return resource_pb2.ReadResourceResponse(urn=urn, properties=found.properties)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        try:
            provider = self.provider(request.tok, request.provider)
            return provider.call("Invoke", provider_pb2.InvokeRequest(tok=request.tok, args=request.args))
        except Failed as failed:
            self.fail("", failed)
            raise Ended from None

    # What they lead to.

    def _explicit_provider(self, urn: str, request: Any) -> Any:
        id_ = str(uuid4())
        self._providers[f"{urn}::{id_}"] = self._plugins.start(request.type.removeprefix(PROVIDERS), request.object)
        self.steps[urn] = "same" if urn in self.states else "create"
        if not self._preview:
            self.states[urn] = State(request.type, id_, request.object, request.object)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=request.object)

    def provider(self, token: str, reference: str = "") -> Provider:
        """The plugin of a type or function: the one that the program names, else the package's own."""
        if reference in self._providers:
            return self._providers[reference]
        package = token.partition(":")[0]
        with self._starting:
            if package not in self._providers:
                given = struct_pb2.Struct()
                for key, value in self._config.items():
                    namespace, _, name = key.partition(":")
                    if namespace == package:
                        given.fields[name].string_value = value
                self._providers[package] = self._plugins.start(package, given)
            return self._providers[package]

    def _step(self, urn: str, request: Any) -> State:
        provider = self.provider(request.type, request.provider)
        timeout_s = 0.0
        with self._generating:
            old = self.states.get(urn)
            olds = old.inputs if old else struct_pb2.Struct()
            checked = provider.call("Check", provider_pb2.CheckRequest(urn=urn, olds=olds, news=request.object))
            if not self._preview and decode(checked.inputs).has_unknown():
                # Pulumi's engine reads the inputs before the failures, and then shows none of these.
                raise Failed(["unexpected unknown property value"])
            if checked.failures:
                raise Failed([failure.reason for failure in checked.failures])
            self.checked[urn] = decode(checked.inputs).values
            if self._plan is not None:
                _fits(self._plan.get(urn, {}), self.checked[urn])
            wanted = State(request.type, "", checked.inputs, checked.inputs, request.provider)
            wanted.protect, wanted.retain = request.protect, request.retainOnDelete
            if old is None:
                step, diff = "create", None
            else:
                asked = provider_pb2.DiffRequest(
                    id=old.id, urn=urn, olds=old.outputs, news=checked.inputs, old_inputs=old.inputs
                )
                diff = provider.call("Diff", asked)
                some = diff.changes == provider_pb2.DiffResponse.DIFF_SOME
                step = "replace" if some and diff.replaces else "update" if some or old.init_errors else "same"
            self.steps[urn] = step
        if old is None or step == "replace":
            if old is not None and step == "replace" and not self._preview:
                self._replaced.append((urn, old))
            return self._create(provider, urn, wanted, timeout_s)
        if step == "update":
            return self._update(provider, urn, old, wanted, timeout_s)
        if not self._preview:
            # The engine records the inputs as they are written now.
            old.inputs, old.provider = checked.inputs, request.provider
            old.protect, old.retain = request.protect, request.retainOnDelete
        return old

    def _create(self, provider: Provider, urn: str, wanted: State, timeout_s: float) -> State:
        asked = provider_pb2.CreateRequest(urn=urn, properties=wanted.inputs, timeout=timeout_s, preview=self._preview)
        try:
            made = provider.call("Create", asked)
        except Failed as failed:
            self._record_left(urn, wanted, failed)
            raise
        wanted.id, wanted.outputs = made.id, made.properties
        self._record(urn, wanted)
        return wanted

    def _update(self, provider: Provider, urn: str, old: State, wanted: State, timeout_s: float) -> State:
        asked = provider_pb2.UpdateRequest(
            id=old.id,
            urn=urn,
            olds=old.outputs,
            news=wanted.inputs,
            old_inputs=old.inputs,
            timeout=timeout_s,
            preview=self._preview,
        )
        wanted.id = old.id
        try:
            wanted.outputs = provider.call("Update", asked).properties
        except Failed as failed:
            self._record_left(urn, wanted, failed)
            raise
        self._record(urn, wanted)
        return wanted

    def _record_left(self, urn: str, wanted: State, failed: Failed) -> None:
        """A resource that exists but did not come up stays in the state, and is tried again."""
        if failed.left is not None and not self._preview:
            wanted.id, wanted.outputs = failed.left.id, failed.left.properties
            if failed.left.HasField("inputs"):
                wanted.inputs = failed.left.inputs
            wanted.init_errors = failed.reasons
            self.states[urn] = wanted

    def _record(self, urn: str, state: State) -> None:
        if not self._preview:
            self.states[urn] = state

    def fail(self, urn: str, failed: Failed) -> None:
        """The command has failed: nothing new is begun."""
        self.failures += [(urn, reason) for reason in failed.reasons]

    def delete_what_is_gone(self) -> None:
        """Ends the command: what was replaced, and what the program does not declare any more, is deleted."""
        gone = [(urn, state) for urn, state in reversed(self.states.items()) if urn not in self.steps]
        for urn, state in [*reversed(self._replaced), *gone]:
            self.steps.setdefault(urn, "delete")
            if not self._preview:
                self.delete(urn, state)
                if (urn, state) in gone:
                    del self.states[urn]

    def in_order(self) -> dict[str, State]:
        """The states in the order in which the program declares them now, then those that it did not come to."""
        done = {urn: self.states[urn] for urn in self._registered if urn in self.states}
        return {**done, **self.states}

    def delete(self, urn: str, state: State) -> None:
        """Deletes what a resource stands for. Raises Failed."""
        if state.protect:
            raise Failed([f'resource "{urn}" cannot be deleted because it is protected'])
        if not state.id or state.type.startswith(PROVIDERS) or state.retain:
            return
        asked = provider_pb2.DeleteRequest(id=state.id, urn=urn, properties=state.outputs, old_inputs=state.inputs)
        self.provider(state.type, state.provider).call("Delete", asked)

    def read(self, urn: str, state: State) -> State | None:
        """What a resource is now; None where it is gone. Raises Failed."""
        asked = provider_pb2.ReadRequest(urn=urn, id=state.id, properties=state.outputs, inputs=state.inputs)
        found = self.provider(state.type, state.provider).call("Read", asked)
        if not found.id:
            return None
        return replace(state, id=found.id, inputs=found.inputs, outputs=found.properties, init_errors=[])

    def start_recorded_providers(self) -> None:
        """Starts the plugins that the program itself configures, for a command that does not run it."""
        for urn, state in self.states.items():
            if state.type.startswith(PROVIDERS):
                plugin = self._plugins.start(state.type.removeprefix(PROVIDERS), state.inputs)
                self._providers[f"{urn}::{state.id}"] = plugin


def _fits(planned: dict[str, Any], checked: dict[str, Any]) -> None:
    """Raises Failed where inputs are not the planned ones. Source: Pulumi pkg/resource/deploy/plan.go, checkDiff."""
    keys = sorted(planned.keys() | checked.keys())
    moved = [key for key in keys if planned.get(key) not in (checked.get(key), UNKNOWN)]
    if moved:
        changes = ", ".join(f"{key}[{planned.get(key)}!={checked.get(key)}]" for key in moved)
        raise Failed([f"violates plan: properties changed: {changes}"])


def _urn(parent: str, type_: str, name: str) -> str:
    parent_type = parent.split("::")[2] if parent else ""
    qualified = f"{parent_type}${type_}" if parent_type and parent_type != STACK_TYPE else type_
    return f"urn:pulumi:{STACK}::{PROJECT}::{qualified}::{name}"
