"""`make cluster-status`: one line for each server of a cluster."""

from pathlib import Path

from toolchain.docker_api import Docker, DockerError
from toolchain.embedded import consul, dockerd, nomad, ports, registry

_HEADER = ("SERVER", "ADDRESS", "PID", "STATE", "LOG")


def show(cluster: Path) -> bool:
    """Print the table; True when every server is up and ready."""
    chosen = ports.recorded_for(cluster)
    if chosen is None:
        print(f"There is no cluster in {cluster}. Start it with: make cluster")
        return False
    rows = [_docker_row()]
    for agent in (
        registry.agent(cluster, chosen),
        consul.agent(cluster, chosen),
        nomad.server(cluster, chosen),
        nomad.client(cluster, chosen, dockerd.host()),
    ):
        process = agent.process()
        lacking = agent.lacks() if process else None
        state = "down" if process is None else f"no {lacking}" if lacking else "healthy"
        rows.append((agent.name, agent.address, str(process.pid) if process else "-", state, str(agent.log)))
    _print_table([_HEADER, *rows])
    return all(row[3] == "healthy" for row in rows)


def _docker_row() -> tuple[str, ...]:
    address, own = dockerd.host(), dockerd.own_process()
    try:
        state = "healthy" if Docker(address).answers() else "down"
    except DockerError as error:
        state = str(error)
    return (
        "docker",
        address,
        str(own.pid) if own else "-",
        state,
        str(dockerd.log()) if own else "(not started by us)",
    )


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
