"""What a stack's services have to do with each other, and with its secrets."""

import json
import re

import pytest

from tests.cluster.project import Project
from tests.cluster.services import Services

pytestmark = pytest.mark.cluster


def versions(project: Project, services: Services) -> dict[str, int]:
    """Each job's version, by the short name of its service."""
    short = {name: name.removeprefix(f"{project.name}-") for name in services.written}
    return {short[name]: project.nomad.job(name)["Version"] for name in services.written}


def changed(text: str) -> set[str]:
    """The services whose job a command changes."""
    return set(re.findall(r'job "([^"]+)", version \d+ in Nomad now:', text))


def test_calls(project: Project) -> None:
    """A change touches one service. Callees go first; where one fails, its callers stay as they are and are named."""
    services = Services(project, "admin", "api", "front", "store")
    services.calls("api", "store")
    services.calls("front", "api")
    services.calls("admin", "front", "store")
    services.write()
    project.up("--skip-preview")

    services.overrides = {services.name("api"): {"env": {"COLOUR": "blue"}}}
    services.write()
    # With the preview before it.
    up = project.up()
    assert changed(up.diagnostics) == {services.name("api")}
    assert re.search(r"\n    ~ 1 to update\n    \d+ unchanged\n", up.text), up.text
    assert versions(project, services) == {"admin": 0, "api": 1, "front": 0, "store": 0}

    services.overrides = {services.name(name): {"env": {"COLOUR": "red"}} for name in ("admin", "front", "store")}
    services.overrides[services.name("api")] = {"check": {"path": "/missing"}}
    services.write()
    failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    names = f"{services.name('admin')}, {services.name('front')}"
    assert f'not reached because "{services.name("api")}" failed: {names}' in failed.diagnostics
    after = versions(project, services)
    assert (after["admin"], after["front"], after["store"]) == (0, 0, 1)
    assert project.consul.healthy(services.name("api"))


def test_calls_in_a_circle(project: Project) -> None:
    services = Services(project, "a", "b", "c")
    services.calls("a", "b")
    services.calls("b", "c")
    services.calls("c", "a")
    services.write()
    circle = " → ".join(services.name(name) for name in ("a", "b", "c", "a"))
    up = project.up("--skip-preview")
    assert f"calls go in a circle: {circle}; {services.name('a')} changes first, before what it calls" in up.text
    assert versions(project, services) == {"a": 0, "b": 0, "c": 0}


@pytest.mark.fault(23, "of a service: state, preview, job, messages")
def test_secrets(project: Project) -> None:
    """A secret without a value is told with the command that sets it; a rotated one changes just what uses it."""
    services = Services(project, "one", "two")
    one, two = services.name("one"), services.name("two")
    for name in (one, two):
        services.written[name]["secrets"] = {"TOKEN": {}}
    services.write()

    def command(name: str) -> list[str]:
        return ["config", "set", "--secret", "--path", f"caravan:secrets.{name}.TOKEN"]

    refused = project.preview(check=False)
    for name in (one, two):
        what = f"secrets.TOKEN has no value in this stack: pulumi {' '.join(command(name)[:-1])}"
        assert re.search(rf"services/{name}/service\.yaml:\d+: {re.escape(what)}", refused.text), refused.text

    values = {one: "planted-one", two: "planted-two"}
    set_all = ("config", "set-all", "--path")
    given = (("--secret", f"{command(name)[-1]}={value}") for name, value in values.items())
    project.run(*set_all, *(part for pair in given for part in pair))
    shown = project.up("--diff").text
    assert re.search(r"Resources:\n\s+\d+ unchanged\n", project.preview().text)

    project.run(*command(one), "planted-three")
    rotated = project.up("--diff").text
    assert changed(rotated) == {one}
    shown += rotated
    assert versions(project, services) == {"one": 1, "two": 0}
    items = project.nomad.call("GET", f"/v1/var/nomad/jobs/{one}")["Items"]
    assert items == {"TOKEN": "planted-three"}
    shown += json.dumps(project.state())
    shown += (project.folder / "stacks" / "Pulumi.dev.yaml").read_text()
    shown += str(project.nomad.job(one)) + str(project.nomad.job(two))
    assert "planted-" not in shown
