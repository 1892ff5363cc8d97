"""The resources of an image."""

import asyncio
import json
from pathlib import Path
from typing import cast

import pulumi
import pytest
from pulumi.runtime import settings

from components.docker_daemon import DockerUnreachableError
from components.image import Image, ImageArgs, registry_provider
from components.image_reference import Registry
from tests.unit.components.engine import DIGEST, Engine, run
from tests.unit.components.samples import write_service


@pytest.fixture
def args(repository: Path) -> ImageArgs:
    write_service(repository, "web")
    return {"repository": "127.0.0.1:5000/web", "version": "1.0.0", "context": "services/web"}


def test_is_tagged_by_version_and_content(engine: Engine, args: ImageArgs) -> None:
    def check(reference: str) -> None:
        name, _, tag = reference.rpartition(":")
        version, _, fingerprint = tag.rpartition("-")
        assert (name, version) == ("127.0.0.1:5000/web", "1.0.0")
        assert len(fingerprint) == 12

    run(lambda: Image("web", args).reference.apply(check))


def test_builds_then_pushes_and_keeps_both(engine: Engine, args: ImageArgs) -> None:
    declare(args)
    build, push = engine.registered["web-build"], engine.registered["web-push"]
    assert (build.type, push.type) == (
        "docker:index/remoteImage:RemoteImage",
        "docker:index/registryImage:RegistryImage",
    )
    assert (build.parent, push.parent) == ("web", "web")
    assert build.inputs["keepLocally"] is True
    assert push.inputs == {"keepRemotely": True, "name": build.inputs["name"]}
    assert push.dependencies == ["web-build"]


def test_registers_its_outputs(engine: Engine, args: ImageArgs) -> None:
    declare(args)
    name = engine.registered["web-build"].inputs["name"]
    assert engine.registered["web"].type == "caravan:index:Image"
    assert engine.registered["web"].outputs == {"reference": name, "digest": DIGEST}


def test_the_state_names_no_place_of_this_machine(engine: Engine, args: ImageArgs, repository: Path) -> None:
    declare({**args, "context": str(repository / "services" / "web")})
    assert engine.registered["web-build"].inputs["build"] == {
        "buildArgs": {},
        "buildLogFile": ".caravan/build/web.log",
        "builder": "default",
        "context": ".caravan/build/web/web",
        "dockerfile": "../web.Dockerfile",
    }


def test_is_built_from_a_copy_that_is_there_while_it_is_built(
    engine: Engine, args: ImageArgs, repository: Path
) -> None:
    declare(args)
    hooks = engine.registered["web-build"].hooks
    assert hooks["before_create"] == ["web-docker", "web-copy"]
    assert hooks["before_update"] == ["web-docker"]
    assert hooks["after_create"] == ["web-copied"]
    assert engine.preview_hooks == {"web-docker"}
    copy = repository / ".caravan" / "build" / "web"
    asyncio.run(engine.hooks["web-copy"](None))
    assert (copy / "web" / "Dockerfile").is_file()
    assert (copy / "web.Dockerfile").is_file()
    engine.hooks["web-copied"](None)
    assert not copy.exists()


def test_a_file_that_changes_after_the_tag_is_made_fails_the_build(
    engine: Engine, args: ImageArgs, repository: Path
) -> None:
    declare(args)
    (repository / "services" / "web" / "new.py").write_text("x")
    expected = (
        r'Image "web": the context "services/web" has changed since this command began \("new.py" is the newest in it\)'
        ": run it again."
    )
    with pytest.raises(pulumi.RunError, match=f"^{expected}$"):
        asyncio.run(engine.hooks["web-copy"](None))
    assert not (repository / ".caravan" / "build" / "web").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"args": {}}, 'Image "web": args is not a known key; did you mean "build_args"?'),
        ({"version": None}, 'Image "web": version is missing.'),
        ({"context": "services/nope"}, 'Image "web": the context "services/nope" does not exist.'),
    ],
)
def test_arguments_that_cannot_work_are_refused(
    engine: Engine, args: ImageArgs, change: dict[str, object], message: str
) -> None:
    """newcomer B2: an unknown key is not swallowed."""
    with pytest.raises(pulumi.RunError) as error:
        declare(cast(ImageArgs, {**args, **change}))
    assert str(error.value) == message


def test_passes_on_what_the_build_depends_on(engine: Engine, args: ImageArgs) -> None:
    declare({**args, "build_args": {"A": "1"}, "target": "run", "platform": "linux/arm64"})
    build = engine.registered["web-build"].inputs["build"]
    assert (build["buildArgs"], build["target"], build["platform"]) == ({"A": "1"}, "run", "linux/arm64")


def test_a_failure_is_told_under_the_image(engine: Engine, args: ImageArgs, caplog: pytest.LogCaptureFixture) -> None:
    declare(args)

    def fail() -> None:
        failed = pulumi.ErrorHookArgs("", "", "web-build", "", failed_operation="create", errors=["no Docker here"])
        assert engine.hooks["web-build-failure"](failed) is False

    run(fail)
    assert engine.registered["web-build"].hooks["on_error"] == ["web-build-failure"]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "services/web/Dockerfile: the build failed: no Docker here"
    ]


@pytest.mark.parametrize("preview", [True, False])
def test_only_a_real_run_begins_a_new_log(engine: Engine, args: ImageArgs, repository: Path, preview: bool) -> None:
    log = repository / ".caravan" / "build" / "web.log"
    log.parent.mkdir(parents=True)
    log.write_text("the last build")
    settings.SETTINGS.dry_run = preview
    declare(args)
    assert log.exists() is preview


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, [{"address": "http://127.0.0.1:5000", "auth_disabled": True}]),
        ("{", [{"address": "http://127.0.0.1:5000", "auth_disabled": True}]),
        ('{"auths": {"example.com": {}}}', [{"address": "http://127.0.0.1:5000", "auth_disabled": True}]),
        ('{"auths": {"127.0.0.1:5000": {}}}', [{"address": "http://127.0.0.1:5000"}]),
        ('{"credHelpers": {"127.0.0.1:5000": "x"}}', [{"address": "http://127.0.0.1:5000"}]),
    ],
)
def test_credentials_are_those_of_docker_login(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str | None, expected: list[object]
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    if config is not None:
        (tmp_path / "config.json").write_text(config)

    run(lambda: registry_provider(Registry.parse("127.0.0.1:5000/team")))
    assert json.loads(engine.registered["registry"].inputs["registryAuth"]) == expected


def declare(args: ImageArgs) -> None:
    run(lambda: Image("web", args))


def test_a_build_without_docker_fails_at_preview(
    engine: Engine, args: ImageArgs, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(args)
    hooks = engine.registered["web-build"].hooks
    assert "web-docker" in [*hooks["before_create"], *hooks["before_update"]]
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(DockerUnreachableError):
        engine.hooks["web-docker"](None)
