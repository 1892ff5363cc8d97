"""The whole program, from files to resources."""

import hashlib
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


def test_keys_under_the_projects_own_name_are_told(
    engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """newcomer B4: in a project of another name, nobody reads them."""
    write_service(repository, "web")
    monkeypatch.setattr(pulumi, "get_project", lambda: "shop")
    configure(monkeypatch, {"shop:services": {"web": None}, "shop:greeting": "x", "nomad:region": "eu"})
    told = "shop:services is read by nobody: write caravan:services, whatever the project is called."
    assert refusal().splitlines()[2:] == [f"  - stacks/Pulumi.dev.yaml: {told}"]
    configure(monkeypatch, {"caravan:services": {"web": None}, "shop:greeting": "x"})
    deploy()
    assert "web-job" in engine.registered


def test_a_name_that_two_jobs_share_is_told(
    engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("blue", "green"):
        job = f"job: {{TaskGroups: [{{Name: {name}, Services: [{{Name: front, PortLabel: http}}]}}]}}\n"
        write_service(repository, name, "version: 1.0.0\nports: {http: {to: 80}}\n" + job)
    configure(monkeypatch, {"caravan:services": {"blue": None, "green": None}})
    deploy()
    told = 'services/green/service.yaml:3: job registers "front"'
    assert any(record.message.startswith(told) for record in caplog.records)


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
    # The test's own, unless a test before this one made it.
    types.pop("caravan-dev", None)
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
    assert set(engine.registered) - {"caravan-dev"} == {"cache", "cache-job"}


def test_problems_are_one_readable_error(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_service(repository, "web", "version: 1\nports: {http: {to: 80}}\n")
    configure(
        monkeypatch, {"caravan:services": {"web": {"count": -1}}, "caravan:datacentres": ["dc1"], "nomad:address": "x"}
    )
    assert refusal() == (
        "these settings cannot be deployed:\n"
        '  - services/web/service.yaml:1: version is 1, but must be text: write it in quotes, "1".\n'
        '  - stacks/Pulumi.dev.yaml: caravan:datacentres is not a known key; did you mean "datacenters"?\n'
        "  - stacks/Pulumi.dev.yaml: caravan:services.web.count is -1, but must be 0 or more."
    )


def test_text_where_a_mapping_is_meant(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, {"caravan:services": "web"})
    assert refusal().endswith('caravan:services is "web", but must be a mapping of keys to values.')


def test_a_secret_is_refused_and_not_shown(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_service(repository, "web")
    configure(monkeypatch, {"caravan:services": {"web": {"env": {"A": "planted"}}}}, secret=["caravan:services"])
    message = refusal()
    what = "holds a secret, but everybody who can read the job would see it: "
    what += "secrets of services stand under caravan:secrets."
    assert message == f"these settings cannot be deployed:\n  - stacks/Pulumi.dev.yaml: caravan:services {what}"
    assert "planted" not in message
    assert not engine.registered


STACK = """\
config:
  caravan:registry:
    address: registry.example.com
    username: me
    password: {secure: "v1:a"}
  caravan:services:
    web: {}
  caravan:secrets:
    web:
      TOKEN: {secure: "v1:b"}
"""


def test_secrets_reach_only_what_keeps_them(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_service(repository, "web", "version: 1.0.0\nports: {http: {to: 80}}\nsecrets: {TOKEN: {}}\n")
    (repository / "stacks").mkdir()
    (repository / "stacks" / "Pulumi.dev.yaml").write_text(STACK)
    config = {
        "caravan:registry": {"address": "registry.example.com", "username": "me", "password": "planted-1"},
        "caravan:services": {"web": {}},
        "caravan:secrets": {"web": {"TOKEN": "planted-2"}},
    }
    configure(monkeypatch, config, secret=["caravan:registry", "caravan:secrets"])
    deploy()
    holders = {name for name, made in engine.registered.items() if "planted" in json.dumps(made.inputs)}
    assert holders == {"registry", "web-secrets"}
    version = hashlib.sha256(b"TOKEN=v1:b").hexdigest()[:16]
    assert version in engine.registered["web-job"].inputs["jobspec"]


def test_secrets_that_stand_in_no_file_have_no_version_of_their_own(
    engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of an ESC environment."""
    write_service(repository, "web", "version: 1.0.0\nports: {http: {to: 80}}\nsecrets: {TOKEN: {}}\n")
    config = {"caravan:services": {"web": {}}, "caravan:secrets": {"web": {"TOKEN": "planted"}}}
    configure(monkeypatch, config, secret=["caravan:secrets"])
    deploy()
    assert "planted" not in engine.registered["web-job"].inputs["jobspec"]

    configure(monkeypatch, config)
    message = refusal()
    assert "caravan:secrets.web.TOKEN is in plain text" in message
    assert "planted" not in message


def test_a_misplaced_secret_is_shown_by_no_sentence(
    engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_service(repository, "web")
    (repository / "stacks").mkdir()
    stack = "config:\n  caravan:services:\n    web: {count: {secure: v1:a}, nmae: x}\n"
    (repository / "stacks" / "Pulumi.dev.yaml").write_text(stack)
    config = {"caravan:services": {"web": {"count": "planted", "nmae": "x"}}}
    configure(monkeypatch, config, secret=["caravan:services"])
    message = refusal()
    assert "caravan:services.web.count holds a secret" in message
    assert "caravan:services.web.nmae is not a known key" in message
    assert "planted" not in message


def write_calls(repository: Path, **calls: list[str]) -> dict[str, Any]:
    for name, callees in calls.items():
        called: dict[str, dict[str, str]] = {callee: {} for callee in callees}
        text = (
            f"version: 1.0.0\nimage: {{reference: 'a:1'}}\nports: {{http: {{to: 80}}}}\ncalls: {json.dumps(called)}\n"
        )
        write_service(repository, name, text)
    return {"caravan:services": {name: {} for name in calls}}


def test_callees_change_before_their_callers(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, write_calls(repository, admin=["front"], front=["store"], store=[]))
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", lambda text, **_: logged.append(text))
    deploy()
    order = [name for name in engine.registered if name.endswith("-job")]
    assert order == ["store-job", "front-job", "admin-job"]
    hooks = {name: made.hooks.get("on_error", []) for name, made in engine.registered.items() if name in order}
    assert hooks == {"store-job": ["store-not-reached"], "front-job": ["front-not-reached"], "admin-job": []}
    assert engine.hooks["store-not-reached"](None) is False
    assert logged == ['not reached because "store" failed: admin, front']


def test_a_circle_of_calls_is_told(engine: Engine, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, write_calls(repository, b=["a"], a=["b"]))
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, **_: logged.append(text))
    deploy()
    assert logged == ["calls go in a circle: a → b → a; a changes first, before what it calls"]
