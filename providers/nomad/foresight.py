"""What a diff has asked Nomad, kept for the update that follows it: the same questions are not asked twice."""

import time
from dataclasses import dataclass, field

from providers.nomad.client import Json
from providers.nomad.spec import Spec
from providers.nomad.standing import Assessment

FRESH_S = 10.0
"""How old an answer may be that an update acts on; the preview of an update shows what its diff was made from.

An older one is asked for anew, as after a wait for other resources. That the job itself is still the same, Nomad
enforces by its index.
"""


@dataclass(frozen=True)
class Foreseen:
    """How the registered job stands to the recorded one, and Nomad's plan for the wanted one."""

    wanted: Spec
    standing: Assessment
    plan: Json
    at_s: float = field(default_factory=time.monotonic)


class Foresight:
    """Answers by the resource's URN, each to be taken once."""

    def __init__(self) -> None:
        self._kept: dict[str, Foreseen] = {}

    def keep(self, urn: str, foreseen: Foreseen) -> None:
        """Keeps what a diff found out."""
        self._kept[urn] = foreseen

    def take(self, urn: str, wanted: Spec, *, preview: bool) -> Foreseen | None:
        """What is known of this very job, fresh enough; None where it has to be asked."""
        kept = self._kept.pop(urn, None)
        if kept is None or kept.wanted != wanted:
            return None
        return kept if preview or time.monotonic() - kept.at_s <= FRESH_S else None
