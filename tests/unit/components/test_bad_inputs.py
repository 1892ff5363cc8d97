"""What is wrong with files is told with file and line, all of it at once. Wrong values are in bad_service_values.txt."""
# ruff: noqa: E501 - one line each, as they are read

from collections.abc import Mapping
from pathlib import Path

import pytest

from components.problems import SettingsError
from components.service.checks import Check
from components.settings import load
from components.stack_file import StackFile
from tests.unit.components.samples import write_service

SERVICE = "services/web/service.yaml"
DEFAULTS = "services/defaults.yaml"
STACK = "stacks/Pulumi.prod.yaml"
VALID = "version: 1.0.0\nports: {http: {to: 80}}\n"
LISTED = "config:\n  caravan:services:\n    web: {}\n"
BOMB = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True))
SET = "pulumi config set --secret --path 'caravan:secrets.web."


def told(root: Path, files: Mapping[str, str | bytes]) -> list[str]:
    """The sentences about the files; those that are not given are valid."""
    write_service(root, "web", VALID)
    (root / "stacks").mkdir()
    for name, content in {STACK: LISTED, **files}.items():
        path = root / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError) as error:
        load(root, StackFile.read(root, "prod"), {"CARAVAN_REGISTRY": "127.0.0.1:5000"})
    return [str(problem) for problem in error.value.problems]


def test_valid_files_are_valid(repository: Path) -> None:
    write_service(repository, "web", VALID)
    (repository / "stacks").mkdir()
    (repository / STACK).write_text(LISTED)
    stack = StackFile.read(repository, "prod")
    assert [service.key for service in load(repository, stack, {"CARAVAN_REGISTRY": "a:1"}).services] == ["web"]


FILES: list[tuple[str, str, str | bytes, str]] = [
    ("empty file", SERVICE, "", f"{SERVICE} is empty: it must hold at least version."),
    ("empty defaults", DEFAULTS, "", f"{DEFAULTS} is empty: it must hold settings of services, or be deleted."),
    ("empty stack", STACK, "", f"{STACK} is empty: it must hold caravan:services under config."),
    ("no mapping", SERVICE, "- a\n", f"{SERVICE} must hold a mapping of keys to values, but holds a list."),
    ("no YAML", SERVICE, "a: [1\n", f"{SERVICE} is not valid YAML: line 2, column 1: expected ',' or ']', but got '<stream end>'."),
    ("stack is no YAML", STACK, "a: b: c\n", f"{STACK} is not valid YAML: line 1, column 5: mapping values are not allowed here."),
    ("tabs", SERVICE, "check:\n\tpath: /\n", f"{SERVICE} is not valid YAML: line 2, column 1: a tab where spaces are meant: YAML is indented with spaces."),
    ("anchors bomb", SERVICE, BOMB, f'{SERVICE} is not valid YAML: line 2, column 8: the alias "*a" is not supported: write the value again.'),
    ("duplicate key", SERVICE, f"{VALID}version: 2.0.0\n", f'{SERVICE} is not valid YAML: line 3, column 1: the key "version" is given twice (first in line 1).'),
    ("service listed twice", STACK, f"{LISTED}    web: {{}}\n", f'{STACK} is not valid YAML: line 4, column 5: the key "web" is given twice (first in line 3).'),
    ("another encoding", SERVICE, "version: ü\n".encode("latin-1"), f"{SERVICE} is not UTF-8 text (byte 9 is 0xfc): save it as UTF-8."),
    ("UTF-16", SERVICE, VALID.encode("utf-16"), f"{SERVICE} is not UTF-8 text (byte 0 is 0xff): save it as UTF-8."),
    ("stack without config", STACK, "encryptionsalt: x\n", f"{STACK}: caravan:services must list the services to deploy, each with what differs here, as in {{web: {{}}}}."),
    ("config is text", STACK, "config: web\n", f"{STACK}:1: caravan:services must list the services to deploy, each with what differs here, as in {{web: {{}}}}."),
    ("a list of services", STACK, "config:\n  caravan:services: [web]\n", f"{STACK}:2: caravan:services is a list, but must be a mapping of keys to values."),
    ("override of the wrong type", STACK, LISTED.replace("{}", "5"), f"{STACK}:3: caravan:services.web is 5, but must be a mapping of what differs here, {{}} for nothing, or false to leave the service out."),
    ("unknown key", SERVICE, f"{VALID}cuont: 2\n", f'{SERVICE}:3: cuont is not a known key; did you mean "count"?'),
    ("unknown key inside", SERVICE, f"{VALID}check:\n  paht: /\n", f'{SERVICE}:4: check.paht is not a known key; did you mean "path"?'),
    ("unknown key in defaults", DEFAULTS, "resources:\n  memory: 5\n", f'{DEFAULTS}:2: resources.memory is not a known key; did you mean "memory_mb"?'),
    ("unknown key for a service", STACK, f"{LISTED[:-3]}\n      cuont: 2\n", f'{STACK}:4: caravan:services.web.cuont is not a known key; did you mean "count"?'),
    ("unknown key for all", STACK, f"{LISTED}  caravan:defaults:\n    cuont: 2\n", f'{STACK}:5: caravan:defaults.cuont is not a known key; did you mean "count"?'),
    ("unknown key of the stack", STACK, f"{LISTED}  caravan:datacentres: [dc1]\n", f'{STACK}:4: caravan:datacentres is not a known key; did you mean "datacenters"?'),
    # RW-46
    ("set without --path", STACK, f"{LISTED}  caravan:services.web.count: '3'\n", f"{STACK}:4: caravan:services.web.count is one key with dots in its name, since it was set without --path: run pulumi config rm 'caravan:services.web.count' and pulumi config set --path 'caravan:services.web.count' VALUE."),
    ("a secret set without --path", STACK, f"{LISTED}  caravan:secrets.web.TOKEN: {{secure: v1:x}}\n", f"{STACK}:4: caravan:secrets.web.TOKEN is one key with dots in its name, since it was set without --path: run pulumi config rm 'caravan:secrets.web.TOKEN' and pulumi config set --secret --path 'caravan:secrets.web.TOKEN'."),
    ("wrong type in the stack", STACK, f"{LISTED}  caravan:datacenters: dc1\n", f'{STACK}:4: caravan:datacenters is "dc1", but must be a list.'),
    ("unknown service", STACK, f"{LISTED}    wbe: {{}}\n", f'{STACK}:4: caravan:services.wbe has no file "services/wbe/service.yaml"; did you mean "web"?'),
    ("name for all", DEFAULTS, "name: x\n", f"{DEFAULTS}:1: name is one service's own: write it in its service.yaml."),
    ("value in a list", SERVICE, f"{VALID}tags:\n  - a\n  - a\n", f'{SERVICE}:5: tags.1 is "a", which the service has already.'),
    ("nothing to take away", STACK, f"{LISTED[:-3]}\n      env:\n        A: null\n", f"{STACK}:5: caravan:services.web.env.A is null, but must be text."),
    ("version taken away", STACK, f"{LISTED[:-3]}\n      version: null\n", f"{STACK}:4: caravan:services.web.version is missing."),
    ("latest", STACK, f"{LISTED[:-3]}\n      image: {{reference: 'a:latest'}}\n", f'{STACK}:4: caravan:services.web.image.reference is "a:latest", but the tag "latest" may mean another image tomorrow: name a version.'),
    ("no context", SERVICE, f"{VALID}image:\n  build: {{context: nope}}\n", f'{SERVICE}:4: image.build has the context "nope", which does not exist.'),
    ("context outside", SERVICE, f"{VALID}image:\n  build: {{context: ../../..}}\n", f'{SERVICE}:4: image.build has the context "../../..", which is outside the repository.'),
    ("no Dockerfile", SERVICE, f"{VALID}image:\n  build: {{dockerfile: Nope}}\n", f'{SERVICE}:4: image.build has the context ".", which has no Dockerfile at "Nope".'),
    ("unknown callee", SERVICE, f"{VALID}calls:\n  wbe: {{}}\n", f'{SERVICE}:4: calls.wbe calls no service of this stack, nor one of caravan:external_services; did you mean "web"?'),
    ("secret without a value", SERVICE, f"{VALID}secrets:\n  TOKEN: {{}}\n", f"{SERVICE}:4: secrets.TOKEN has no value in this stack: {SET}TOKEN'."),
    ("secret in plain text", STACK, f"{LISTED}  caravan:secrets:\n    web:\n      TOKEN: planted\n", f"{STACK}:6: caravan:secrets.web.TOKEN is in plain text: take it out, change it wherever it is used, and run {SET}TOKEN'."),
    ("secrets in plain text", STACK, f"{LISTED}  caravan:secrets:\n    web: planted\n", f"{STACK}:5: caravan:secrets.web must be a mapping of names to secrets."),
    ("all secrets in plain text", STACK, f"{LISTED}  caravan:secrets: planted\n", f"{STACK}:4: caravan:secrets must be a mapping of services to their secrets."),
    ("unknown secret", STACK, f"{LISTED}  caravan:secrets:\n    web:\n      TOKEN: {{secure: v1:x}}\n", f"{STACK}:6: caravan:secrets.web.TOKEN is no secret of web; there is none."),
    ("secret of an unknown service", STACK, f"{LISTED}  caravan:secrets:\n    wbe:\n      TOKEN: {{secure: v1:x}}\n", f'{STACK}:5: caravan:secrets.wbe is for no service of this stack; did you mean "web"?'),
    ("secret in env", STACK, f"{LISTED[:-3]}\n      env:\n        A: {{secure: v1:x}}\n", f"{STACK}:5: caravan:services.web.env.A holds a secret, but everybody who can read the job would see it: name it under secrets in service.yaml, and {SET}NAME'."),
    ("secret in the place of a number", STACK, f"{LISTED[:-3]}\n      count: {{secure: v1:x}}\n", f"{STACK}:4: caravan:services.web.count holds a secret, but everybody who can read the job would see it: name it under secrets in service.yaml, and {SET}NAME'."),
    ("secret for all", STACK, f"{LISTED}  caravan:defaults:\n    env:\n      A: {{secure: v1:x}}\n", f"{STACK}:6: caravan:defaults.env.A holds a secret, but everybody who can read the job would see it: secrets of services stand under caravan:secrets."),
    ("own service as another's", STACK, f"{LISTED}  caravan:external_services: {{web: {{}}}}\n", f"{STACK}:4: caravan:external_services.web is a service of this stack: take it out, calls find it anyway."),
    ("left out but called", STACK, f"{LISTED[:-3]}\n      calls: {{api: {{}}}}\n    api: false\n", f"{STACK}:4: caravan:services.web.calls.api calls a service that is left out of this stack ({STACK}:5)."),
    ("unknown port of a callee", STACK, f"{LISTED[:-3]}\n      calls: {{web: {{port: grpc}}}}\n", f'{STACK}:4: caravan:services.web.calls.web.port is "grpc", but "web" has no port with that label; known are http.'),
    ("callee that is registered nowhere", STACK, f"{LISTED[:-3]}\n      registered: false\n      rollout: {{health_check: null}}\n      calls: {{web: {{}}}}\n", f'{STACK}:6: caravan:services.web.calls.web calls "web", which is not in Consul: it has registered: false, and none of its services has its name.'),
    ("port of a registered service", STACK, f"{LISTED[:-3]}\n      services: {{side: {{port: http}}}}\n      calls: {{side: {{port: http}}}}\n", f'{STACK}:5: caravan:services.web.calls.side.port is "http", but "side" has one port, without a label: take it out.'),
    ("secret of itself", SERVICE, f"{VALID}secrets: {{A: {{of: web}}}}\n", f'{SERVICE}:3: secrets.A.of is "web", the service itself: take it out, and give the value here.'),
    ("secret of no service", SERVICE, f"{VALID}secrets: {{A: {{of: wbe}}}}\n", f'{SERVICE}:3: secrets.A.of is "wbe", which is no service of this stack; did you mean "web"?'),
    ("port without an address", STACK, f"{LISTED}  caravan:external_services: {{pay: {{port: 80}}}}\n", f"{STACK}:4: caravan:external_services.pay.port is there, but no address: with one, this stack registers the service, otherwise others do."),
    ("address and labels", STACK, f"{LISTED}  caravan:external_services: {{pay: {{address: x, ports: [a]}}}}\n", f"{STACK}:4: caravan:external_services.pay.ports is for services that others register: this one has one port, that of its address, without a label."),
    ("URL as an address", STACK, f"{LISTED}  caravan:external_services:\n    pay: {{address: 'https://x/'}}\n", f'{STACK}:5: caravan:external_services.pay.address is "https://x/", but must be a host name or an IP address, as "payments.example.com": scheme, port and path stand elsewhere.'),
    ("external service's name", STACK, f"{LISTED}  caravan:external_services: {{Pay Me: {{}}}}\n", f"{STACK}:4: caravan:external_services.Pay Me must be 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends: it becomes a name in Nomad, Consul and DNS."),
    ("two external checks", STACK, f"{LISTED}  caravan:external_services: {{pay: {{address: x, check: {{http: 'http://x', tcp: 'x:1'}}}}}}\n", f'{STACK}:4: caravan:external_services.pay.check has both of "http" and "tcp", but must have exactly one.'),
    ("no external check", STACK, f"{LISTED}  caravan:external_services: {{pay: {{address: x, check: {{}}}}}}\n", f'{STACK}:4: caravan:external_services.pay.check has neither of "http" and "tcp", but must have exactly one.'),
    ("external check of no URL", STACK, f"{LISTED}  caravan:external_services: {{pay: {{address: x, check: {{http: x}}}}}}\n", f'{STACK}:4: caravan:external_services.pay.check.http is "x", but must be a URL, as "https://payments.example.com/health".'),
    ("external check of no port", STACK, f"{LISTED}  caravan:external_services: {{pay: {{address: x, check: {{tcp: x}}}}}}\n", f'{STACK}:4: caravan:external_services.pay.check.tcp is "x", but must be as host:port, as "payments.example.com:443".'),
    ("external check that overlaps itself", STACK, f"{LISTED}  caravan:external_services: {{pay: {{address: x, check: {{tcp: 'x:1', interval_s: 1, timeout_s: 2}}}}}}\n", f"{STACK}:4: caravan:external_services.pay.check.timeout_s is 2, but must not be above interval_s (1)."),
    ("no image to stand in", STACK, f"{LISTED}  caravan:images: {{redis: a b}}\n", f'{STACK}:4: caravan:images.redis is "a b", but must be an image reference such as "registry.example.com/web:1.2.3".'),
    ("password in plain text", STACK, f"{LISTED}  caravan:registry:\n    address: a:1\n    username: me\n    password: planted\n", f"{STACK}:7: caravan:registry.password is in plain text: take it out, change it wherever it is used, and run pulumi config set --secret --path 'caravan:registry.password'."),
    ("no password", STACK, f"{LISTED}  caravan:registry: {{address: 'a:1', username: me}}\n", f"{STACK}:4: caravan:registry.password is missing, but there is a username: pulumi config set --secret --path 'caravan:registry.password'."),
    ("no username", STACK, f"{LISTED}  caravan:registry:\n    address: a:1\n    password: {{secure: v1:x}}\n", f"{STACK}:4: caravan:registry.username is missing, but there is a password."),
]  # fmt: skip


OF_API = f"{VALID}secrets: {{A: {{of: api}}}}\n"
API = "services/api/service.yaml"
TWO = f"{LISTED}    api: {{}}\n"
SEVERAL: list[tuple[str, dict[str, str | bytes], list[str]]] = [
    ("secret that the other has not", {SERVICE: OF_API, API: VALID, STACK: TWO}, [f'{SERVICE}:3: secrets.A.of is "api", which has no secret A of its own; there is none.']),
    ("secret of each other", {SERVICE: OF_API, API: f"{VALID}secrets: {{A: {{of: web}}}}\n", STACK: TWO}, [f'{API}:3: secrets.A.of is "web", which has no secret A of its own; there is none.', f'{SERVICE}:3: secrets.A.of is "api", which has no secret A of its own; there is none.']),
    ("port of an address", {SERVICE: f"{VALID}calls: {{pay: {{port: http}}}}\n", STACK: f"{LISTED}  caravan:external_services: {{pay: {{address: x}}}}\n"}, [f'{SERVICE}:3: calls.pay.port is "http", but "pay" has one port, without a label: take it out.']),
    # newcomer A4: the mistake would first appear in another stack.
    ("values that the stack covers", {SERVICE: f"{VALID}count: two\ncheck: /nothealth\nresources: {{memory_mb: 512MB}}\ntags: [1]\n", STACK: f"{LISTED[:-3]}\n      count: 2\n      check: {{interval_s: 1}}\n      resources: {{memory_mb: 64}}\n      tags: []\n"}, [f'{SERVICE}:3: count is "two", but must be a whole number.', f'{SERVICE}:4: check is "/nothealth", but must be a mapping of keys to values; known are {", ".join(sorted(Check.model_fields))}.', f'{SERVICE}:5: resources.memory_mb is "512MB", but must be a whole number of MiB, without the unit.', f'{SERVICE}:6: tags.0 is 1, but must be text: write it in quotes, "1".']),
    ("values of the team that all stacks cover", {DEFAULTS: "rollout: {canary: no}\nprioritee: 1\n", STACK: f"{LISTED}  caravan:defaults: {{rollout: {{canary: 1}}, prioritee: null}}\n"}, [f'{DEFAULTS}:1: rollout.canary is "no", but must be a whole number.', f'{DEFAULTS}:2: prioritee is not a known key; did you mean "priority"?']),
    ("values for all that one service covers", {STACK: f"{LISTED[:-3]}\n      count: 2\n  caravan:defaults: {{count: -1}}\n"}, [f"{STACK}:5: caravan:defaults.count is -1, but must be 0 or more."]),
    ("latest to stand in", {SERVICE: f"{VALID}image: {{reference: 'a:1'}}\n", STACK: f"{LISTED}  caravan:images: {{'a:1': 'a:latest'}}\n"}, [f'{STACK}:4: caravan:images, image.reference is "a:latest", but the tag "latest" may mean another image tomorrow: name a version.']),
]  # fmt: skip


@pytest.mark.parametrize(("files", "sentences"), [case[1:] for case in SEVERAL], ids=[case[0] for case in SEVERAL])
def test_files_that_do_not_fit_together(repository: Path, files: dict[str, str | bytes], sentences: list[str]) -> None:
    (repository / "services" / "api").mkdir(parents=True)
    (repository / "services" / "api" / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    assert told(repository, files) == sentences


@pytest.mark.parametrize(("file", "content", "sentence"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_bad_file(repository: Path, file: str, content: str | bytes, sentence: str) -> None:
    sentences = told(repository, {file: content})
    assert sentence in sentences
    assert not any("planted" in one for one in sentences)
    # What else is said comes from the same mistake: a file that cannot be read has no valid value.
    assert len(sentences) == 1 or "secure" in str(content)
