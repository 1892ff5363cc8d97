"""What jobs need and Nomad does not have yet, because the update that a preview shows is only going to make it."""

from providers.nomad.client import Json


class Expected:
    """Namespaces and node pools that the previewed update makes."""

    def __init__(self) -> None:
        self._names: set[tuple[str, str]] = set()

    def add(self, noun: str, name: object) -> None:
        """Notes an object that a preview has found to be made. A name that is not known yet is of no use."""
        if isinstance(name, str):
            self._names.add((noun, name))

    def awaited_by(self, job: Json) -> str:
        """What `job` runs in and Nomad does not have yet, as `namespace "team"`; "" where it waits for nothing."""
        return " and ".join(self._awaited(job))

    def explains(self, job: Json, reason: str) -> bool:
        """Whether Nomad refuses `job` only for something that is going to be made."""
        return any(f"is in nonexistent {one}" in reason for one in self._awaited(job))

    def _awaited(self, job: Json) -> list[str]:
        needed = (("namespace", job.get("Namespace")), ("node pool", job.get("NodePool")))
        return [f'{noun} "{name}"' for noun, name in needed if (noun, name) in self._names]
