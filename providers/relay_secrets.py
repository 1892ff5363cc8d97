"""Secrets for a plugin that takes none: unwrapped on the way there, and marked again in its answers.

The engine does the same where it speaks to such a plugin itself. Source: Pulumi `plugin.annotateSecrets`.
"""

from typing import Any, TypeVar

from google.protobuf import struct_pb2

from providers.properties import SECRET_SIGNATURE, SIGNATURE_KEY

M = TypeVar("M")

MARKED = {
    "Check": (("inputs", "news"),),
    "Create": (("properties", "properties"),),
    "Read": (("inputs", "inputs"), ("properties", "properties")),
    "Update": (("properties", "news"),),
}
"""By call: which properties of the answer are marked by which of the request."""


def unwrapped(request: M) -> M:
    """A copy of a request in which secrets are plain values."""
    copy: Any = type(request)()
    copy.CopyFrom(request)
    for _, value in copy.ListFields():
        if isinstance(value, struct_pb2.Struct):
            unwrap(value)
    return copy  # type: ignore[no-any-return]


def unwrap(struct: struct_pb2.Struct) -> None:
    """Makes every secret in it a plain value."""
    for value in struct.fields.values():
        _unwrap(value)


def _unwrap(value: struct_pb2.Value) -> None:
    while _is_secret(value):
        inner = struct_pb2.Value()
        inner.CopyFrom(value.struct_value.fields["value"])
        value.CopyFrom(inner)
    if value.HasField("struct_value"):
        unwrap(value.struct_value)
    elif value.HasField("list_value"):
        for item in value.list_value.values:
            _unwrap(item)


def mark(answer: struct_pb2.Struct, asked: struct_pb2.Struct) -> None:
    """Marks what has the name of a secret. Of an object only its secret parts, of a list all of it."""
    for name, value in asked.fields.items():
        if name not in answer.fields:
            continue
        target = answer.fields[name]
        if _is_object(target) and _is_object(value):
            mark(target.struct_value, value.struct_value)
        elif not _is_secret(target) and has_secret(value):
            _wrap(target)


def mark_all(answer: struct_pb2.Struct) -> None:
    """Marks every value: nothing tells which of them hold the secret that was asked with."""
    for value in answer.fields.values():
        if not _is_secret(value):
            _wrap(value)


def has_secret(value: struct_pb2.Value) -> bool:
    """Whether a value is or holds a secret."""
    if value.HasField("struct_value"):
        return _is_secret(value) or any(map(has_secret, value.struct_value.fields.values()))
    return value.HasField("list_value") and any(map(has_secret, value.list_value.values))


def _wrap(value: struct_pb2.Value) -> None:
    inner = struct_pb2.Value()
    inner.CopyFrom(value)
    value.Clear()
    value.struct_value.fields[SIGNATURE_KEY].string_value = SECRET_SIGNATURE
    value.struct_value.fields["value"].CopyFrom(inner)


def _is_secret(value: struct_pb2.Value) -> bool:
    fields = value.struct_value.fields if value.HasField("struct_value") else {}
    return SIGNATURE_KEY in fields and fields[SIGNATURE_KEY].string_value == SECRET_SIGNATURE


def _is_object(value: struct_pb2.Value) -> bool:
    return value.HasField("struct_value") and SIGNATURE_KEY not in value.struct_value.fields
