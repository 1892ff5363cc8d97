"""What the engine's requests are about, what is wrong with all of one kind, and answers that all types share."""

from collections.abc import Collection
from typing import Any

from providers.placeholders import placeholders
from providers.properties import Properties, decode
from providers.protocol import provider_pb2
from providers.resource import CheckFailure, Diff, ProviderError


def type_of(urn: str) -> str:
    """The type token in a resource's URN."""
    return urn.split("::")[2].split("$")[-1]


def token_of(request: Any) -> str:
    """What a call is about: the type of a resource, or a look-up."""
    return str(request.tok) if isinstance(request, provider_pb2.InvokeRequest) else type_of(request.urn)


def misused_outputs(inputs: Properties) -> list[CheckFailure]:
    """The inputs in which an Output was put into a string."""
    return [CheckFailure(name, reason) for name, reason in placeholders(inputs.values)]


def arguments_of(request: Any) -> Properties:
    """The arguments of a look-up. Raises ProviderError where an Output was put into a string."""
    arguments = decode(request.args)
    if misused := misused_outputs(arguments):
        raise ProviderError("\n".join(f"{request.tok}: {failure.reason}" for failure in misused))
    return arguments


def failures(found: list[CheckFailure]) -> list[Any]:
    """What a check has found, for its answer."""
    # Without the property's name: with it the engine prints the whole value, a jobspec of pages, before the reason.
    return [provider_pb2.CheckFailure(reason=failure.reason) for failure in found]


def diff_response(diff: Diff, shown: Collection[str]) -> Any:
    """The answer of a diff. `shown`: the changed properties that the CLI names."""
    kinds = provider_pb2.PropertyDiff.Kind
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if diff.changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=diff.changed,
        replaces=diff.replaces,
        hasDetailedDiff=True,
        detailedDiff={
            name: provider_pb2.PropertyDiff(
                kind=kinds.UPDATE_REPLACE if name in diff.replaces else kinds.UPDATE, inputDiff=True
            )
            for name in shown
        },
    )
