"""Failures as gRPC statuses, which the CLI prints as plain sentences."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]

from providers.properties import encode
from providers.protocol import provider_pb2
from providers.resource import InitFailed, ProviderError

_DETAILS = "grpc-status-details-bin"
"""The metadata in which a status has its details. Source: gRPC, `status.proto` of google.rpc."""


@dataclass
class Relayed(Exception):
    """A failure of another plugin, to be handed on as it is. `details` is its serialized status, where it has one."""

    code: grpc.StatusCode
    message: str
    details: bytes | None

    @staticmethod
    def of(error: grpc.aio.AioRpcError) -> "Relayed":
        """The failure of a call."""
        metadata: Any = error.trailing_metadata() or ()
        return Relayed(error.code(), error.details() or "", dict(metadata).get(_DETAILS))


@asynccontextmanager
async def reported(context: Any) -> AsyncIterator[None]:
    """Turns exceptions into gRPC statuses that the CLI prints as plain sentences."""
    try:
        yield
    except InitFailed as error:
        await _abort_init_failed(context, error)
    except ProviderError as error:
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except Relayed as error:
        if error.details is not None:
            context.set_trailing_metadata(((_DETAILS, error.details),))
        await context.abort(error.code, error.message)


async def _abort_init_failed(context: Any, error: InitFailed) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id, properties=encode(error.outputs), inputs=encode(error.inputs), reasons=error.reasons
    )
    message = "; ".join(error.reasons)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[_packed(detail)])
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort always raises")


def init_failure(details: bytes | None) -> Any:
    """Pulumi's ErrorResourceInitFailed in a serialized status; None where there is none."""
    for packed in status_pb2.Status.FromString(details).details if details else ():
        found = provider_pb2.ErrorResourceInitFailed()
        if packed.Unpack(found):
            return found
    return None


def with_init_failure(details: bytes | None, changed: Any) -> bytes:
    """The same status with another ErrorResourceInitFailed in the place of its own."""
    status = status_pb2.Status.FromString(details or b"")
    for packed in status.details:
        if packed.Is(changed.DESCRIPTOR):
            packed.Pack(changed)
    return bytes(status.SerializeToString())


def _packed(detail: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
