"""The types beside Job through the real CLI: what is shown, what is refused, and what Nomad then has."""

import re
from typing import Any

import pytest

from tests.cluster.programs import use
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster

UNCHANGED = re.compile(r"Resources:\n\s+\d+ unchanged\n")


def namespace(project: Project, description: str, more: str = "") -> str:
    return f"nomad.Namespace('n', name={project.name!r}, description={description!r}, meta={{'team': 'a'}}{more})\n"


def test_the_life_of_a_namespace(project: Project) -> None:
    path = f"/v1/namespace/{project.name}"
    use(project, namespace(project, "one"))
    project.preview()
    assert project.nomad.call("GET", path) is None
    project.up()
    assert UNCHANGED.search(project.up().text)

    drivers = ", capabilities=nomad.NamespaceCapabilitiesArgs(enabled_task_drivers=['raw_exec', 'docker'])"
    use(project, namespace(project, "two", drivers))
    assert 'description "one" → "two"' in project.preview().text
    project.up()
    found = project.nomad.call("GET", path)
    assert (found["Description"], found["Meta"]) == ("two", {"team": "a"})
    assert found["Capabilities"]["EnabledTaskDrivers"] == ["raw_exec", "docker"]
    assert UNCHANGED.search(project.preview().text)

    project.nomad.call("PUT", path, {**found, "Description": "theirs"})
    unchanged = project.up()
    assert 'description "two" → "theirs"' in unchanged.text
    assert "Nothing is changed now" in unchanged.text
    use(project, namespace(project, "three", drivers))
    for refused in (project.preview(check=False), project.up("--skip-preview", check=False)):
        assert refused.code != 0
        assert 'description "two" → "theirs"' in refused.text
        assert "It is not overwritten" in refused.text
    assert "theirs" in project.run("refresh", "--yes", "--diff").text
    assert 'description "theirs" → "three"' in project.preview().text
    project.up()
    assert project.nomad.call("GET", path)["Description"] == "three"

    project.nomad.call("DELETE", path)
    assert "is not in Nomad any more" in project.preview().text
    project.up()
    project.run("destroy", "--yes")
    assert project.nomad.call("GET", path) is None


def test_an_existing_namespace_is_refused_and_then_imported(project: Project) -> None:
    path = f"/v1/namespace/{project.name}"
    project.nomad.call("PUT", path, {"Name": project.name, "Description": "one", "Meta": {"team": "a"}})
    use(project, namespace(project, "one"))
    for refused in (project.preview(check=False), project.up("--skip-preview", check=False)):
        assert refused.code != 0
        assert "It is not overwritten" in refused.text

    imports(project, refused.text)
    assert UNCHANGED.search(project.preview().text)
    project.run("destroy", "--yes")
    assert project.nomad.call("GET", path) is None


def imports(project: Project, refused: str) -> None:
    """Runs the command that a refusal names."""
    command = re.search(r"pulumi (import \S+ \S+ \S+)\. ", refused)
    assert command, refused
    project.run(*command[1].split(), "--yes", "--protect=false", "--generate-code=false")


def test_wrong_inputs_are_all_told_at_preview(project: Project) -> None:
    program: dict[str, Any] = {"name": "a b", "meta": {"k": "v"}, "quota": "q"}
    use(project, f"nomad.Namespace('n', **{program!r})\n")
    failed = project.preview(check=False)
    assert failed.code != 0
    assert "name is 'a b'; it must be 1 to 128 letters" in failed.text
    assert "quota needs Nomad Enterprise" in failed.text
