"""All that a preview refuses is reported in one preview, and nothing of it is registered."""

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project
from tests.cluster.services import Services
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def no_place(name: str) -> dict[str, object]:
    return {**job(name, "service"), "Constraints": [{"LTarget": "${meta.which}", "Operand": "=", "RTarget": "none"}]}


def test_the_cli_reports_every_refused_job_and_registers_none(project: Project) -> None:
    """Finding F10: three bad jobs in one program, one or two of them told by chance."""
    names = {kind: f"{project.name[:40]}-{kind}" for kind in ("place", "key", "hcl", "good")}
    place = write_job(project.folder, "place", no_place(names["place"]))
    key = write_job(project.folder, "key", {**job(names["key"], "service"), "Cuont": 1})
    good = write_job(project.folder, "good", job(names["good"], "service"))
    use(
        project,
        f"nomad.Job('place', jobspec={place}, json=True)\n"
        f"nomad.Job('key', jobspec={key}, json=True)\n"
        f"nomad.Job('hcl', jobspec='job \"{names['hcl']}\" {{\\n  cuont = 3\\n}}\\n')\n"
        f"nomad.Job('good', jobspec={good}, json=True)\n",
    )
    for refused in (project.preview(check=False), project.up(check=False)):
        assert refused.code != 0
        assert f'job "{names["place"]}", group g: 1 instance cannot be placed' in refused.text
        assert '"Cuont" is not a key of Nomad' in refused.text
        assert 'An argument named "cuont" is not expected here' in refused.text
        assert f'job "{names["good"]}": new' in refused.text
        assert all(project.nomad.call("GET", f"/v1/job/{name}") is None for name in names.values())


def test_services_that_call_each_other_are_all_looked_at(project: Project) -> None:
    """Finding F10: what waits for a refused service in the order of calls is reported, too."""
    services = Services(project, "front", "api", "store")
    services.calls("front", "api")
    services.calls("api", "store")
    for name in ("store", "front"):
        services.written[services.name(name)]["constraints"] = [{"attribute": "${meta.which}", "value": "none"}]
    services.write()
    refused = project.preview(check=False)
    assert refused.code != 0
    for name in ("store", "front"):
        assert f'job "{services.name(name)}", group {services.name(name)}: 1 instance cannot be placed' in refused.text
    assert f'job "{services.name("api")}": new' in refused.text
    assert f'refused, with the reasons above: "{services.name("front")}-job", "{services.name("store")}-job".' in (
        refused.diagnostics
    )
    assert "Traceback" not in refused.text
    assert all(
        project.nomad.call("GET", f"/v1/job/{services.name(name)}") is None for name in ("front", "api", "store")
    )


def test_without_a_preview_a_refused_job_is_not_registered(stack: Stack) -> None:
    """The reasons that a preview would have given are those of the update, and nothing of the jobs is in Nomad."""
    key = write_job(stack.folder, "key", {**job(f"{stack.name}-key", "service"), "Cuont": 1})
    place = write_job(stack.folder, "place", no_place(f"{stack.name}-place"))
    for text, reason in ((key, '"Cuont" is not a key of Nomad'), (place, "cannot be placed: constraint")):
        stack.write(f"nomad.Job('j', jobspec={text}, json=True)")
        refused = stack.up(check=False)
        assert refused.code != 0
        assert reason in "\n".join(refused.failures)
        assert not [job_id for job_id in ("key", "place") if stack.nomad.job(f"{stack.name}-{job_id}")]
