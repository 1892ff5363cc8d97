"""The fields of Consul's config entries: what may stand where, and what an entry comes to.

`entry_kinds.json` holds the structs of Consul's `api` package, field by field. A type is `text`, `flag`, `whole`,
`number`, `duration`, `any`, the name of a struct, `[type]` or `{type}` (by name); `?` marks one whose zero is not the
same as none. A second word is a name that Consul takes, too.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from providers.fields import go_duration, nanoseconds
from providers.properties import UNKNOWN
from providers.words import MASK

OWNER_KEY: Final = "caravan_owner"
"""In an entry's Meta: the resource that made it."""

_DATA = json.loads(Path(__file__).with_name("entry_kinds.json").read_text(encoding="utf-8"))
KINDS: Final[Mapping[str, str]] = _DATA["kinds"]
"""The name of its struct, by kind of entry."""

_TYPES: Final[Mapping[str, Mapping[str, str]]] = _DATA["types"]

_BESIDE = frozenset({"Kind", "Name", "Namespace", "Partition", "CreateIndex", "ModifyIndex", "Hash", "Status"})
"""What stands in an answer beside an entry's own fields."""

_FROM_SERVER = {"SourceIntention": ("Precedence", "LegacyID", "LegacyMeta", "LegacyCreateTime", "LegacyUpdateTime")}
"""What Consul works out by itself."""

_FILLED = {
    ("SourceIntention", "Type"): "consul",
    ("IngressListener", "Protocol"): "tcp",
    ("ExposePath", "Protocol"): "",
}
"""What Consul writes where nothing is given. Source: `Normalize` of the entries in Consul's `agent/structs`."""

_UNSAID = (("Type", "consul"),)
"""What goes without saying in a source of intentions."""

_LOWER = frozenset({("ServiceConfigEntry", "Protocol"), ("IngressListener", "Protocol")})
_UPPER = frozenset({("ServiceRouteHTTPMatch", "Methods"), ("IntentionHTTPPermission", "Methods")})


def faults(kind: str, entry: Mapping[str, Any], *, secret: bool = False) -> Iterator[str]:
    """A sentence for each unknown field and each value of the wrong type. Unknown values are not judged."""
    own = {name: value for name, value in entry.items() if _plain(name) not in {_plain(word) for word in _BESIDE}}
    yield from _struct_faults(KINDS[kind], own, "", secret)


def normal(kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry in the one form in which equal entries are equal: Consul's names, nothing that is empty, no mark."""
    own = {name: value for name, value in entry.items() if _plain(name) not in {_plain(word) for word in _BESIDE}}
    found: dict[str, Any] = _normal_struct(KINDS[kind], own) or {}
    meta = {key: value for key, value in found.get("Meta", {}).items() if key != OWNER_KEY}
    return {**{name: value for name, value in found.items() if name != "Meta"}, **({"Meta": meta} if meta else {})}


def compared(kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The normal form with the sources of intentions by name: their order in the list is Consul's own."""
    found = normal(kind, entry)
    if kind == "service-intentions":
        sources = {_source(source): source for source in found.get("Sources", [])}
        found["Sources"] = {
            name: {
                part: value for part, value in sources[name].items() if (part, value) not in _UNSAID and part != "Name"
            }
            for name in sorted(sources)
        }
    return found


def _source(source: Mapping[str, Any]) -> str:
    return "/".join(source[part] for part in ("Peer", "SamenessGroup", "Name") if source.get(part))


def canonical(type_: str, name: str) -> str | None:
    """A field's name as Consul writes it, for any way in which Consul takes it (`path_prefix`, `PathPrefix`)."""
    return _names(type_).get(_plain(name))


def type_of(struct: str, name: str) -> str:
    """The type of a field by the name that Consul writes."""
    return _TYPES[struct][name].split()[0]


def _names(struct: str) -> dict[str, str]:
    names = {}
    for name, described in _TYPES[struct].items():
        names[_plain(name)] = name
        names.update({_plain(alias): name for alias in described.split()[1:]})
    return names


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _struct_faults(struct: str, value: Mapping[str, Any], where: str, secret: bool) -> Iterator[str]:
    names = _names(struct)
    for name, item in value.items():
        known = names.get(_plain(name))
        if known is None:
            near = get_close_matches(_plain(name), names, 1)
            hint = f'Did you mean "{names[near[0]]}"?' if near else f"There are: {', '.join(sorted(_TYPES[struct]))}."
            yield f'"{where}{name}" is not a field of the entry. {hint}'
        elif item is not None and item is not UNKNOWN:
            yield from _faults(type_of(struct, known), item, f"{where}{name}", secret)


def _faults(type_: str, value: Any, where: str, secret: bool) -> Iterator[str]:
    if type_ in _TYPES:
        if isinstance(value, Mapping):
            yield from _struct_faults(type_, value, f"{where}.", secret)
        else:
            yield f"{where} is {_shown(value, secret)}; it must be an object of {', '.join(sorted(_TYPES[type_]))}."
    elif type_.startswith("["):
        if not isinstance(value, list):
            yield f"{where} is {_shown(value, secret)}; it must be a list."
            return
        for number, item in enumerate(value):
            if item is not UNKNOWN:
                yield from _faults(type_[1:-1], item, f"{where}[{number}]", secret)
    elif type_.startswith("{"):
        if not isinstance(value, Mapping):
            yield f"{where} is {_shown(value, secret)}; it must be an object."
            return
        for name, item in value.items():
            if item is not UNKNOWN:
                yield from _faults(type_[1:-1], item, f"{where}.{name}", secret)
    else:
        right, allowed = _LEAVES[type_.rstrip("?")]
        if not right(value):
            yield f"{where} is {_shown(value, secret)}; it must be {allowed}."


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_LEAVES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "a text"),
    "flag": (lambda value: isinstance(value, bool), "true or false"),
    "whole": (_is_whole, "a whole number"),
    "number": (lambda value: isinstance(value, float) or _is_whole(value), "a number"),
    "duration": (
        lambda value: (
            (_is_whole(value) and value >= 0)
            or (isinstance(value, str) and (not value or nanoseconds(value) is not None))
        ),
        'a duration such as "10s" or "1m30s"',
    ),
    "any": (lambda value: True, ""),
}


def _shown(value: Any, secret: bool) -> str:
    return MASK if secret else json.dumps(value, ensure_ascii=False)


def _normal_struct(struct: str, value: Mapping[str, Any]) -> Any:
    names = _names(struct)
    given = {names.get(_plain(name), name): item for name, item in value.items()}
    found = {}
    for name in _TYPES[struct]:
        if name in _FROM_SERVER.get(struct, ()):
            continue
        item = _normal(type_of(struct, name), given.get(name))
        if item is not None and (struct, name) in _LOWER:
            item = item.lower()
        if item is not None and (struct, name) in _UPPER:
            item = [method.upper() for method in item]
        if item is None:
            item = _FILLED.get((struct, name)) or None
        if item is not None:
            found[name] = item
    return found or None


def _normal(type_: str, value: Any) -> Any:
    if value is None:
        # A weight or a rate of 0 says something.
        return 0 if type_ == "number" else None
    if type_ in _TYPES:
        return _normal_struct(type_, value)
    if type_.startswith("["):
        items = [_normal(type_[1:-1], item) for item in value]
        return items or None
    if type_.startswith("{"):
        # A subset without a filter is not the same as no subset.
        return {
            name: _normal(type_[1:-1], item) or ({} if type_[1:-1] in _TYPES else "") for name, item in value.items()
        } or None
    if type_.rstrip("?") == "duration":
        value_ns = nanoseconds(value) if isinstance(value, str) else value
        return go_duration(value_ns) if value_ns or (type_.endswith("?") and value_ns == 0) else None
    if type_ == "number":
        rounded = round(float(value), 2)
        return int(rounded) if rounded.is_integer() else rounded
    return value if type_.endswith("?") else value or None
