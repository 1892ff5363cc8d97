"""Property values between the engine's wire form (a protobuf Struct) and plain Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2

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
    for name, raw in struct.fields.items():
        values[name], secret = _decode(raw)
        if secret:
            secrets.add(name)
    return Properties(values, frozenset(secrets))


# Both ways by hand: by protobuf's own way through JSON, they were a third of what an unchanged resource costs.


def _decode(raw: struct_pb2.Value) -> tuple[Any, bool]:
    kind = raw.WhichOneof("kind")
    if kind == "string_value":
        text = raw.string_value
        return (UNKNOWN if text in _UNKNOWN_WIRES else text), False
    if kind == "struct_value":
        fields = raw.struct_value.fields
        if SIGNATURE_KEY in fields and fields[SIGNATURE_KEY].string_value == SECRET_SIGNATURE:
            return (_decode(fields["value"])[0] if "value" in fields else None), True
        pairs = {key: _decode(item) for key, item in fields.items()}
        return {key: value for key, (value, _) in pairs.items()}, any(secret for _, secret in pairs.values())
    if kind == "list_value":
        items = [_decode(item) for item in raw.list_value.values]
        return [value for value, _ in items], any(secret for _, secret in items)
    if kind == "bool_value":
        return raw.bool_value, False
    if kind == "number_value":
        number = raw.number_value
        return (int(number) if number.is_integer() else number), False
    return None, False


def encode(properties: Properties) -> struct_pb2.Struct:
    """Writes the engine's Struct, secrets wrapped as such. Raises TypeError for what no property can be."""
    struct = struct_pb2.Struct()
    for name, value in properties.values.items():
        target = struct.fields[name]
        if name in properties.secrets:
            fields = target.struct_value.fields
            fields[SIGNATURE_KEY].string_value = SECRET_SIGNATURE
            target = fields["value"]
        _encode(value, target)
    return struct


def _encode(value: Any, target: struct_pb2.Value) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_WIRE
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in value.items():
            _encode(item, target.struct_value.fields[key])
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            _encode(item, target.list_value.values.add())
    else:
        raise TypeError(f"{value!r} cannot be a property")
