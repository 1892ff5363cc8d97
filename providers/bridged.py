"""States that the official plugins have written: what their bridge to Terraform keeps beside inputs and outputs.

`__defaults` in an object of the inputs names those of its values that the program has not given, and `__meta` in the
outputs is the provider's own. Source: pulumi-terraform-bridge, `pkg/tfbridge/reservedkeys`.
"""

from typing import Any

from providers.properties import UNKNOWN, Properties

DEFAULTS = "__defaults"
META = "__meta"


def unmarked(recorded: Properties) -> Properties:
    """Recorded inputs or outputs without the bridge's own keys, every value as it is recorded."""
    return _without(recorded, filled_in=True)


def as_given(inputs: Properties) -> Properties:
    """Recorded inputs as the program has given them: without what the official plugin has filled in."""
    return _without(inputs, filled_in=False)


def _without(properties: Properties, *, filled_in: bool) -> Properties:
    # Most states are not of an official plugin, and nothing of them is copied.
    if not _is_marked(properties.values):
        return properties
    kept = _cleaned(properties.values, filled_in)
    return Properties(kept, properties.secrets & kept.keys())


def _is_marked(value: Any) -> bool:
    if isinstance(value, dict):
        return DEFAULTS in value or META in value or any(map(_is_marked, value.values()))
    return isinstance(value, list) and any(map(_is_marked, value))


def _cleaned(value: Any, filled_in: bool) -> Any:
    if isinstance(value, list):
        return [_cleaned(item, filled_in) for item in value]
    if not isinstance(value, dict):
        return value
    names = value.get(DEFAULTS)
    left_out = set() if filled_in or not isinstance(names, list) else {name for name in names if name is not UNKNOWN}
    return {
        name: _cleaned(item, filled_in)
        for name, item in value.items()
        if name not in (DEFAULTS, META) and name not in left_out
    }
