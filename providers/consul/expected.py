"""What services need and Consul does not have yet, because the update that a preview shows is only going to make it."""


class ExpectedNodes:
    """Nodes that the previewed update makes."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def add(self, name: object) -> None:
        """Notes a node. A name that is not known yet is of no use."""
        if isinstance(name, str):
            self._names.add(name)

    def has(self, name: str) -> bool:
        return name in self._names
