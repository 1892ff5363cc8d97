"""A stack whose programs use pulumi_nomad and pulumi_consul, deployed without the CLI: what a provider does, quickly.

The program runs in this process, the plugins answer over their own protocol, Nomad and Consul are real. What the CLI
itself does (options, plans, its output, its state's encryption) is tested with `tests.cluster.project.Project`.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.protobuf import json_format, struct_pb2

from providers.properties import SECRET_SIGNATURE, SIGNATURE_KEY
from providers.protocol import provider_pb2
from tests import observation
from tests.cluster.api import Api
from tests.quick_engine import program
from tests.quick_engine.deployment import PROVIDERS, STACK_TYPE, STACK_URN, Deployment, State
from tests.quick_engine.plugins import Failed, Plugins
from tests.quick_engine.running import Running
from toolchain.cluster import Addresses

HEAD = "import json, os, pulumi, pulumi_nomad as nomad, pulumi_consul as consul\n"
"""What every program begins with."""


class Result:
    """What a command came to: exit code, every message, and the step of each resource by its name."""

    def __init__(self, deployment: Deployment, messages: list[tuple[str, str]], traceback: str) -> None:
        failures = [("", traceback)] if traceback and not deployment.failures else deployment.failures
        self.code = 1 if failures else 0
        self.steps = {urn.rsplit("::", 1)[-1]: step for urn, step in deployment.steps.items()}
        self.messages = [text for _, text in messages]
        self.failures = [text for _, text in failures]
        self.by_resource = [(urn.rsplit("::", 1)[-1], text) for urn, text in [*messages, *failures]]

    @property
    def text(self) -> str:
        """The messages and failures, with the names of their resources, then the steps."""
        told = [f"{name}: {text}" if name else text for name, text in self.by_resource]
        return "\n".join([*told, *(f"{step} {name}" for name, step in self.steps.items())])

    @property
    def unchanged(self) -> bool:
        """Whether no resource changes and nothing failed."""
        return self.code == 0 and all(step == "same" for step in self.steps.values())


class Stack:
    """A stack of the test's own. Its jobs, and what the test says itself, are to have names with `name` in them."""

    def __init__(self, folder: Path, addresses: Addresses, name: str) -> None:
        self.folder = folder
        self.addresses = addresses
        self.name = name
        self.nomad = Api(addresses.nomad)
        self.consul = Api(addresses.consul)
        self.config: dict[str, str] = {}
        """The stack's configuration of its providers, such as `nomad:waitForPlace`. Values as the CLI gives them."""
        self.environment: dict[str, str | None] = {
            **dict.fromkeys(key for key in os.environ if key.startswith(("PULUMI_", "NOMAD_", "CONSUL_"))),
            **addresses.environment(),
        }
        """In the environment of the commands; None takes a variable away."""
        self.states: dict[str, State] = {}
        self.history: list[str] = []
        """What every command has shown, progress too, and recorded: where nothing of a secret may be."""
        self._outputs: dict[str, Any] = {}
        self._plan: dict[str, Any] = {}
        self._main = folder / "__main__.py"

    def write(self, *lines: str) -> None:
        """Replaces the program."""
        self._main.write_text(HEAD + "\n".join(lines) + "\n")

    def preview(self, *, check: bool = True, **environment: str) -> Result:
        """`pulumi preview`. With `check` a failure fails the test."""
        return self._run_program(preview=True, check=check, environment=environment)

    def up(self, *, check: bool = True, **environment: str) -> Result:
        """`pulumi up --yes --skip-preview`."""
        return self._run_program(preview=False, check=check, environment=environment)

    def up_with_plan(self, *, check: bool = True) -> Result:
        """`pulumi up --plan`, with the plan that the last `preview` has saved."""
        return self._run_program(preview=False, check=check, environment={}, plan=self._plan)

    def refused(self, *texts: str, **environment: str) -> Result:
        """`preview` and `up` both fail with each of the texts. What the preview says."""
        at_preview = self.preview(check=False, **environment)
        for result in (at_preview, self.up(check=False, **environment)):
            assert result.code != 0, result.text
            for text in texts:
                assert text in result.text
        return at_preview

    def start(self, **environment: str) -> Running[Result]:
        """Starts `up` and does not wait. Its environment holds for the whole process until it ends."""
        return Running(lambda: self.up(check=False, **environment))

    def refresh(self, *, check: bool = True) -> Result:
        """`pulumi refresh --yes`. The steps are same, update and delete; the text shows the new values of changes."""

        def work(deployment: Deployment) -> None:
            for urn, state in list(self.states.items()):
                if not state.id or state.type.startswith(PROVIDERS):
                    continue
                found = deployment.read(urn, state)
                deployment.steps[urn] = "same"
                if found is None:
                    deployment.steps[urn] = "delete"
                    del self.states[urn]
                elif (_values(found.inputs), _values(found.outputs)) != (_values(state.inputs), _values(state.outputs)):
                    deployment.steps[urn] = "update"
                    deployment._plugins.messages.lines.append((urn, f"{shown(found.inputs)} {shown(found.outputs)}"))
                    self.states[urn] = found

        return self._without_program(work, check=check)

    def destroy(self, *, check: bool = True) -> Result:
        """`pulumi destroy --yes`."""

        def work(deployment: Deployment) -> None:
            for urn, state in reversed(list(self.states.items())):
                deployment.steps[urn] = "delete"
                deployment.delete(urn, state)
                del self.states[urn]

        return self._without_program(work, check=check)

    def import_(self, token: str, name: str, id_: str, *, check: bool = True) -> Result:
        """`pulumi import TOKEN NAME ID --yes --protect=false`."""

        def work(deployment: Deployment) -> None:
            urn = f"urn:pulumi:{program.STACK}::{program.PROJECT}::{token}::{name}"
            empty = struct_pb2.Struct()
            found = deployment.read(urn, State(token, id_, empty, empty))
            if found is None:
                raise Failed([f"resource '{id_}' does not exist"])
            # The engine checks what was read, and takes what it comes to.
            asked = provider_pb2.CheckRequest(urn=urn, news=found.inputs)
            checked = deployment.provider(token).call("Check", asked)
            if checked.failures:
                raise Failed([failure.reason for failure in checked.failures])
            found.inputs = checked.inputs
            deployment.steps[urn] = "import"
            self.states.setdefault(STACK_URN, State(STACK_TYPE, "", empty, empty))
            self.states[urn] = found

        return self._without_program(work, check=check)

    def imports(self, refused: str) -> Result:
        """Runs the `pulumi import` command that a refusal names."""
        command = re.search(r"pulumi import ((?:\S+ ){2,3}\S+)\. ", refused)
        assert command, refused
        token, name, id_ = [word for word in command[1].split() if not word.startswith("--")]
        return self.import_(token, name, id_.strip("'"))

    def forget(self, name: str) -> None:
        """`pulumi state delete` of the resource with this name."""
        del self.states[self.urn(name)]

    def urn(self, name: str) -> str:
        """The URN of the resource with this name in the state."""
        return next(urn for urn in self.states if urn.endswith(f"::{name}"))

    def state(self, name: str) -> dict[str, Any]:
        """The recorded outputs of the resource with this name; secrets in plain text."""
        return _values(self.states[self.urn(name)].outputs)

    def recorded(self) -> str:
        """The whole state as text. What the engine would encrypt reads `[secret]`."""
        return "\n".join(f"{urn} {shown(s.inputs)} {shown(s.outputs)}" for urn, s in self.states.items())

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs of the last `up`; secrets in plain text."""
        return dict(self._outputs)

    def clean_up(self) -> None:
        """Ends every job of the test."""
        for job in self.nomad.call("GET", f"/v1/jobs?prefix={self.name[:40]}&namespace=*") or []:
            self.nomad.purge(job["ID"], job["Namespace"])

    def _run_program(
        self, *, preview: bool, check: bool, environment: dict[str, str], plan: dict[str, Any] | None = None
    ) -> Result:
        traceback = ""

        def work(deployment: Deployment) -> None:
            nonlocal traceback
            log = program.Log(deployment._plugins.messages.lines)
            traceback = program.run(self._main, deployment, log, self.config, preview=preview)
            if not traceback and not deployment.failures:
                deployment.delete_what_is_gone()
            if preview:
                self._plan = deployment.checked
            else:
                self.states = deployment.in_order()
                self._outputs = deployment.outputs

        started_s = time.monotonic()
        result = self._command(work, preview=preview, environment=environment, traceback=lambda: traceback, plan=plan)
        observation.current().command(time.monotonic() - started_s, result.code)
        assert not check or result.code == 0, result.text
        return result

    def _without_program(self, work: Callable[[Deployment], None], *, check: bool) -> Result:
        def with_providers(deployment: Deployment) -> None:
            deployment.start_recorded_providers()
            work(deployment)

        result = self._command(with_providers, preview=False, environment={}, traceback=lambda: "")
        assert not check or result.code == 0, result.text
        return result

    def _command(
        self,
        work: Callable[[Deployment], None],
        *,
        preview: bool,
        environment: dict[str, str],
        traceback: Callable[[], str],
        plan: dict[str, Any] | None = None,
    ) -> Result:
        with _environment({**self.environment, **environment}), Plugins() as plugins:
            deployment = Deployment(plugins, self.states, self.config, preview=preview, plan=plan)
            try:
                work(deployment)
            except Failed as failed:
                deployment.fail("", failed)
        # The plugins have their last word when they end.
        result = Result(deployment, plugins.messages.lines, traceback())
        self.history += [result.text, *(text for _, text in plugins.messages.progress), self.recorded()]
        return result


@contextmanager
def _environment(variables: dict[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def shown(struct: Any) -> str:
    """Properties as text, with `[secret]` for what the engine encrypts."""
    return json.dumps(_masked(json_format.MessageToDict(struct)), sort_keys=True)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return "[secret]"
        return {key: _masked(inner) for key, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value


def _values(struct: Any) -> dict[str, Any]:
    """Properties with secrets in plain text."""
    values: dict[str, Any] = _plain(json_format.MessageToDict(struct))
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return _plain(value.get("value"))
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
