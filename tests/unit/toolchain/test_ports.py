"""Which ports a cluster gets."""

import itertools
import json
import socket
from pathlib import Path

import pytest

from tests.ports import free_ports
from toolchain.embedded import ports
from toolchain.errors import ToolchainError


@pytest.fixture(autouse=True)
def default_ports_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports that nothing uses here, in the place of the usual ones, which a real cluster may have."""
    monkeypatch.setattr(ports, "DEFAULTS", dict(zip(ports.DEFAULTS, free_ports(len(ports.DEFAULTS)), strict=True)))


def test_the_default_ports_are_taken_where_they_are_free(tmp_path: Path) -> None:
    assert ports.of_cluster(tmp_path / "dev", prefer_defaults=True).named == ports.DEFAULTS


def test_a_server_whose_default_port_is_taken_gets_other_ports_and_the_rest_keep_theirs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", ports.DEFAULTS["nomad_rpc"])):
        chosen = ports.of_cluster(tmp_path / "dev", prefer_defaults=True)

    for name, port in chosen.named.items():
        assert (port in range(15000, 20000)) == name.startswith("nomad_")
    assert chosen["consul_http"] == ports.DEFAULTS["consul_http"]
    assert len(set(chosen.named.values())) == len(ports.DEFAULTS)


def test_the_choice_is_kept(tmp_path: Path) -> None:
    first = ports.of_cluster(tmp_path / "dev", prefer_defaults=True)
    with socket.create_server(("127.0.0.1", first["registry"])):
        again = ports.of_cluster(tmp_path / "dev", prefer_defaults=True)
    assert (again.named, again.dynamic) == (first.named, first.dynamic)


def test_a_stopped_cluster_keeps_its_ports_from_another_one(tmp_path: Path) -> None:
    first = ports.of_cluster(tmp_path / "one", prefer_defaults=True)
    second = ports.of_cluster(tmp_path / "two", prefer_defaults=True)
    third = ports.of_cluster(tmp_path / "three", prefer_defaults=False)

    used = [port for chosen in (first, second, third) for port in chosen.named.values()]
    assert len(set(used)) == len(used)
    assert len({first.dynamic, second.dynamic, third.dynamic}) == 3


def test_a_deleted_cluster_frees_its_ports(tmp_path: Path) -> None:
    first = ports.of_cluster(tmp_path / "one", prefer_defaults=True)
    (tmp_path / "one" / "cluster.json").unlink()
    assert ports.of_cluster(tmp_path / "two", prefer_defaults=True).named == first.named


def test_the_ports_of_tasks_are_one_clusters_and_below_those_of_outgoing_connections(tmp_path: Path) -> None:
    blocks = [ports.of_cluster(tmp_path / str(number), prefer_defaults=False).dynamic for number in range(20)]
    assert all(20000 <= first < last < 32768 for first, last in blocks)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(sorted(blocks)))


def test_with_more_clusters_than_there_are_ports_for_the_fewest_share_them(tmp_path: Path) -> None:
    blocks = [ports.of_cluster(tmp_path / str(number), prefer_defaults=False).dynamic for number in range(30)]
    assert max(blocks.count(block) for block in blocks) == 2


def test_a_taken_udp_port_counts_where_the_server_uses_udp() -> None:
    [port] = free_ports(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))
        assert not ports.is_free("consul_dns", port)
        assert ports.is_free("consul_http", port)


def test_a_damaged_record_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text("{")
    with pytest.raises(ToolchainError, match=r"cluster\.json is damaged .* make cluster-reset"):
        ports.of_cluster(tmp_path, prefer_defaults=True)


def test_a_damaged_list_of_clusters_is_started_anew(tmp_path: Path, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "clusters.json").write_text("{")
    ports.of_cluster(tmp_path / "dev", prefer_defaults=True)
    assert json.loads((cache / "clusters.json").read_text()) == [str(tmp_path / "dev")]
