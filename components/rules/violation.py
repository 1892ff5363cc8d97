"""A broken rule."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """A broken rule between values."""

    path: tuple[str, ...]
    """Where to put it right."""
    what: str
    """The rest of the sentence that begins with the path."""
    involves: tuple[str, ...] = ()
    """Other keys that the rule looks at: where one of them is wrong for itself, this says nothing."""

    @property
    def key(self) -> str:
        """The path as it is shown."""
        return ".".join(self.path)
