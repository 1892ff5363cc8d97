"""Storage that a canary must not share with the running instance."""

from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.one_writer import folders, volumes


def group(request: Json, *, count: int = 1, mount: Json | None = None) -> Json:
    mounts = [{"Volume": "data", "Destination": "/data", **(mount or {})}]
    return {"Count": count, "Volumes": {"data": {"Source": "db", **request}}, "Tasks": [{"VolumeMounts": mounts}]}


@pytest.mark.parametrize(
    ("of", "shared"),
    [
        (group({"Type": "host"}), True),
        (group({"Type": "host", "ReadOnly": True}), False),
        (group({"Type": "host"}, mount={"ReadOnly": True}), False),
        (group({"Type": "host"}, mount={"Volume": "other"}), False),
        (group({"Type": "host"}, count=2), False),
        (group({"Type": "host", "AccessMode": "single-node-writer"}, count=2), True),
        (group({"Type": "host", "AccessMode": "single-node-single-writer"}), True),
        (group({"Type": "host", "AccessMode": "single-node-multi-writer"}), False),
        (group({"Type": "csi", "AccessMode": "single-node-writer"}), True),
        (group({"Type": "csi", "AccessMode": "multi-node-single-writer"}), True),
        (group({"Type": "csi", "AccessMode": "multi-node-multi-writer"}), False),
        (group({"Type": "csi", "AccessMode": "multi-node-reader-only"}), False),
        # Nomad itself refuses a canary beside these.
        (group({"Type": "csi", "AccessMode": "single-node-writer", "PerAlloc": True}), False),
        ({}, False),
    ],
)
def test_volumes_of_one_writer(of: Json, shared: bool) -> None:
    """Finding RW-54."""
    assert list(volumes(of)) == (['volume "data" ("db")'] if shared else [])


@pytest.mark.parametrize(
    ("config", "shared"),
    [
        ({"volumes": ["/srv/db:/data"]}, ["/srv/db"]),
        ({"volumes": ["/srv/db:/data:z"]}, ["/srv/db"]),
        ({"volumes": ["/srv/db:/data:ro", "local/conf:/conf"]}, []),
        ({"volumes": ["/var/run/docker.sock:/var/run/docker.sock", "/etc/localtime:/etc/localtime"]}, []),
        ({"mount": {"type": "bind", "source": "/srv/db", "target": "/data"}}, ["/srv/db"]),
        ({"mount": [{"type": "bind", "source": "/srv/db", "target": "/data", "readonly": True}]}, []),
        ({"mounts": [{"type": "volume", "source": "db", "target": "/data"}, {"type": "tmpfs"}]}, ["db"]),
        ({"mounts": [{"source": "local/conf", "type": "bind"}]}, []),
        ({}, []),
        ("not a block", []),
    ],
)
def test_folders_that_the_driver_mounts(config: Any, shared: list[str]) -> None:
    assert list(folders({"Tasks": [{"Driver": "docker", "Config": config}]})) == shared
    assert list(folders({"Tasks": [{"Driver": "raw_exec", "Config": config}]})) == []
