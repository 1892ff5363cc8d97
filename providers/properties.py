"""Property values between the engine's wire form (a protobuf Struct) and plain Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import json_format, struct_pb2

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN_WIRE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a value that is not known before the update (Pulumi `plugin.UnknownStringValue`)."""

_UNKNOWN_WIRES: Final = frozenset(
    {
        UNKNOWN_WIRE,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """A value that is only known after the update. Compare with `is UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass
class Properties:
    """Values by property name, and which of these names hold a secret anywhere below them.

    Secrecy is kept per top-level property: when one part of a value is secret, the whole value is.
    """

    values: dict[str, Any] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `name`; `default` where it is absent or null."""
        value = self.values.get(name)
        return default if value is None else value

    def has_unknown(self, names: Iterable[str] | None = None) -> bool:
        """Whether any value (of `names`; default: of all) is or holds an unknown."""
        chosen = self.values if names is None else {n: self.values.get(n) for n in names}
        return contains_unknown(chosen)


def contains_unknown(value: Any) -> bool:
    """Whether `value` is or holds `UNKNOWN`."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Mapping):
        return any(contains_unknown(v) for v in value.values())
    if isinstance(value, list):
        return any(contains_unknown(v) for v in value)
    return False


def decode(struct: struct_pb2.Struct) -> Properties:
    """Reads the engine's Struct. Whole numbers come back as int."""
    values: dict[str, Any] = {}
    secrets: set[str] = set()
    for name, raw in json_format.MessageToDict(struct).items():
        values[name], secret = _decode(raw)
        if secret:
            secrets.add(name)
    return Properties(values, frozenset(secrets))


def _decode(raw: Any) -> tuple[Any, bool]:
    if isinstance(raw, dict):
        if raw.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            value, _ = _decode(raw.get("value"))
            return value, True
        pairs = {key: _decode(item) for key, item in raw.items()}
        return {key: value for key, (value, _) in pairs.items()}, any(secret for _, secret in pairs.values())
    if isinstance(raw, list):
        items = [_decode(item) for item in raw]
        return [value for value, _ in items], any(secret for _, secret in items)
    if isinstance(raw, str) and raw in _UNKNOWN_WIRES:
        return UNKNOWN, False
    if isinstance(raw, float) and raw.is_integer():
        return int(raw), False
    return raw, False


def encode(properties: Properties) -> struct_pb2.Struct:
    """Writes the engine's Struct, secret properties wrapped as secrets."""
    wire = {}
    for name, value in properties.values.items():
        encoded = _encode(value)
        if name in properties.secrets:
            encoded = {SIGNATURE_KEY: SECRET_SIGNATURE, "value": encoded}
        wire[name] = encoded
    return json_format.ParseDict(wire, struct_pb2.Struct())


def _encode(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_WIRE
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    return value
