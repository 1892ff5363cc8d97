"""The source that goes to Nomad beside a job."""

from typing import Any

from providers.nomad.spec import Spec
from providers.nomad.submission import submission
from providers.properties import Properties

SPEC = Spec({"ID": 'we"b', "Namespace": "default"}, secret=False)


def sent(secret: tuple[str, ...] = (), **values: Any) -> Any:
    return submission(SPEC, Properties(values, frozenset(secret)))


def test_hcl_goes_with_its_variables_as_flags() -> None:
    assert sent(jobspec="job", hcl2={"vars": {"n": 2, "s": "a", "l": ["b"], "on": True}}) == {
        "Format": "hcl2",
        "Source": "job",
        "VariableFlags": {"l": '["b"]', "n": "2", "on": "true", "s": "a"},
    }


def test_json_goes_as_it_is_written() -> None:
    assert sent(jobspec='{"ID": "web"}', json=True) == {"Format": "json", "Source": '{"ID": "web"}'}


def test_of_a_secret_source_or_variable_nothing_goes() -> None:
    for secret in ("jobspec", "hcl2"):
        text = str(sent((secret,), jobspec="hunter2", hcl2={"vars": {"p": "hunter3"}}))
        assert "hunter" not in text
        assert 'job "we\\\\"b" {}' in text
