"""From files to valid settings: what is merged, what is the default, and the sentence for each bad input."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.build_context import Build
from components.problems import SettingsError
from components.settings import DeployedService, Settings, load
from components.stack_file import StackFile
from tests.unit.components.samples import write_service

ENVIRONMENT = {"CARAVAN_REGISTRY": "127.0.0.1:5000"}
SERVICE = "services/web/service.yaml: "
STACK = "stacks/Pulumi.dev.yaml: "
VALID = "version: 1.0.0\nports: {http: {to: 80}}\n"


def stack_file(root: Path, config: Mapping[str, Any], stack: str = "dev") -> StackFile:
    """The configuration as Pulumi hands it over where it stands in no file."""
    return StackFile.of_pulumi(root, stack, config, frozenset())


def settings(root: Path, services: Any, **config: Any) -> Settings:
    return load(root, stack_file(root, {"services": services, **config}), ENVIRONMENT)


def service(root: Path, text: str, override: Mapping[str, Any] | None = None) -> DeployedService:
    write_service(root, "web", text)
    return settings(root, {"web": override}).services[0]


def problems(root: Path, services: Any, **config: Any) -> list[str]:
    """The sentences, without lines: those are in test_bad_inputs.py."""
    with pytest.raises(SettingsError) as error:
        settings(root, services, **config)
    return sorted(re.sub(r"\.yaml:\d+:", ".yaml:", str(problem)) for problem in error.value.problems)


def test_a_small_file_is_enough(repository: Path) -> None:
    spec = service(repository, VALID).spec
    assert (spec.name, spec.version, spec.count) == ("web", "1.0.0", 1)
    assert spec.check is not None
    assert (spec.check.type, spec.check.path, spec.check.port) == ("http", None, "http")
    assert spec.rollout.promotes
    assert spec.rollout.auto_revert


def test_the_image_is_built_from_the_folder(repository: Path) -> None:
    build = service(repository, VALID).build
    assert build is not None
    assert build.context == repository / "services" / "web"
    assert build.dockerfile == repository / "services" / "web" / "Dockerfile"


def test_the_stack_changes_single_values(repository: Path) -> None:
    text = VALID + "rollout: {min_healthy_s: 5, canary: 2}\ntags: [a, b]\n"
    spec = service(repository, text, {"rollout": {"min_healthy_s": 1.5}, "tags": ["c"]}).spec
    assert (spec.rollout.min_healthy_s, spec.rollout.canary) == (1.5, 2)
    assert spec.tags == ("c",)


def test_the_stack_may_take_a_finished_image(repository: Path) -> None:
    text = VALID + "image: {build: {dockerfile: Other}}\n"
    deployed = service(repository, text, {"image": {"reference": "example.com/web:2"}})
    assert deployed.build is None
    assert deployed.spec.image.reference == "example.com/web:2"


def test_a_check_can_be_refused(repository: Path) -> None:
    spec = service(repository, VALID + "check: null\nrollout: {health_check: task_states}\n").spec
    assert spec.check is None


def test_without_canaries_nothing_is_promoted(repository: Path) -> None:
    assert not service(repository, VALID + "rollout: {canary: 0}\n").spec.rollout.promotes


@pytest.mark.parametrize(
    "value",
    ["${NOMAD_ALLOC_ID}", "${HOME}", "${", "a$b", "$HOME", "{{ x }}", 'q"u\no\\te', "${node.class}-${attr.cpu.arch}"],
)
def test_text_reaches_the_task_as_it_is(repository: Path, value: str) -> None:
    assert service(repository, VALID, {"env": {"A": value}}).spec.env == {"A": value}


def test_what_describes_the_service_is_no_part_of_its_image(repository: Path) -> None:
    """newcomer A3: a comment in service.yaml builds no new image."""
    before = built(service(repository, VALID))
    assert [entry.path for entry in before.entries()] == ["Dockerfile", "app"]
    assert built(service(repository, VALID + "# a comment\n")).fingerprint() == before.fingerprint()
    (repository / "services" / "web" / ".dockerignore").write_text("!service.yaml\n")
    assert "service.yaml" in [entry.path for entry in built(service(repository, VALID)).entries()]


def test_a_dockerfile_that_copies_what_describes_the_service(repository: Path) -> None:
    folder = write_service(repository, "web")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY service.yaml /\n")
    told = 'has the dockerfile "Dockerfile", which copies service.yaml: write "!service.yaml" into its .dockerignore.'
    assert problems(repository, {"web": None}) == [f"{SERVICE}image.build {told}"]
    (folder / ".dockerignore").write_text("!service.yaml\n")
    assert settings(repository, {"web": None}).services


def test_what_describes_services_and_stacks_is_no_part_of_an_image_of_everything(repository: Path) -> None:
    write_service(repository, "other")
    (repository / "services" / "defaults.yaml").write_text("priority: 50\n")
    build = built(
        service(repository, VALID + "image: {build: {context: ../.., dockerfile: services/web/Dockerfile}}\n")
    )
    paths = [entry.path for entry in build.entries()]
    assert {"services/web/app", "services/other/app"} <= set(paths)
    assert not [path for path in paths if path.endswith(".yaml") and path != "Pulumi.yaml"]


AS_WRITTEN = {
    "FEATURE": "on",
    "COUNTRY": "NO",
    "UMASK": "0755",
    "AT": "22:30",
    "BIG": "1_000",
    "DAY": "2026-01-31",
    "WHEN": "2026-01-31T10:00:00Z",
}
UNQUOTED = "".join(f"    {name}: {value}\n" for name, value in AS_WRITTEN.items())
OF_PULUMI = {**AS_WRITTEN, "UMASK": 493, "BIG": 1000, "DAY": "2026-01-31 00:00:00 +0000 UTC"}
OF_PULUMI["WHEN"] = "2026-01-31 10:00:00 +0000 UTC"


def test_text_without_quotes_arrives_as_it_is_written(repository: Path) -> None:
    """RW-50: NO is a country, 0755 a mode, 22:30 a time of day."""
    assert service(repository, VALID + "env:\n" + UNQUOTED).spec.env == AS_WRITTEN


def test_what_pulumi_makes_of_text_without_quotes_arrives_as_it_is_written(repository: Path) -> None:
    """RW-50: a date in the stack's file is no other text."""
    write_service(repository, "web", VALID)
    (repository / "stacks").mkdir()
    file = repository / "stacks" / "Pulumi.dev.yaml"
    file.write_text("config:\n  caravan:services:\n    web:\n      env:\n" + UNQUOTED.replace("    ", "        "))
    handed_over = stack_file(repository, {"services": {"web": {"env": OF_PULUMI}}})
    for found in (handed_over, StackFile.read(repository, "dev")):
        assert load(repository, found, ENVIRONMENT).services[0].spec.env == AS_WRITTEN


def test_a_number_is_told_as_the_stacks_file_has_it(repository: Path) -> None:
    write_service(repository, "web", VALID)
    (repository / "stacks").mkdir()
    file = repository / "stacks" / "Pulumi.dev.yaml"
    file.write_text("config:\n  caravan:services:\n    web: {env: {A: 1.10}, tags: [1.0]}\n")
    with pytest.raises(SettingsError) as error:
        load(repository, stack_file(repository, {"services": {"web": {"env": {"A": 1.1}, "tags": [1]}}}), ENVIRONMENT)
    where = "stacks/Pulumi.dev.yaml:3: caravan:services.web."
    option = "(on the command line: pulumi config set --path --type string)"
    assert [str(problem) for problem in error.value.problems] == [
        f'{where}env.A is 1.10, but must be text: write it in quotes, "1.10" {option}.',
        f'{where}tags.0 is 1.0, but must be text: write it in quotes, "1.0" {option}.',
    ]


def test_a_file_that_is_of_no_effect_changes_no_value(repository: Path) -> None:
    """`pulumi --config-file` and ESC environments hand over what is in no stack file."""
    write_service(repository, "web", VALID)
    (repository / "stacks").mkdir()
    file = repository / "stacks" / "Pulumi.dev.yaml"
    file.write_text("config:\n  caravan:services:\n    web: {count: 3, env: {A: 2026-01-31, B: x}}\n")
    given = {"web": {"count": 2, "env": {"A": "2026-02-01 00:00:00 +0000 UTC", "B": "y"}}}
    spec = load(repository, stack_file(repository, {"services": given}), ENVIRONMENT).services[0].spec
    assert (spec.count, dict(spec.env)) == (2, given["web"]["env"])


def built(found: DeployedService) -> Build:
    assert found.build is not None
    return found.build


def test_the_base_image_is_for_dockerfiles_that_declare_it(repository: Path) -> None:
    for name in ("with", "without", "own"):
        write_service(repository, name)
    for name in ("with", "own"):
        (repository / "services" / name / "Dockerfile").write_text("ARG BASE_IMAGE=x\nFROM ${BASE_IMAGE}\n")
    own = {"image": {"build": {"args": {"BASE_IMAGE": "mine:1"}}}}
    deployed = settings(repository, {"with": None, "without": None, "own": own}, base_image="base:1").services
    args = {service.spec.name: dict(service.build.args) for service in deployed if service.build}
    assert args == {"with": {"BASE_IMAGE": "base:1"}, "without": {}, "own": {"BASE_IMAGE": "mine:1"}}


def test_only_listed_services_are_deployed_in_order(repository: Path) -> None:
    for name in ("b", "a", "broken"):
        write_service(repository, name, VALID if name != "broken" else "]")
    assert [service.spec.name for service in settings(repository, {"b": {}, "a": None}).services] == ["a", "b"]


def test_latest_is_fine_for_dev(repository: Path) -> None:
    assert service(repository, VALID, {"image": {"reference": "example.com/web:latest"}}).build is None


REFERENCE_RULE = 'must be an image reference such as "registry.example.com/web:1.2.3"'

# A line of service.yaml, and below it the sentence that it is answered with.
BAD = [
    (case.splitlines()[0], case.splitlines()[1].strip())
    for case in Path(__file__).with_name("bad_service_values.txt").read_text().split("\n\n")
]


@pytest.mark.parametrize(("text", "sentence"), BAD, ids=[text[:40] for text, _ in BAD])
def test_a_bad_value_in_the_service_file(repository: Path, text: str, sentence: str) -> None:
    key = text.partition(":")[0]
    rest = "".join(line + "\n" for line in VALID.splitlines() if not line.startswith(f"{key}:"))
    write_service(repository, "web", rest + text + "\n")
    found = problems(repository, {"web": None})
    assert found == [SERVICE + sentence]


WEB = f"{STACK}caravan:services.web."


@pytest.mark.parametrize(
    ("override", "sentences"),
    [
        ({"count": -1}, [WEB + "count is -1, but must be 0 or more."]),
        ({"cuont": 1}, [WEB + 'cuont is not a known key; did you mean "count"?']),
        ({"image": {"reference": "web"}}, [WEB + 'image.reference is "web", but must have a tag or a digest.']),
        ({"tags": ["a", "a"]}, [WEB + 'tags.1 is "a", which the service has already.']),
        (
            {"ports": {"http": {"static": 80}, "b": {"to": 1, "static": 80}}},
            [WEB + "ports.b.static is 80, as is that of the port http."],
        ),
        (
            {"rollout": {"healthy_deadline_s": 8}},
            [WEB + "rollout.min_healthy_s is 10, but must be below healthy_deadline_s (8)."],
        ),
        (
            {"count": -1, "check": {"port": "x"}, "ports": {"y": {"too": 1}}, "env": {"A": 1}},
            [
                WEB + "count is -1, but must be 0 or more.",
                WEB + 'env.A is 1, but must be text: write it in quotes, "1" (on the command line: pulumi config set '
                "--path --type string).",
                WEB + "ports.y.to is missing: say which port the process listens on in its container.",
                WEB + 'ports.y.too is not a known key; did you mean "to"?',
            ],
        ),
        (
            {"count": -1, "kill_timeout_s": "1m", "check": {"port": "x"}},
            [
                WEB + 'check.port is "x", but no port has that label; known are http.',
                WEB + "count is -1, but must be 0 or more.",
                WEB + 'kill_timeout_s is "1m", but must be a number of seconds, without the unit.',
            ],
        ),
    ],
)
def test_what_the_stack_says_is_told_of_the_stack(repository: Path, override: Any, sentences: list[str]) -> None:
    write_service(repository, "web")
    assert problems(repository, {"web": override}) == sentences


def test_a_static_port_is_for_one_instance(repository: Path) -> None:
    write_service(repository, "web")
    (found,) = problems(repository, {"web": {"ports": {"http": {"static": 80}}, "count": 2}})
    what = "ports.http.static is 80, which one instance per node can have, but count is 2: "
    assert found == WEB + what + "leave it out, Consul tells clients the port, or add the constraint distinct_hosts."


OVERRIDE = "must be a mapping of what differs here, {} for nothing, or false to leave the service out"


def test_everything_is_told_at_once(repository: Path) -> None:
    write_service(repository, "web", "count: 0.5\nports: {http: {to: 80}}\n")
    write_service(repository, "api", "a: 1\na: 2\n")
    (repository / "services" / "empty").mkdir()
    services = {"web": None, "api": None, "empty": 5, "wbe": None}
    address = 'the address of a registry such as "127.0.0.1:5000" or "registry.example.com/team"'
    assert problems(repository, services, registry="a b", datacentres=["x"]) == [
        'services/api/service.yaml is not valid YAML: line 2, column 1: the key "a" is given twice (first in line 1).',
        SERVICE + "count is 0.5, but must be a whole number.",
        SERVICE + "version is missing.",
        STACK + 'caravan:datacentres is not a known key; did you mean "datacenters"?',
        STACK + f'caravan:registry is "a b", but must be {address}.',
        STACK + f"caravan:services.empty is 5, but {OVERRIDE}.",
        STACK + 'caravan:services.wbe has no file "services/wbe/service.yaml"; did you mean "web"?',
    ]


@pytest.mark.parametrize("services", [None, {}])
def test_the_stack_lists_its_services(repository: Path, services: object) -> None:
    what = "must list the services to deploy, each with what differs here, as in {web: {}}."
    assert problems(repository, services) == [STACK + "caravan:services " + what]


@pytest.mark.parametrize(("services", "found"), [("web", '"web"'), (["web"], "a list")])
def test_the_services_are_a_mapping(repository: Path, services: object, found: str) -> None:
    what = f"is {found}, but must be a mapping of keys to values."
    assert problems(repository, services) == [STACK + "caravan:services " + what]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("datacenters", "dc1", 'is "dc1", but must be a list.'),
        ("datacenters", [], "is empty, but must have 1 or more."),
        ("namespace", "", 'is "", but must be text on one line, not empty and without control characters.'),
        ("region", "a\nb", 'is "a\\nb", but must be text on one line, not empty and without control characters.'),
        ("base_image", "A B", f'is "A B", but {REFERENCE_RULE}.'),
    ],
)
def test_a_bad_value_in_the_stack_file(repository: Path, key: str, value: object, sentence: str) -> None:
    write_service(repository, "web")
    assert problems(repository, {"web": None}, **{key: value}) == [f"{STACK}caravan:{key} {sentence}"]


def test_built_images_need_a_registry(repository: Path) -> None:
    write_service(repository, "web")
    with pytest.raises(SettingsError) as error:
        load(repository, stack_file(repository, {"services": {"web": None}}, "dev"), {})
    expected = (
        "caravan:registry is missing, and so is CARAVAN_REGISTRY: built images need a registry, such as 127.0.0.1:5000."
    )
    assert str(error.value) == STACK + expected


def test_a_finished_image_needs_none(repository: Path) -> None:
    write_service(repository, "web")
    config = {"services": {"web": {"image": {"reference": "example.com/web:1"}}}}
    assert load(repository, stack_file(repository, config, "dev"), {}).stack.registry is None


def test_a_bad_value_of_a_variable_is_told_of_the_variable(repository: Path) -> None:
    write_service(repository, "web")
    with pytest.raises(SettingsError) as error:
        load(repository, stack_file(repository, {"services": {"web": None}}, "dev"), {"CARAVAN_REGISTRY": "x y"})
    assert str(error.value).startswith(
        'The environment variable CARAVAN_REGISTRY is "x y", but must be the address of a registry'
    )


def test_a_bad_value_of_the_images_is_told_of_the_variable(repository: Path) -> None:
    write_service(repository, "web")
    file = stack_file(repository, {"services": {"web": None}}, "dev")
    with pytest.raises(SettingsError) as error:
        load(repository, file, {"CARAVAN_REGISTRY": "a:1", "CARAVAN_IMAGES": "redis:7=a:1,x"})
    rule = f"must be as reference=other,reference=other; each {REFERENCE_RULE}"
    assert str(error.value) == f'The environment variable CARAVAN_IMAGES has "x", but {rule}.'


def test_one_image_from_two_places_by_the_variable(repository: Path) -> None:
    write_service(repository, "web")
    file = stack_file(repository, {"services": {"web": None}})
    variable = "The environment variable CARAVAN_IMAGES"
    for text, sentence in (
        ("redis:7=a:1,redis:7=b:1", f'{variable} has two images for "redis:7", "a:1" and "b:1": keep one.'),
        (
            "redis:7=a:1,docker.io/redis:7=b:1",
            f'{variable}: docker.io/redis:7 is "b:1", but the same image, written "redis:7", is "a:1": keep one.',
        ),
    ):
        with pytest.raises(SettingsError) as error:
            load(repository, file, {"CARAVAN_REGISTRY": "a:1", "CARAVAN_IMAGES": text})
        assert str(error.value) == sentence


@pytest.mark.parametrize("by_variable", [True, False])
def test_finished_images_may_be_taken_from_elsewhere(repository: Path, by_variable: bool) -> None:
    task = "tasks: {a: {image: 'b:1'}}\n"
    write_service(repository, "web", VALID + "image: {reference: 'a:1'}\n" + task)
    config: dict[str, Any] = {"services": {"web": None}}
    variables = {"CARAVAN_IMAGES": "a:1=mirror.example.com/a:1,b:1=mirror.example.com/b:1,c:1=d:1"}
    if not by_variable:
        config["images"] = dict(pair.split("=") for pair in variables["CARAVAN_IMAGES"].split(","))
    (web,) = load(repository, stack_file(repository, config, "dev"), variables if by_variable else {}).services
    assert web.spec.image.reference == "mirror.example.com/a:1"
    assert web.spec.tasks["a"].image == "mirror.example.com/b:1"


@pytest.mark.parametrize(
    "written", ["redis:7", "docker.io/redis:7", "library/redis:7", "index.docker.io/library/redis:7"]
)
@pytest.mark.parametrize("usual", ["redis:7", "docker.io/library/redis:7"])
def test_an_image_is_taken_from_elsewhere_however_it_is_written(repository: Path, written: str, usual: str) -> None:
    """RW-60"""
    write_service(repository, "web", VALID + f"image: {{reference: '{written}'}}\n")
    (web,) = settings(repository, {"web": None}, images={usual: "mirror.example.com/redis:7"}).services
    assert web.spec.image.reference == "mirror.example.com/redis:7"


def test_one_image_from_two_places(repository: Path) -> None:
    write_service(repository, "web")
    images = {"redis:7": "a:1", "docker.io/redis:7": "b:1", "library/redis:7": "a:1"}
    assert problems(repository, {"web": None}, images=images) == [
        STACK + 'caravan:images.docker.io/redis:7 is "b:1", but the same image, written "redis:7", is "a:1": keep one.'
    ]


def test_where_all_ports_are_published_is_the_stacks_word(repository: Path) -> None:
    write_service(repository, "web")
    write_service(repository, "api", VALID + "host_network: own\n")
    config = {"services": {"web": None, "api": None}, "host_network": "containers"}
    services = load(repository, stack_file(repository, config, "dev"), {"CARAVAN_REGISTRY": "a:1"}).services
    assert {service.key: service.spec.host_network for service in services} == {"api": "own", "web": "containers"}


@pytest.mark.parametrize(
    ("text", "interval_s"),
    [
        ("ports: {http: {to: 80}}", 1),
        ("ports: {x: {to: 80}}\ncheck: {type: tcp, port: x}", 1),
        ("ports: {x: {to: 80}}", None),
        ("ports: {http: {to: 80}}\ncheck: null\nrollout: {health_check: task_states}", None),
        ("type: batch", None),
    ],
)
def test_what_the_stack_says_of_checks_is_about_services_that_have_one(
    repository: Path, text: str, interval_s: float | None
) -> None:
    text += "" if "check" in text or "http" in text or "batch" in text else "\nrollout: {health_check: task_states}"
    write_service(repository, "web", f"version: '1'\n{text}\n")
    config = {"services": {"web": None}, "defaults": {"check": {"interval_s": 1, "timeout_s": 1}}}
    (web,) = load(repository, stack_file(repository, config, "dev"), {"CARAVAN_REGISTRY": "a:1"}).services
    assert (web.spec.check.interval_s if web.spec.check else None) == interval_s


def test_two_services_with_one_name(repository: Path) -> None:
    write_service(repository, "a", VALID + "name: web\n")
    write_service(repository, "web")
    expected = 'services/web/service.yaml: name is "web", as is the name of services/a: rename one of them.'
    assert problems(repository, {"a": None, "web": None}) == [expected]


@pytest.mark.parametrize(
    ("type_", "written", "key"),
    [
        ("batch", "rollout: {max_parallel: 2}", "rollout.max_parallel"),
        ("sysbatch", "rollout: {auto_revert: true}", "rollout.auto_revert"),
        ("system", "reschedule: {attempts: 1}", "reschedule.attempts"),
        ("sysbatch", "reschedule: {unlimited: true}", "reschedule.unlimited"),
    ],
)
def test_what_means_nothing_to_a_job_of_its_type_is_refused_where_one_service_says_it(
    repository: Path, type_: str, written: str, key: str
) -> None:
    told = f"{key} means nothing to a {type_} job, which "
    job = f"{VALID}type: {type_}\n"
    write_service(repository, "web", job + written + "\n")
    (found,) = problems(repository, {"web": None})
    assert found.startswith(SERVICE + told)
    write_service(repository, "web", job)
    (found,) = problems(repository, {"web": yaml.safe_load(written)})
    assert found.startswith(f"{STACK}caravan:services.web.{told}")
    assert settings(repository, {"web": None}, defaults=yaml.safe_load(written)).services


TWO_PORTS = "version: 1.0.0\nports: {http: {to: 80}, api: {to: 81, registered: true}}\n"


def both(where: str, name: str, other: str) -> str:
    instead = f'those who call "{name}" would get instances of either. Rename one of them.'
    return f'services/{where} registers "{name}" in Consul, as does {other}: {instead}'


def test_a_port_with_the_name_of_another_service(repository: Path) -> None:
    """RW-14"""
    write_service(repository, "shop", TWO_PORTS)
    write_service(repository, "shop-api", VALID)
    expected = both("shop/service.yaml: ports.api.registered", "shop-api", "services/shop-api/service.yaml: name")
    assert problems(repository, {"shop": None, "shop-api": None}) == [expected]


@pytest.mark.parametrize("external", [None, {"address": "example.com"}, {"ports": ["http"]}])
def test_a_port_with_the_name_of_an_external_service(repository: Path, external: object) -> None:
    """RW-14"""
    write_service(repository, "shop", TWO_PORTS)
    other = "stacks/Pulumi.dev.yaml: caravan:external_services.shop-api"
    expected = both("shop/service.yaml: ports.api.registered", "shop-api", other)
    assert problems(repository, {"shop": None}, external_services={"shop-api": external}) == [expected]


def test_ports_of_two_services_with_one_name(repository: Path) -> None:
    """RW-14"""
    write_service(repository, "shop", TWO_PORTS.replace("api:", "a_api:"))
    write_service(repository, "shop-a", TWO_PORTS)
    other = "services/shop/service.yaml: ports.a_api.registered"
    expected = both("shop-a/service.yaml: ports.api.registered", "shop-a-api", other)
    assert problems(repository, {"shop": None, "shop-a": None}) == [expected]


def test_a_proxy_with_the_name_of_a_service(repository: Path) -> None:
    """RW-14"""
    write_service(repository, "web", VALID + "mesh: true\n")
    write_service(repository, "web-sidecar-proxy", VALID)
    expected = both("web/service.yaml: mesh", "web-sidecar-proxy", "services/web-sidecar-proxy/service.yaml: name")
    assert problems(repository, {"web": None, "web-sidecar-proxy": None}) == [expected]


@pytest.mark.parametrize(
    ("own", "key"),
    [
        ("job: {TaskGroups: [{Name: %s, Services: [{Name: front, PortLabel: http}]}]}\n", "job"),
        ("services: {of-%s: {name: front, port: http}}\n", "services.of-%s"),
    ],
)
def test_a_name_that_two_jobs_share_by_their_own_word_is_told(repository: Path, own: str, key: str) -> None:
    """RW-14: it may be meant, as for a blue and a green one."""
    for name in ("blue", "green"):
        write_service(repository, name, VALID + own % name)
    (found,) = settings(repository, {"blue": None, "green": None}).warnings
    blue, green = (key.replace("%s", name) for name in ("blue", "green"))
    assert str(found) == both(f"green/service.yaml:3: {green}", "front", f"services/blue/service.yaml:3: {blue}")


def test_others_call_what_a_service_registers_besides_or_instead_of_itself(repository: Path) -> None:
    """An imported service is in Consul by what its job registers."""
    instead = "registered: false\nrollout: {health_check: null}\nservices: {shop: {port: http}, front: {port: http}}\n"
    write_service(repository, "shop", VALID + instead)
    write_service(repository, "web", VALID + "calls: {shop: {}, front: {}}\n")
    found = settings(repository, {"shop": None, "web": None})
    assert [service.spec.advertised_port for service in found.services] == ["http", "http"]
    assert found.warnings == ()


def test_names_that_consul_does_not_know_may_be_the_same(repository: Path) -> None:
    write_service(repository, "shop", TWO_PORTS.replace(", registered: true", ""))
    write_service(repository, "shop-api", VALID)
    write_service(repository, "shop-batch", "version: 1.0.0\ntype: batch\n")
    found = settings(repository, {"shop": None, "shop-api": None, "shop-batch": None})
    assert (len(found.services), found.warnings) == (3, ())


@pytest.mark.parametrize("name", ["../services/web", "web/", "", ".", "web/../web"])
def test_a_service_is_named_by_its_folder(repository: Path, name: str) -> None:
    write_service(repository, "web")
    (found,) = problems(repository, {name: None})
    assert found.startswith(STACK + f'caravan:services.{name} has no file "services/{name}/service.yaml"; ')


def test_latest_is_refused_outside_dev(repository: Path) -> None:
    write_service(repository, "web")
    override = {"image": {"reference": "example.com/web:latest"}}
    with pytest.raises(SettingsError) as error:
        load(repository, stack_file(repository, {"services": {"web": override}}, "prod"), ENVIRONMENT)
    what = 'is "example.com/web:latest", but the tag "latest" may mean another image tomorrow: name a version.'
    assert str(error.value) == f"stacks/Pulumi.prod.yaml: caravan:services.web.image.reference {what}"


def test_a_context_that_leads_out_of_the_repository_by_a_symlink(repository: Path, tmp_path: Path) -> None:
    write_service(repository, "web", VALID + "image: {build: {context: out}}\n")
    (repository / "services" / "web" / "out").symlink_to(tmp_path)
    assert problems(repository, {"web": None}) == [
        SERVICE + 'image.build has the context "out", which is outside the repository.'
    ]
