"""Each server of the cluster stopped for a while, or killed and started again, in the middle of a rollout."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.cluster.load import Load
from tests.faults.servers import killed, stopped
from tests.faults.serving import Serving
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 180.0
Trouble = Callable[[str], AbstractContextManager[None]]

WHICH = [
    pytest.param(stopped, "nomad", marks=pytest.mark.fault(10, "its server is stopped (SIGSTOP) during a rollout")),
    pytest.param(killed, "nomad", marks=pytest.mark.fault(10, "its server is killed during a rollout")),
    pytest.param(stopped, "nomad-client", marks=pytest.mark.fault(10, "the node's agent is stopped during a rollout")),
    pytest.param(killed, "nomad-client", marks=pytest.mark.fault(10, "the node's agent is killed during a rollout")),
    pytest.param(stopped, "consul", marks=pytest.mark.fault(12, "it is stopped (SIGSTOP)")),
    pytest.param(killed, "consul", marks=pytest.mark.fault(12, "it is killed and comes back")),
]


@pytest.mark.parametrize(("trouble", "server"), WHICH)
def test_a_server_is_away_during_a_rollout(
    serving: Serving[Stack], seen: Observation, trouble: Trouble, server: str
) -> None:
    after = serving.declare()

    with Load(serving.consul, serving.name, remembers=True) as load:
        load.goes_on()
        with seen.timed():
            up = serving.target.start()
            assert wait_until(serving.is_registered, WAIT_S)
            with trouble(server):
                load.goes_on()
            result = up.result(WAIT_S)
        assert result.code == 0, result.text
        load.goes_on()
    load.lost_none()
    assert load.answers == {serving.before, after}
    assert serving.next_runs()
    assert serving.consul.healthy(serving.name)
