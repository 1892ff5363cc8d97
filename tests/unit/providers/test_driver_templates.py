"""Which texts of a task's config a driver takes for templates."""

import pytest

from providers.nomad.driver_templates import directives, of_refusal

REFUSED = "group g, task t, allocation 0cff6b88 on node n: the driver refuses the task's config: Unknown variable"


def job(text: str) -> dict[str, object]:
    task = {"Name": "t", "Config": {"args": ["-c", text], "n": 1}, "Env": {"LEVEL": "high"}}
    return {"TaskGroups": [{"Name": "g", "Tasks": [task, {"Name": "other", "Config": {"args": [text]}}]}]}


@pytest.mark.parametrize(
    ("text", "foreseen", "blamed"),
    [
        ("%{http_code}", 2, 1),
        ("x ${HOME}", 0, 1),
        ("%%{http_code} $${HOME}", 0, 0),
        ("${NOMAD_PORT_http} ${attr.kernel.name} ${ LEVEL }", 0, 0),
        ("100% of $HOME", 0, 0),
    ],
)
def test_texts_that_a_driver_refuses(text: str, foreseen: int, blamed: int) -> None:
    """Finding RW-05: the failure named neither the key nor how to write it."""
    assert len(list(directives(job(text)))) == foreseen
    found = list(of_refusal(job(text), [REFUSED]))
    assert len(found) == blamed
    assert all(sentence.startswith("group g, task t: config.args[1] holds ") for sentence in found)
    assert list(of_refusal(job(text), ["group g, task t, allocation 1: it ended with exit code 1"])) == []
