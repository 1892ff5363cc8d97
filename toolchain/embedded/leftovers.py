"""What Nomad's agent leaves when it ends: tasks go on by design, so stopping the cluster has to end them."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from toolchain.docker_api import Docker
from toolchain.embedded import nomad, processes

LABEL = "com.hashicorp.nomad."
"""Prefix of the labels that Nomad's Docker driver gives to its containers."""
GRACE_S = 10


def containers(cluster: Path, docker: Docker) -> list[str]:
    """Ids of the containers of this cluster's allocations, and of no other cluster's."""
    data = nomad.client_data(cluster)
    id_file = data / "client" / "client-id"
    node = id_file.read_text().strip() if id_file.is_file() else None
    # The container that holds a group's network has no node label, so allocations are looked at too.
    allocations = {folder.name for folder in (data / "alloc").glob("*")}
    return [
        container["Id"]
        for container in docker.containers()
        if (node and container["Labels"].get(LABEL + "node_id") == node)
        or container["Labels"].get(LABEL + "alloc_id") in allocations
    ]


def remove_containers(identifiers: list[str], docker: Docker) -> None:
    """Stop them side by side, and remove them."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda identifier: docker.stop_and_remove(identifier, GRACE_S), identifiers))


def end_processes(cluster: Path) -> int:
    """End what the agents left: log collectors, executors, tasks without a container. Gives their number."""
    left = processes.marked(cluster)
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda process: process.end(GRACE_S), left))
    return len(left)


def unmount(cluster: Path) -> None:
    """Unmount what Nomad's client mounted into the allocations' folders."""
    unmount_below(nomad.client_data(cluster))


def unmount_below(folder: Path) -> None:
    """Unmount everything in a folder, the deepest first."""
    data = f"{folder}/"
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    # proc(5): blanks and backslashes are written as octal numbers.
    decoded = [mount.encode().decode("unicode_escape") for mount in mounts]
    for mount in sorted((mount for mount in decoded if mount.startswith(data)), reverse=True):
        subprocess.run(["umount", mount], check=False, capture_output=True)
