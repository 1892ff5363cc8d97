"""Runs a Pulumi program in this process, as Pulumi's language host does, against a monitor of our own."""

import asyncio
import contextlib
import threading
import traceback
import warnings
from pathlib import Path
from typing import Any

import grpc
import pulumi
from pulumi.runtime import settings
from pulumi.runtime.stack import run_in_stack

from providers.protocol import engine_pb2

PROJECT, STACK = "caravan", "dev"


class Ended(grpc.RpcError):
    """What a program is told when the engine does not go on: the SDK then ends it without a word of its own."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "the engine has ended"


class Log:
    """What the program itself logs (`pulumi.log`)."""

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self._lines = lines

    def Log(self, request: Any) -> None:  # noqa: N802
        if request.severity != engine_pb2.DEBUG:
            self._lines.append((request.urn, request.message))


def run(program: Path, monitor: Any, log: Log, config: dict[str, str], *, preview: bool) -> str:
    """Runs the program to its end. Returns the traceback of its own failure, "" where it has none."""
    failure: list[str] = []
    thread = threading.Thread(target=_in_thread, args=(program, monitor, log, config, preview, failure))
    with contextlib.chdir(program.parent):
        thread.start()
        thread.join()
    return failure[0] if failure else ""


def _in_thread(
    program: Path, monitor: Any, log: Log, config: dict[str, str], preview: bool, failure: list[str]
) -> None:
    # The SDK keeps its settings in context variables, and a thread begins without any.
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    # Where the engine has ended, every call that was under way fails, and nobody asks each of them for that.
    loop.set_exception_handler(lambda *_: None)
    chosen = settings.Settings(
        project=PROJECT, stack=STACK, organization="organization", dry_run=preview, root_directory=str(program.parent)
    )
    chosen.monitor, chosen.engine = monitor, log
    settings.configure(chosen)
    pulumi.runtime.set_all_config(config)
    # The SDK says this of itself as soon as it is imported.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="pulumi_consul")
    code = compile(program.read_text(encoding="utf-8"), str(program), "exec")

    def main() -> None:
        exec(code, {"__name__": "__main__", "__file__": str(program)})  # noqa: S102

    try:
        loop.run_until_complete(run_in_stack(main))
    except pulumi.RunError:
        pass
    except SystemExit as ended:
        if ended.code:
            # It has logged why.
            failure.append(f"the program ended with exit code {ended.code}")
    except Exception:
        failure.append(traceback.format_exc())
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
