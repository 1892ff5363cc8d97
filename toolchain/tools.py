"""`make tools`: everything that Caravan runs, in the pinned versions."""

import sys

from toolchain import host, links, paths, plugin_install, system_packages, venv, versions
from toolchain.catalogue import docker_plugin, tools
from toolchain.errors import ToolchainError
from toolchain.obtain import Obtainer
from toolchain.progress import Step


def ensure() -> None:
    """Install what is missing and link it. Raises ToolchainError at the first thing that cannot be had."""
    pins, arch = versions.load(), host.architecture()
    with Step("system packages") as step:
        system_packages.ensure(step)
    with Step("python packages") as step:
        venv.ensure(step)
    obtainer = Obtainer(pins, arch)
    for tool in tools(pins, arch):
        with Step(tool.name) as step:
            links.link(obtainer.obtain(tool, step))
    with Step("docker plugin") as step:
        plugin = docker_plugin(pins, arch)
        program = plugin_install.installed_by_user(plugin.version)
        if program is None:
            program = obtainer.obtain(plugin, step)[plugin.programs[0]]
        new = plugin_install.install(program, plugin.version)
        step.done(f"{plugin.version} {'installed' if new else 'is installed'} in {paths.PULUMI_HOME}")


def main() -> int:
    """Exit code 0 when everything is there."""
    print("Tools", flush=True)
    try:
        ensure()
    except ToolchainError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
