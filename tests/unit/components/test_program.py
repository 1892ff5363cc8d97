"""The whole program, from files to resources."""

import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from tests.unit.components.engine import Engine, run
from tests.unit.components.samples import write_service

PROGRAM = Path(__file__).parents[3] / "__main__.py"


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARAVAN_REGISTRY", "127.0.0.1:5000")
    monkeypatch.delenv("CARAVAN_BASE_IMAGE", raising=False)


def configure(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], secret: list[str] | None = None) -> None:
    """Set the configuration as the language host does: lists and mappings as JSON."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(texts))
    set_all_config(texts, secret or [])


def deploy() -> None:
    def program() -> None:
        runpy.run_path(str(PROGRAM), run_name="__main__")

    run(program)


def refusal() -> str:
    with pytest.raises(pulumi.RunError) as error:
        deploy()
    return str(error.value)


def test_builds_every_image_before_any_job(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("web", "api"):
        write_service(repository, name)
    cache = {"image": {"reference": "redis:7"}}
    write_service(repository, "cache")
    configure(
        monkeypatch, {"caravan:services": {"web": None, "api": {}, "cache": cache}, "caravan:datacenters": ["dc2"]}
    )
    deploy()
    types = {name: registration.type.rpartition(":")[2] for name, registration in engine.registered.items()}
    assert types == {
        "registry": "docker",
        **dict.fromkeys(("web", "api", "cache"), "Microservice"),
        **{f"{name}-job": "Job" for name in ("web", "api", "cache")},
        **{f"{name}-build": "RemoteImage" for name in ("web", "api")},
        **{f"{name}-push": "RegistryImage" for name in ("web", "api")},
    }
    order = list(engine.registered)
    pushed = max(order.index("web-push"), order.index("api-push"))
    for name in ("web", "api", "cache"):
        assert order.index(f"{name}-job") > pushed
    job = json.loads(engine.registered["web-job"].inputs["jobspec"])
    assert job["Datacenters"] == ["dc2"]


def test_nothing_is_built_where_all_images_are_finished(
    engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_service(repository, "cache")
    configure(monkeypatch, {"caravan:services": {"cache": {"image": {"reference": "redis:7"}}}})
    deploy()
    assert set(engine.registered) == {"cache", "cache-job"}


def test_problems_are_one_readable_error(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_service(repository, "web", "version: 1\n")
    configure(
        monkeypatch, {"caravan:services": {"web": {"count": -1}}, "caravan:datacentres": ["dc1"], "nomad:address": "x"}
    )
    assert refusal() == (
        "these settings cannot be deployed:\n"
        '  - services/web/service.yaml: version is 1, but must be text: write it in quotes, "1".\n'
        '  - stacks/Pulumi.dev.yaml: caravan:datacentres is not a known key; did you mean "datacenters"?\n'
        "  - stacks/Pulumi.dev.yaml: caravan:services.web.count is -1, but must be 0 or more."
    )


def test_text_where_a_mapping_is_meant(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, {"caravan:services": "web"})
    assert refusal().endswith(
        'caravan:services is "web", but must be a mapping of the services to deploy to what differs here.'
    )


def test_a_secret_is_refused_and_not_shown(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_service(repository, "web")
    configure(monkeypatch, {"caravan:services": {"web": {"env": {"A": "planted"}}}}, secret=["caravan:services"])
    message = refusal()
    what = "holds a secret, which everybody who can read the job would see: keep it in a Nomad Variable."
    assert message == f"these settings cannot be deployed:\n  - stacks/Pulumi.dev.yaml: caravan:services {what}"
    assert "planted" not in message
    assert not engine.registered
