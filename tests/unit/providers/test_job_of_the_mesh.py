"""What Nomad adds for the service mesh is no difference.

Found by tests/cluster/test_every_change.py, with the seed 11.
"""

from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.job_difference import differences


def lines(before: Json, after: Json) -> list[str]:
    return [one.change.text() for one in differences(before, after)]


def job(service: Json, *ports: Json) -> Json:
    group = {"Name": "g", "Networks": [{"Mode": "bridge", "DynamicPorts": list(ports)}], "Services": [service]}
    return {"ID": "web", "TaskGroups": [{**group, "Tasks": [{"Name": "app"}]}]}


def service(*checks: Json, **sidecar: Any) -> Json:
    return {"Name": "s", "PortLabel": "8080", "Connect": {"SidecarService": sidecar}, "Checks": list(checks)}


def port(label: str, to: int, **more: Any) -> Json:
    return {"Label": label, "To": to, **more}


def test_the_port_that_a_sidecar_names() -> None:
    written = job(service(Port="http"))
    assert lines(job(service(Port="http"), port("http", -1, HostNetwork="default")), written) == []
    assert lines(written, job(service(Port="http"), port("http", -1))) == []
    for own in (port("http", 80), port("http", -1, HostNetwork="lan"), port("other", -1)):
        assert lines(job(service(Port="http"), own), written) != []
        assert lines(written, job(service(Port="http"), own)) != []


EXPOSED = {"Name": "up", "Type": "http", "Path": "/up", "Expose": True}
LABEL = "svc_s_ck_72a99f"
ADDED = {"Path": "/up", "LocalPathPort": 8080, "ListenerPort": LABEL}
REGISTERED = job(
    service({**EXPOSED, "PortLabel": LABEL}, Proxy={"Expose": {"Paths": [ADDED]}}),
    port(LABEL, -1),
)


@pytest.mark.parametrize("sidecar", [{}, {"Proxy": {}}, {"Proxy": {"Expose": {}}}, {"Proxy": {"LocalServicePort": 0}}])
def test_the_port_and_the_path_of_an_exposed_check(sidecar: Json) -> None:
    written = job(service(EXPOSED, **sidecar))
    assert lines(REGISTERED, written) == []
    assert lines(REGISTERED, job(service({**EXPOSED, "Path": "/ready"}, **sidecar))) == [
        'group g: Service(s).Check(up).Path "/up" → "/ready"'
    ]
    assert lines(REGISTERED, job(service({**EXPOSED, "PortLabel": "health"}, **sidecar))) == [
        'group g: Service(s).Check(up).PortLabel + "health"'
    ]


@pytest.mark.parametrize("other", [{"LocalPathPort": 9000}, {"Path": "/else"}, {"ListenerPort": "http"}])
def test_another_path_is_not_that_of_a_check(other: Json) -> None:
    written = job(service(EXPOSED, Proxy={"Expose": {"Paths": [{**ADDED, **other}]}}))
    assert any("Path" in line for line in lines(REGISTERED, written))


def test_an_exposed_check_at_a_port_of_its_own() -> None:
    check = {**EXPOSED, "PortLabel": "health"}
    path = {**ADDED, "ListenerPort": "health"}
    before, after = job(service(check, Proxy={"Expose": {"Paths": [path]}})), job(service(check))
    assert lines(before, after) == lines(after, before) == []
    assert lines(after, job(service({**check, "Expose": False}))) == [
        'group g: Service(s).Check(up).Expose "true" → "false"'
    ]


def test_what_a_gateway_binds_to_without_a_word_of_its_job() -> None:
    """With the seed 13: what its job has said is a difference."""

    def gateway(**proxy: Any) -> Json:
        return job({"Name": "s", "PortLabel": "http", "Connect": {"Gateway": {"Proxy": proxy, "Mesh": {}}}})

    everywhere = {"wan": {"Address": "0.0.0.0", "Port": -1}}  # noqa: S104 - as Nomad writes it
    nomads = {"EnvoyGatewayNoDefaultBind": True, "EnvoyGatewayBindAddresses": everywhere}
    assert lines(gateway(**nomads), gateway()) == []
    for own in (
        {"EnvoyGatewayBindTaggedAddresses": True},
        {"EnvoyGatewayNoDefaultBind": True, "EnvoyGatewayBindAddresses": {"wan": {"Address": "10.0.0.1", "Port": 1}}},
    ):
        assert lines(gateway(**own), gateway()) != []
