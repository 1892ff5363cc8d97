"""Which commands get the dev stack's passphrase, and which must never."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.toolchain.conftest import write_program
from toolchain import paths
from toolchain.checkpoints import SERVICES

NONE = "asks for one"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose CLI prints the passphrase that it is given, and its arguments."""
    root = tmp_path / "my checkout"
    (root / "toolchain").mkdir(parents=True)
    shutil.copy(paths.ROOT / "toolchain" / "pulumi", root / "toolchain")
    write_program(root / ".caravan" / "libexec" / "pulumi", f'echo "${{PULUMI_CONFIG_PASSPHRASE-{NONE}}}"; echo "$@"')
    (root / "Pulumi.yaml").write_text("name: caravan\n")
    (root / "services" / "deep").mkdir(parents=True)
    return root


def select(checkout: Path, stack: str) -> None:
    """What `pulumi stack select` records."""
    path = str(checkout / "Pulumi.yaml")
    file = (
        checkout
        / "home"
        / "workspaces"
        / f"caravan-{hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()}-workspace.json"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"stack": f"organization/caravan/{stack}"}, indent=4))


def passphrase(checkout: Path, *arguments: str, folder: str = "", **variables: str) -> str:
    (checkout / "bin").mkdir(exist_ok=True)
    link = checkout / "bin" / "pulumi"
    if not link.exists():
        link.symlink_to(checkout / "toolchain" / "pulumi")
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(checkout),
        "PULUMI_HOME": str(checkout / "home"),
        "PULUMI_BACKEND_URL": f"file://{checkout}/.caravan/state",
        **variables,
    }
    result = subprocess.run(
        [str(link), *arguments], cwd=checkout / folder, env=env, capture_output=True, text=True, check=True
    )
    given, passed = result.stdout.splitlines()
    assert passed == " ".join(arguments)
    return given


@pytest.mark.parametrize(
    "command",
    [
        "up --stack dev",
        "up --stack=dev --yes",
        "preview -s dev",
        "-s organization/caravan/dev preview",
        "stack init dev",
        "stack select --create dev",
        "stack select dev --create",
        "stack select --stack dev",
    ],
)
def test_the_dev_stack_needs_no_prompt(checkout: Path, command: str) -> None:
    assert passphrase(checkout, *command.split()) == "caravan-dev"


@pytest.mark.parametrize(
    "command",
    [
        "up --stack prod",
        "stack init prod",
        "stack init prod --copy-config-from dev",
        "stack init --copy-config-from dev prod",
        "stack --color never init prod",
        "stack select --create prod",
        "stack init",
        "-C . stack init prod",
        "config cp --dest prod",
        "up --stack organization/caravan/development",
    ],
)
def test_another_stack_gets_none_although_dev_is_selected(checkout: Path, command: str) -> None:
    select(checkout, "dev")
    assert passphrase(checkout, *command.split()) == NONE


def test_the_selected_stack_counts_where_none_is_named(checkout: Path) -> None:
    assert passphrase(checkout, "up") == NONE
    select(checkout, "dev")
    assert passphrase(checkout, "up") == "caravan-dev"
    assert passphrase(checkout, "up", folder="services/deep") == "caravan-dev"
    assert passphrase(checkout, "-C", "services", "up") == "caravan-dev"
    assert passphrase(checkout, "config", "set", "--secret", "name", "value") == "caravan-dev"
    select(checkout, "prod")
    assert passphrase(checkout, "up") == NONE


def test_the_variable_that_names_a_stack_counts_before_the_selected_one(checkout: Path) -> None:
    select(checkout, "dev")
    assert passphrase(checkout, "up", PULUMI_STACK="prod") == NONE
    assert passphrase(checkout, "up", PULUMI_STACK="dev") == "caravan-dev"


def test_a_passphrase_of_the_users_own_is_for_other_stacks(checkout: Path) -> None:
    """The salt in the dev stack's file belongs to the passphrase that everybody has."""
    assert passphrase(checkout, "up", "-s", "dev", PULUMI_CONFIG_PASSPHRASE="mine") == "caravan-dev"
    assert passphrase(checkout, "up", "-s", "dev", PULUMI_CONFIG_PASSPHRASE_FILE="/mine") == "caravan-dev"
    assert passphrase(checkout, "up", "-s", "prod", PULUMI_CONFIG_PASSPHRASE="mine") == "mine"


@pytest.mark.parametrize("backend", ["", "https://api.pulumi.com", "file://~", "s3://states"])
def test_a_dev_stack_of_another_backend_gets_none(checkout: Path, backend: str) -> None:
    assert passphrase(checkout, "up", "-s", "dev", PULUMI_BACKEND_URL=backend) == NONE


@pytest.fixture
def large(checkout: Path) -> Path:
    """The checkout, with a CLI that prints whether it is to skip checkpoints, and a large stack."""
    write_program(checkout / ".caravan" / "libexec" / "pulumi", 'echo "${PULUMI_SKIP_CHECKPOINTS-unset}"; echo "$@"')
    for name in ("__init__", "checkpoints", "pending_operations"):
        shutil.copy(paths.ROOT / "toolchain" / f"{name}.py", checkout / "toolchain")
    (checkout / "Pulumi.yaml").write_text("name: caravan\nstackConfigDir: stacks\n")
    resource = {"urn": "urn", "custom": True, "type": "nomad:index/job:Job", "inputs": {"jobspec": "{}" * 50}}
    state = {"version": 3, "checkpoint": {"latest": {"resources": [resource] * SERVICES}}}
    for stack in ("dev", "large"):
        file = checkout / ".caravan" / "state" / ".pulumi" / "stacks" / "caravan" / f"{stack}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(state) if stack == "large" else "{}")
    return checkout


def test_a_large_stack_is_recorded_once(large: Path) -> None:
    assert passphrase(large, "up", "--stack", "large") == "true"
    assert passphrase(large, "up", "-s", "large", folder="services/deep") == "true"
    assert passphrase(large, "-C", str(large), "destroy", "-s", "organization/caravan/large", folder="..") == "true"


def test_a_small_one_at_each_step(large: Path) -> None:
    assert passphrase(large, "up", "--stack", "dev") == "unset"
    assert passphrase(large, "up", "--stack", "none-such") == "unset"


@pytest.mark.parametrize("value", ["false", ""])
def test_the_users_own_setting_counts(large: Path, value: str) -> None:
    assert passphrase(large, "up", "--stack", "large", PULUMI_SKIP_CHECKPOINTS=value) == value


def test_backends_that_are_no_folder_are_left_alone(large: Path) -> None:
    assert passphrase(large, "up", "--stack", "large", PULUMI_BACKEND_URL="https://api.pulumi.com") == "unset"


def run(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = checkout / ".caravan" / "libexec" / "pulumi"
    write_program(program, 'echo "TF_LOG=$TF_LOG $*"')
    env = {"PATH": "/usr/bin:/bin", "HOME": str(checkout), **variables}
    wrapper = str(checkout / "toolchain" / "pulumi")
    return subprocess.run([wrapper, *arguments], cwd=checkout, env=env, capture_output=True, text=True, check=True)


@pytest.mark.parametrize(
    "command", ["stack rm dev --yes", "stack rm -s dev", "-C . stack rm --yes", "stack remove dev", "stack delete"]
)
def test_a_stack_is_removed_without_its_file(checkout: Path, command: str) -> None:
    """A11: following Pulumi's own hint after a destroy deleted the list of services and secrets."""
    done = run(checkout, *command.split())
    assert done.stdout == f"TF_LOG=off {command} --preserve-config\n"
    assert "The stack's file stays: it describes the environment." in done.stderr


@pytest.mark.parametrize(
    "command",
    ["stack rm --preserve-config=false dev", "stack rm dev --help", "stack ls", "up -s rm", "stack select rm"],
)
def test_every_other_command_is_as_it_is_typed(checkout: Path, command: str) -> None:
    done = run(checkout, *command.split())
    assert (done.stdout, done.stderr) == (f"TF_LOG=off {command}\n", "")


def test_a_plugins_errors_are_read_once_unless_its_log_is_asked_for(checkout: Path) -> None:
    """A7: a failing build was read three times, twice in raw Go."""
    assert run(checkout, "up", TF_LOG="trace").stdout == "TF_LOG=trace up\n"
