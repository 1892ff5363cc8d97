"""The embedded development cluster: Docker, an image registry, Consul and Nomad, on loopback.

`python3 -m toolchain.cluster up|stop|status|reset [--dir FOLDER]`, or `start` and `stop` from Python.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain import distribution_image, locks, paths, status, versions
from toolchain.docker_api import Docker
from toolchain.embedded import consul, dockerd, leftovers, nomad, ports, registry
from toolchain.embedded.addresses import Addresses
from toolchain.embedded.agent import Agent
from toolchain.errors import ToolchainError
from toolchain.progress import Step

__all__ = ["Addresses", "reset", "start", "stop"]


def start(directory: Path = paths.CLUSTER, *, examples: bool | None = None) -> Addresses:
    """Start what does not run of the cluster in `directory`, and wait until all of it is ready.

    `examples` says whether the images are needed that the example services use as they are. Default: in the checkout's
    own cluster.

    The checkout's own cluster takes the usual ports where they are free, any other one takes other ports; both keep
    theirs. Jobs and images of an earlier start come back. Raises ToolchainError.
    """
    cluster = directory.resolve()
    with _exclusive(cluster):
        chosen = ports.of_cluster(cluster, prefer_defaults=cluster == paths.CLUSTER)
        with Step("docker") as step:
            docker_host = dockerd.use(cluster, step)
        pins, docker = versions.load(), Docker(docker_host)
        images = registry.agent(cluster, chosen)
        with Step(images.name) as step:
            images.start(chosen, step)
        with Step("base image") as step:
            base = distribution_image.ensure(distribution_image.BASE, pins.base_image, images.address, docker, step)
        finished = {}
        if cluster == paths.CLUSTER if examples is None else examples:
            with Step("store image") as step:
                usual = pins.store_image
                made = distribution_image.ensure(distribution_image.STORE, usual, images.address, docker, step)
                finished = {usual: made} if made else {}
        catalogue, scheduler = consul.agent(cluster, chosen), nomad.server(cluster, chosen)
        node = nomad.client(cluster, chosen, docker_host, dockerd.containers_see_us_at(docker))
        for agent in (catalogue, scheduler, node):
            with Step(agent.name) as step:
                agent.start(chosen, step)
        addresses = Addresses(
            nomad=scheduler.address,
            consul=catalogue.address,
            registry=images.address,
            base_image=base,
            docker_host=docker_host,
            images=finished,
        )
        (cluster / "env").write_text(addresses.shell_exports())
    return addresses


def stop(directory: Path = paths.CLUSTER) -> None:
    """End everything that the cluster in `directory` runs: no process, container or mount of it stays.

    Jobs, images and Consul's data stay in the folder for the next start. Raises ToolchainError.
    """
    _end(directory, for_good=False)


def reset(directory: Path = paths.CLUSTER) -> None:
    """Stop the cluster in `directory` and delete its jobs, images, Consul data and logs. Raises ToolchainError.

    The dev stack's state still says that they are there; the next `make up` refreshes it first (toolchain/up.sh).
    """
    if directory.resolve() == paths.CLUSTER:
        paths.LOCAL.mkdir(exist_ok=True)
        paths.CLUSTER_WAS_RESET.touch()
    _end(directory, for_good=True)
    if (directory / "cluster.json").is_file():
        shutil.rmtree(directory)
        print(f"  {directory} deleted.")


def _end(directory: Path, *, for_good: bool) -> None:
    cluster = directory.resolve()
    try:
        chosen = ports.recorded_for(cluster)
    except ports.DamagedRecordError:
        if not for_good:
            raise
        # Processes and containers are found without their ports.
        chosen = ports.Ports(dict.fromkeys(ports.DEFAULTS, 0), (0, 0))
    if chosen is None:
        print(f"  There is no cluster in {directory}.")
        return
    with _exclusive(cluster):
        docker = Docker(dockerd.host())
        # Nomad first: it would start again what is ended behind its back.
        _stop(nomad.client(cluster, chosen, docker.host))
        with Step("containers") as step:
            running = leftovers.containers(cluster, docker) if docker.answers() else []
            step.update(f"ending {len(running)}")
            leftovers.remove_containers(running, docker)
            step.done(f"{len(running)} ended")
        if for_good and docker.answers():
            with Step("images") as step:
                removed = docker.remove_images_of(chosen.address("registry"))
                step.done(f"{removed} references removed from {docker.host}")
        for agent in (nomad.server(cluster, chosen), consul.agent(cluster, chosen), registry.agent(cluster, chosen)):
            _stop(agent)
        leftovers.end_processes(cluster)
        leftovers.unmount(cluster)
        with Step("docker") as step:
            dockerd.release(cluster, step)


def _stop(agent: Agent) -> None:
    with Step(agent.name) as step:
        step.done("ended" if agent.stop() else "did not run")


@contextmanager
def _exclusive(cluster: Path) -> Iterator[None]:
    """One command at a time on a cluster."""
    lock = cluster.with_name(f".{cluster.name}.lock")
    with locks.exclusive(lock, lambda: print(f"  Waiting for another command on {cluster} ...", flush=True)):
        yield


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when done (for `status`: when all is up), else 1."""
    parser = argparse.ArgumentParser(prog="python3 -m toolchain.cluster", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["up", "stop", "status", "reset"])
    parser.add_argument(
        "--dir", type=Path, default=paths.CLUSTER, help="the cluster's folder (default: .caravan/cluster)"
    )
    options = parser.parse_args(arguments)
    try:
        if options.command == "status":
            return 0 if status.show(options.dir.resolve()) else 1
        started_s = time.monotonic()
        print(f"Cluster: {options.command}", flush=True)
        commands: dict[str, Callable[[Path], object]] = {"up": start, "stop": stop, "reset": reset}
        commands[options.command](options.dir)
        print(f"  done in {time.monotonic() - started_s:.1f} s", flush=True)
    except ToolchainError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
