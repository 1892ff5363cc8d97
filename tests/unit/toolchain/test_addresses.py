"""The variables by which the tools find the cluster."""

from toolchain.docker_api import DEFAULT_HOST
from toolchain.embedded.addresses import Addresses


def test_what_is_usual_is_not_set() -> None:
    addresses = Addresses("http://127.0.0.1:4646", "http://127.0.0.1:8500", "127.0.0.1:5000", None, DEFAULT_HOST)
    assert addresses.environment() == {
        "NOMAD_ADDR": "http://127.0.0.1:4646",
        "CONSUL_HTTP_ADDR": "http://127.0.0.1:8500",
        "CARAVAN_REGISTRY": "127.0.0.1:5000",
    }


def test_the_shell_gets_every_value_as_it_is() -> None:
    addresses = Addresses("http://n", "http://c", "r:1", "r:1/base:1", "unix:///home/a b/docker.sock")
    assert addresses.shell_exports().splitlines()[3:] == [
        "export CARAVAN_BASE_IMAGE=r:1/base:1",
        "export DOCKER_HOST='unix:///home/a b/docker.sock'",
    ]
