"""Consul away during a rollout, for who follows it: never called a success, named, and gone on with when it is back."""

import pytest

from providers.nomad import rollout
from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.proxy import Proxy, Silence
from tests.faults.serving import Serving
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 180.0
GRACE_S = 40.0
"""Instead of the minute that new instances have to pass in Consul."""


@pytest.mark.fault(12, "away for a while: waited for")
def test_the_verdict_waits_for_consul(serving_by_cli: Serving[Project], consul_proxy: Proxy, seen: Observation) -> None:
    serving_by_cli.declare()

    with Load(serving_by_cli.consul, serving_by_cli.name) as load, seen.timed():
        up = serving_by_cli.target.start("up", "--yes", "--skip-preview")
        assert wait_until(serving_by_cli.is_registered, WAIT_S)
        with consul_proxy.fault(Silence()):
            consul_proxy.cut_all()
            assert wait_until(serving_by_cli.next_runs, WAIT_S)
            load.goes_on()
            assert up.poll() is None
        consul_proxy.cut_all()
        text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode == 0, text
    load.lost_none()


@pytest.mark.fault(12, "it stays away: never a success")
def test_without_consul_it_is_no_success(
    serving: Serving[Stack], consul_proxy: Proxy, seen: Observation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "CONSUL_GRACE_S", GRACE_S)
    serving.declare()

    with Load(serving.consul, serving.name) as load, seen.timed():
        up = serving.target.start()
        assert wait_until(serving.is_registered, WAIT_S)
        consul_proxy.down()
        result = up.result(WAIT_S)
    assert result.code != 0, result.text
    seen.reads(result.text, "its instances do not pass in Consul: Consul cannot be reached at")
    load.lost_none()

    consul_proxy.up()
    serving.target.up()
    assert serving.next_runs()
