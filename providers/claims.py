"""What the resources of one program are going to own, so that two of them never own the same object."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from providers.properties import Properties


@dataclass(frozen=True)
class Claim:
    """An object of the server, or, with `below`, everything whose name begins with `name`."""

    noun: str
    name: str
    where: tuple[str, ...] = ()
    """Namespace, datacenter and their like in words, where these are not part of the name (see `where`)."""
    below: bool = False

    def __str__(self) -> str:
        place = f" ({', '.join(self.where)})" if self.where else ""
        return f'{"what is below the " if self.below else ""}{self.noun} "{self.name}"{place}'


def where(inputs: Properties, *names: str) -> tuple[str, ...]:
    """The inputs of these names that are given, as `namespace eu`."""
    return tuple(f"{name} {inputs.values[name]}" for name in names if inputs.get(name))


@runtime_checkable
class Claiming(Protocol):
    """A resource type whose resources own objects by name."""

    def claims(self, urn: str, old: Properties, new: Properties) -> list[Claim]:
        """What checked inputs are going to own, as far as they are known."""
        ...


class Claims:
    """The claims of one command, by the resources whose inputs it has checked."""

    def __init__(self) -> None:
        self._of: dict[str, list[Claim]] = {}
        self._owners: dict[Claim, str] = {}
        self._prefixes: dict[Claim, str] = {}
        """Those of `_owners` that are for everything below a name."""

    def add(self, urn: str, wanted: list[Claim]) -> list[str]:
        """Notes what a resource owns, in the place of what it owned before; a sentence for each other owner."""
        for claim in self._of.pop(urn, []):
            self._owners.pop(claim, None)
            self._prefixes.pop(claim, None)
        found = [_twice(claim, other, urn) for claim in wanted for other in self._others(claim)]
        if not found:
            self._of[urn] = wanted
            self._owners.update(dict.fromkeys(wanted, urn))
            self._prefixes.update({claim: urn for claim in wanted if claim.below})
        return found

    def _others(self, claim: Claim) -> list[str]:
        around = {owner for other, owner in self._prefixes.items() if _holds(other, claim)}
        # Few claims are for prefixes, so only they look at all others.
        inside = {owner for other, owner in self._owners.items() if claim.below and _holds(claim, other)}
        same = {self._owners[claim]} if claim in self._owners else set()
        return sorted(around | inside | same)


def _holds(prefix: Claim, other: Claim) -> bool:
    return (prefix.noun, prefix.where) == (other.noun, other.where) and other.name.startswith(prefix.name)


def _twice(claim: Claim, owner: str, urn: str) -> str:
    return (
        f"{claim} is declared by two resources of this program: {owner} and {urn}. There is only one, so each "
        "`pulumi up` would undo what the other resource has written. Remove one of them, or give it another name."
    )
