"""The configuration of the nomad plugin."""

import pytest

from providers.nomad import config
from providers.plugin import ProviderError
from providers.properties import UNKNOWN, Properties


def load(inputs: dict[str, object], **environment: str) -> config.NomadConfig:
    loaded = config.load(Properties(inputs), environment)
    assert loaded is not None
    return loaded


def test_without_any_setting_it_is_the_local_agent() -> None:
    loaded = load({})
    assert (loaded.address, loaded.region, loaded.namespace, loaded.headers, loaded.consul) == (
        "http://127.0.0.1:4646",
        None,
        None,
        {},
        None,
    )


def test_the_environment_of_nomads_own_tools() -> None:
    loaded = load(
        {},
        NOMAD_ADDR="https://nomad.example:4646",
        NOMAD_REGION="eu",
        NOMAD_NAMESPACE="apps",
        NOMAD_TOKEN="secret-token",
        NOMAD_CACERT="/ca.pem",
        NOMAD_CAPATH="/ca.d",
        NOMAD_CLIENT_CERT="/c.pem",
        NOMAD_CLIENT_KEY="/k.pem",
        NOMAD_TLS_SERVER_NAME="server.eu.nomad",
        NOMAD_SKIP_VERIFY="1",
        NOMAD_HTTP_AUTH="u:p",
    )
    assert (loaded.address, loaded.region, loaded.namespace) == ("https://nomad.example:4646", "eu", "apps")
    assert loaded.headers == {"X-Nomad-Token": "secret-token", "Authorization": "Basic dTpw"}
    tls = loaded.tls
    assert (tls.ca_file, tls.ca_path, tls.cert_file, tls.key_file) == ("/ca.pem", "/ca.d", "/c.pem", "/k.pem")
    assert (tls.server_name, tls.skip_verify) == ("server.eu.nomad", True)


def test_inputs_go_before_the_environment() -> None:
    loaded = load(
        {"address": "http://a:1", "region": "us", "secretId": "mine", "skipVerify": "false"},
        NOMAD_ADDR="http://b:2",
        NOMAD_REGION="eu",
        NOMAD_TOKEN="theirs",
        NOMAD_SKIP_VERIFY="true",
    )
    assert (loaded.address, loaded.region, loaded.headers["X-Nomad-Token"]) == ("http://a:1", "us", "mine")
    assert loaded.tls.skip_verify is False


@pytest.mark.parametrize("given", ['{"NOMAD_TOKEN": true, "NOMAD_ADDR": false}', {"NOMAD_TOKEN": True}])
def test_ignored_variables_are_not_read(given: object) -> None:
    loaded = load({"ignoreEnvVars": given}, NOMAD_TOKEN="x", NOMAD_ADDR="http://b:2")
    assert loaded.headers == {}
    assert loaded.address == "http://b:2"


def test_the_namespace_can_be_ignored_too() -> None:
    assert load({"ignoreEnvVars": {"NOMAD_NAMESPACE": True}}, NOMAD_NAMESPACE="apps").namespace is None


def test_consul_is_where_the_config_or_its_environment_says() -> None:
    by_environment = load({}, CONSUL_HTTP_ADDR="127.0.0.1:8500", CONSUL_HTTP_TOKEN="t").consul
    assert by_environment is not None
    assert by_environment.address == "http://127.0.0.1:8500"
    assert by_environment.headers == {"X-Consul-Token": "t"}
    by_input = load({"consulAddress": "https://consul:8501", "consulToken": "mine"}, CONSUL_HTTP_TOKEN="t").consul
    assert by_input is not None
    assert (by_input.address, by_input.headers) == ("https://consul:8501", {"X-Consul-Token": "mine"})


def test_a_value_known_only_later_puts_the_connection_off() -> None:
    assert config.load(Properties({"address": UNKNOWN}), {}) is None


def test_a_bad_scheme_is_refused() -> None:
    with pytest.raises(ProviderError, match=r"address .*'tcp://x'"):
        load({"address": "tcp://x"})


@pytest.mark.parametrize("variable", ["NOMAD_CAPATH", "NOMAD_TLS_SERVER_NAME"])
def test_variables_without_an_input_can_be_ignored(variable: str) -> None:
    assert load({"ignoreEnvVars": {variable: True}}, **{variable: "x"}).tls == load({}).tls


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"caFile": "/a", "caPem": "x"}, "nomad:caFile and nomad:caPem are both set"),
        ({"certFile": "/a", "certPem": "x"}, "nomad:certFile and nomad:certPem are both set"),
        ({"keyFile": "/a", "keyPem": "x"}, "nomad:keyFile and nomad:keyPem are both set"),
        ({"ignoreEnvVars": {"NOMAD_TOKN": True}}, "names NOMAD_TOKN; only these are read: NOMAD_ADDR,"),
        ({"ignoreEnvVars": "[1]"}, "must be a map"),
        ({"ignoreEnvVars": "{"}, "ignoreEnvVars is not JSON"),
        ({"headers": '[{"name": "X-A"}]'}, "a list of headers with a name and a value"),
        ({"headers": {"X-A": "1"}}, "a list of headers with a name and a value"),
        ({"waitForPlace": "1"}, "nomad:waitForPlace is 1; it must be true, false or a list of job IDs."),
        ({"waitForPlace": "web"}, "waitForPlace is not JSON"),
        ({"refuseDowntime": "1"}, "nomad:refuseDowntime is 1; it must be true, false or a list of job IDs."),
    ],
)
def test_what_contradicts_itself_or_has_another_shape_is_told(inputs: dict[str, object], reason: str) -> None:
    (failure,) = config.check(Properties(inputs))
    assert reason in failure.reason


@pytest.mark.parametrize(
    ("given", "waiting"), [(None, set()), ("false", set()), ("true", {"web", "api"}), ('["web"]', {"web"})]
)
def test_which_jobs_may_wait_for_a_place_or_must_not_be_down(given: str | None, waiting: set[str]) -> None:
    loaded = load({} if given is None else {"waitForPlace": given, "refuseDowntime": given})
    assert {job_id for job_id in ("web", "api") if loaded.may_wait(job_id)} == waiting
    assert {job_id for job_id in ("web", "api") if loaded.refuses_downtime(job_id)} == waiting


def test_what_is_known_only_later_is_not_judged() -> None:
    assert config.check(Properties({"headers": UNKNOWN, "ignoreEnvVars": {"NOMAD_TOKEN": UNKNOWN}})) == []


def test_all_unknown_inputs_are_told_at_once() -> None:
    failures = config.check(Properties({"adress": "x", "authJwt": [], "vaultToken": "y", "address": "http://a"}))
    assert [failure.property for failure in failures] == ["adress", "authJwt", "vaultToken"]
    assert failures[0].reason.startswith("nomad:adress is not an input of this provider. It knows: address, ")
    assert "nomad login" in failures[1].reason
