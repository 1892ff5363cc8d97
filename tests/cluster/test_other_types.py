"""The types beside Job through the real CLI: what is shown, what is refused, and what Nomad then has."""

import json
import re
from typing import Any

import pytest

from tests.cluster.programs import job, use
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
    project.up("--skip-preview")
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
    project.nomad.call("PUT", path, {"Name": project.name, "Description": "theirs", "Meta": {"team": "a"}})
    use(project, namespace(project, "one"))
    for refused in (project.preview(check=False), project.up("--skip-preview", check=False)):
        assert refused.code != 0
        assert "It is not overwritten" in refused.text

    imports(project, refused.text)
    assert 'description "theirs" → "one"' in project.preview().text
    project.up()
    assert UNCHANGED.search(project.preview().text)
    project.run("destroy", "--yes")
    assert project.nomad.call("GET", path) is None


def imports(project: Project, refused: str) -> None:
    """Runs the command that a refusal names."""
    command = re.search(r"pulumi (import( \S+)+)\. Or ", refused)
    assert command, refused
    project.run(*command[1].split(), "--yes", "--protect=false")


def test_wrong_inputs_are_all_told_at_preview(project: Project) -> None:
    program: dict[str, Any] = {"name": "a b", "meta": {"k": "v"}, "quota": "q"}
    use(project, f"nomad.Namespace('n', **{program!r})\n")
    failed = project.preview(check=False)
    assert failed.code != 0
    assert "name is 'a b'; it must be 1 to 128 letters" in failed.text
    assert "quota needs Nomad Enterprise" in failed.text


def variable(project: Project, **items: str) -> str:
    return f"nomad.Variable('v', path='tests/{project.name}', items={items!r})\n"


def test_the_life_of_a_variable_whose_values_are_shown_nowhere(project: Project) -> None:
    path = f"/v1/var/tests/{project.name}"
    use(project, variable(project, user="ada", key="first-horse"))
    shown = project.preview("--diff").text + project.up("--diff").text
    assert project.nomad.call("GET", path)["Items"] == {"user": "ada", "key": "first-horse"}
    again = project.up("--diff").text
    assert UNCHANGED.search(again)

    use(project, variable(project, key="second-horse", more="third-horse"))
    preview = project.preview("--diff").text
    for line in ("items.key: changed", "items.more: added", "items.user: removed"):
        assert line in preview
    shown += again + preview + project.up("--diff").text
    found = project.nomad.call("GET", path)
    assert found["Items"] == {"key": "second-horse", "more": "third-horse"}

    project.nomad.call("PUT", path, {**found, "Items": {"key": "their-horse"}})
    shown += project.preview("--diff").text
    assert "Nothing is changed now" in shown
    use(project, variable(project, key="fourth-horse"))
    for refused in (
        project.preview("--diff", check=False),
        project.up("--diff", "--skip-preview", check=False),
    ):
        assert refused.code != 0
        assert "It is not overwritten" in refused.text
        assert "items.key: changed" in refused.text
        assert "items.more: removed" in refused.text
        shown += refused.text
    shown += project.run("refresh", "--yes", "--diff").text
    shown += project.preview("--diff").text + project.up("--diff").text
    assert project.nomad.call("GET", path)["Items"] == {"key": "fourth-horse"}

    shown += project.run("stack", "export").text
    shown += project.run("destroy", "--yes", "--diff").text
    assert project.nomad.call("GET", path) is None
    assert "horse" not in shown


def test_an_existing_variable_is_refused_and_then_imported(project: Project) -> None:
    path = f"/v1/var/tests/{project.name}"
    project.nomad.call("PUT", path, {"Path": f"tests/{project.name}", "Items": {"key": "one-horse"}})
    use(project, variable(project, key="two-horse"))
    refused = project.up("--skip-preview", check=False)
    assert refused.code != 0
    assert "It is not overwritten" in refused.text

    imports(project, refused.text)
    use(project, variable(project, key="one-horse"))
    preview = project.preview("--diff").text
    assert UNCHANGED.search(preview)
    exported = project.run("stack", "export").text
    assert "horse" not in refused.text + preview + exported
    project.run("destroy", "--yes")
    assert project.nomad.call("GET", path) is None


def test_a_variable_moves_with_its_path(project: Project) -> None:
    use(project, variable(project, key="a"))
    project.up("--skip-preview")
    use(project, variable(project, key="a").replace("path='tests/", "path='tests/other-"))
    assert "replace" in project.preview().text
    project.up()
    assert project.nomad.call("GET", f"/v1/var/tests/{project.name}") is None
    assert project.nomad.call("GET", f"/v1/var/tests/other-{project.name}")["Items"] == {"key": "a"}


def node_pool(project: Project, description: str) -> str:
    return f"nomad.NodePool('p', name={project.name!r}, description={description!r}, node_identity_ttl='36h')\n"


def test_the_life_of_a_node_pool(project: Project) -> None:
    path = f"/v1/node/pool/{project.name}"
    use(project, node_pool(project, "one"))
    project.up("--skip-preview")
    assert UNCHANGED.search(project.up().text)
    use(project, node_pool(project, "two"))
    assert 'description "one" → "two"' in project.preview().text
    project.up()
    found = project.nomad.call("GET", path)
    assert (found["Description"], found["NodeIdentityTTL"]) == ("two", 36 * 3600 * 10**9)

    project.nomad.call("PUT", path, {**found, "Meta": {"k": "theirs"}})
    use(project, node_pool(project, "three"))
    refused = project.up("--skip-preview", check=False)
    assert refused.code != 0
    assert 'meta.k none → "theirs"' in refused.text
    project.run("refresh", "--yes")
    project.up()
    assert project.nomad.call("GET", path)["Meta"] in (None, {})

    project.run("state", "delete", "--yes", urn(project, "p"))
    use(project, node_pool(project, "four"))
    imports(project, project.preview(check=False).text)
    use(project, node_pool(project, "three"))
    assert UNCHANGED.search(project.preview().text)

    project.run("state", "delete", "--yes", urn(project, "p"))
    assert "It is taken over" in project.up().text
    project.run("destroy", "--yes")
    assert project.nomad.call("GET", path) is None


def urn(project: Project, name: str) -> str:
    """The URN of the resource with that name."""
    resources = json.loads(project.run("stack", "export").text)["deployment"]["resources"]
    return next(str(resource["urn"]) for resource in resources if resource["urn"].endswith(f"::{name}"))


def test_a_namespace_and_a_job_in_it_are_made_by_one_update(project: Project) -> None:
    spec = job(project.name, "service")
    use(
        project,
        f"team = nomad.Namespace('n', name={project.name!r})\nspec = {spec!r}\n"
        "text = team.name.apply(lambda name: json.dumps({**spec, 'Namespace': name}))\n"
        "nomad.Job('j', jobspec=text, json=True, purge_on_destroy=True)\n",
    )
    path = f"/v1/job/{project.name}/allocations?namespace={project.name}"
    assert f'namespace "{project.name}" is made by this same update' in project.preview().text
    project.up("--skip-preview")
    assert [allocation["ClientStatus"] for allocation in project.nomad.call("GET", path)] == ["running"]
    assert UNCHANGED.search(project.preview().text)
    project.run("destroy", "--yes")
    assert project.nomad.call("GET", f"/v1/namespace/{project.name}") is None
