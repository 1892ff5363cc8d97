"""A stand-in for the Pulumi engine and its providers, which records what a program declares."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

DIGEST = "sha256:" + "ab" * 32


def run(program: Callable[[], object]) -> None:
    """Run a program to its end, with everything that waits for outputs: assertions in there count."""
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]


@dataclass
class Registration:
    """A resource that the program declared."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    dependencies: list[str]
    hooks: dict[str, list[str]]
    """Names of the hooks by when they run: before_create, on_error, ..."""
    outputs: dict[str, Any] = field(default_factory=dict)


class Engine(mocks.MockMonitor):
    """Plays the engine and its providers."""

    def __init__(self) -> None:
        super().__init__(_Providers(self))
        self.registered: dict[str, Registration] = {}
        self.health: list[dict[str, Any]] = []
        """The entries of Consul's answer."""
        self.asked: list[dict[str, Any]] = []
        """Arguments of the questions to Consul."""
        self.stays: dict[str, dict[str, Any]] = {}
        """Outputs by the name of a resource that the command does not touch, as with `--target`."""
        self.hooks: dict[str, Callable[[Any], Any]] = {}
        self.preview_hooks: set[str] = set()

    # The names are the engine's protocol.
    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        self.registered[request.name] = Registration(
            type=request.type,
            name=request.name,
            parent=request.parent.rpartition("::")[2],
            inputs=rpc.deserialize_properties(request.object),
            dependencies=sorted(urn.rpartition("::")[2] for urn in request.dependencies),
            hooks={field.name: list(names) for field, names in request.hooks.ListFields()},
        )
        return response

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Any:  # noqa: N802
        name = request.urn.rpartition("::")[2]
        if name in self.registered:
            self.registered[name].outputs = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        self.hooks[hook.name] = hook.callback

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.hooks[hook.name] = hook.callback
        if hook.opts is not None and hook.opts.on_dry_run:
            self.preview_hooks.add(hook.name)


class _Providers(mocks.Mocks):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        outputs = dict(args.inputs)
        if args.typ == "docker:index/registryImage:RegistryImage":
            outputs["sha256Digest"] = DIGEST
        if args.typ == "nomad:index/job:Job":
            outputs |= {"version": 7, "modifyIndex": "12"}
        return f"{args.name}-id", {**outputs, **self._engine.stays.get(args.name, {})}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        assert args.token == "consul:index/getServiceHealth:getServiceHealth"
        self._engine.asked.append(dict(args.args))
        return {"id": "1", "name": args.args["name"], "results": self._engine.health}, []
