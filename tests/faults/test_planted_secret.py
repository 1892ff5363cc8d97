"""Secrets planted in a stack and looked for wherever anybody could read them, while it is deployed and afterwards."""

import base64
import json
import subprocess
import tarfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.background import Background
from tests.cluster.folders import cluster_folder
from tests.cluster.private_registry import PASSWORD, USERNAME, private_registry
from tests.cluster.project import Project, Result

pytestmark = pytest.mark.cluster

TOKEN, KEY = 'planted-token "quoted" ${HOME} {{ x }}', "-----BEGIN planted-key-----\nplanted-line\n"
PASSPHRASE = "of the tests"


def forms(secret: str) -> set[bytes]:
    """How a secret may look: as it is, escaped as in JSON once and twice, in base64, in a URL, and its lines."""
    escaped = json.dumps(secret)[1:-1]
    texts = {secret, escaped, json.dumps(escaped)[1:-1], urllib.parse.quote(secret), *secret.splitlines()}
    encoded = {base64.b64encode(text.encode()).rstrip(b"=")[:-1] for text in (secret, f"{USERNAME}:{secret}")}
    return {text.encode() for text in texts} | encoded


def assert_clean(what: str, content: bytes | str, *secrets: str) -> None:
    data = content.encode() if isinstance(content, str) else content
    for secret in secrets or (TOKEN, KEY, PASSWORD):
        found = sorted(form for form in forms(secret) if form in data)
        where = data.find(found[0]) if found else 0
        assert not found, f"{what} shows {found}: ...{data[max(0, where - 200) : where + 100]!r}"


class ProcessList(Background):
    """Samples every process's command line and environment, as others on the machine may read them."""

    pause_s = 0.1

    def __init__(self) -> None:
        self.arguments: set[bytes] = set()
        self.environments: dict[bytes, set[bytes]] = {}
        """The environments that were seen, by command line."""

    def once(self) -> None:
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                arguments, environment = _read(folder / "cmdline"), _read(folder / "environ")
                self.arguments.add(arguments)
                self.environments.setdefault(arguments, set()).add(environment)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with private_registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


def plant(project: Project, registry: str) -> None:
    """A service with a secret in a variable and one in a file, whose image goes to a registry with a password."""
    service = {
        "version": "1.0.0",
        "ports": {"http": {"to": 3000}},
        "check": {"path": "/health"},
        "secrets": {"API_TOKEN": None, "TLS_KEY": {"file": "tls/key.pem"}},
        # Nodes pull with credentials of their own. This one has none, so it does with the image that is there.
        "config": {"force_pull": False},
    }
    (project.service / "service.yaml").write_text(json.dumps(service))
    stack = project.folder / "stacks" / "Pulumi.dev.yaml"
    written = yaml.safe_load(stack.read_text())
    written["config"]["caravan:registry"] = {"address": registry, "username": USERNAME}
    stack.write_text(yaml.safe_dump(written))
    for name, value in (("API_TOKEN", TOKEN), ("TLS_KEY", KEY)):
        set_secret(project, f"caravan:secrets.{project.name}.{name}", value)
    set_secret(project, "caravan:registry.password", PASSWORD)


def set_secret(project: Project, path: str, value: str) -> None:
    """From standard input, as a user does who wants it in no list of processes."""
    command = ["pulumi", "config", "set", "--secret", "--path", path, "--non-interactive"]
    subprocess.run(command, cwd=project.folder, env=project.environment, input=value, text=True, check=True)


@pytest.mark.fault(23, "of services, of the registry; deployed, rotated, and printed by a version that fails")
def test_a_planted_secret_is_found_nowhere(project: Project, registry: str) -> None:
    plant(project, registry)
    events = project.folder / "events.json"
    with ProcessList() as seen:
        # The flag for the event log is one of those that Pulumi hides.
        log = ("--diff", "--show-reads", "--event-log", str(events))
        shown = [project.up(*log, PULUMI_DEBUG_COMMANDS="true")]
        set_secret(project, f"caravan:secrets.{project.name}.API_TOKEN", TOKEN + "-rotated")
        shown += [crash_that_prints_its_secrets(project), project.run("refresh", "--yes", "--diff")]
    for result in shown:
        assert_clean("the output", result.text)
    assert_clean("the event log", events.read_bytes())
    assert len(seen.arguments) > 20
    for arguments in seen.arguments:
        assert_clean("a command line", arguments)
    # Its own environment is where the service reads it, and the program's where Pulumi hands it its configuration.
    # A process that is just being started has no command line yet.
    holders = [line for line, held in seen.environments.items() if any(b"planted-token" in text for text in held)]
    assert any(b"server.py" in line for line in holders), holders
    mine = (b"server.py", b"pulumi-language-python-exec")
    assert [line for line in holders if line and not any(name in line for name in mine)] == []
    assert_clean_cluster(project)
    assert_clean_files(project)
    assert_clean_image(project, registry)
    assert_clean_verbose(project)


def crash_that_prints_its_secrets(project: Project) -> Result:
    """A version that cannot start and tells the world what it knows; its last lines are part of the failure."""
    show = "print('token is', os.environ['API_TOKEN'], repr(open(os.environ['TLS_KEY_FILE']).read()), flush=True)"
    project.edit("    sys.exit(main())", f"    {show}\n    sys.exit('cannot start')")
    failed = project.up("--diff", check=False)
    assert failed.code != 0
    assert "cannot start" in failed.diagnostics
    assert "token is" in failed.diagnostics
    return failed


def assert_clean_cluster(project: Project) -> None:
    """What Nomad and Consul tell whoever may read the job."""
    name = project.name
    asked = [f"/v1/job/{name}", f"/v1/job/{name}/versions", f"/v1/job/{name}/deployments", "/v1/evaluations"]
    asked += [f"/v1/job/{name}/submission?version=0", f"/v1/job/{name}/allocations", "/v1/vars"]
    asked += [f"/v1/allocation/{one['ID']}" for one in project.nomad.call("GET", f"/v1/job/{name}/allocations")]
    for path in asked:
        assert_clean(path, json.dumps(project.nomad.call("GET", path)))
    for path in (
        "/v1/catalog/services",
        f"/v1/health/service/{name}",
        "/v1/kv/?recurse=true",
        "/v1/config/service-defaults",
    ):
        assert_clean(path, json.dumps(project.consul.call("GET", path)))
    assert project.nomad.call("GET", f"/v1/var/nomad%2Fjobs%2F{name}")["Items"]["API_TOKEN"] == f"{TOKEN}-rotated"


def assert_clean_files(project: Project) -> None:
    """The stack file, the state with its backups and history, Pulumi's own folder, and the servers' logs and data."""
    backups = list((project.folder / "state").rglob("*.bak"))
    assert backups
    folders = [project.folder / "stacks", project.folder / "state", project.folder / "services", cluster_folder()]
    # What Nomad's client has is open to root alone: it keeps what it started the task with.
    of_the_client = cluster_folder() / "data" / "nomad-client"
    assert of_the_client.stat().st_mode & 0o077 == 0
    for file in (file for folder in folders for file in folder.rglob("*")):
        if of_the_client not in file.parents and file.is_file() and not file.is_symlink():
            assert_clean(str(file), _read(file))


def assert_clean_image(project: Project, registry: str) -> None:
    """Every byte of the image's layers and of its history."""
    exported = project.folder / "image.tar"
    image = project.outputs()["image"]
    assert image.startswith(registry)
    environment = {**project.environment, "DOCKER_HOST": project.addresses.docker_host}
    subprocess.run(["docker", "save", "--output", exported, image], env=environment, check=True, timeout=300)
    layers = 0
    with tarfile.open(exported) as image_tar:
        for member in image_tar.getmembers():
            content = image_tar.extractfile(member)
            if content is not None:
                layers += member.name.endswith("layer.tar")
                assert_clean(f"{member.name} of the image", content.read())
    assert layers > 1


def assert_clean_verbose(project: Project) -> None:
    """The engine's log and the plugins', short of level 9, at which Pulumi's engine writes down every property."""
    logged = project.run("preview", "--logtostderr", "--logflow", "-v=8")
    assert len(logged.text.splitlines()) > 100
    assert_clean("the engine's log", logged.text)
