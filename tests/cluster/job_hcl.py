"""A generated job as an HCL2 jobspec, in a layout that chance decides."""

import json
import random
from typing import Any

from tests.cluster.generated_jobs import Json
from tests.cluster.job_fields import SECOND, Fields, Map, Value, fields_of


def hcl(id: str, kind: str, job: Json, chance: random.Random) -> str:
    """The jobspec: attributes and blocks in any order, with comments and blank lines of no meaning."""
    body = [f"type = {_literal(job['Type'])}", *_body(fields_of(kind), job, chance)]
    return _block(f'job "{id}"', body, chance) + "\n"


def _body(fields: Fields, job: Json, chance: random.Random) -> list[str]:
    parts = []
    for key, field in fields.items():
        value = job.get(key)
        if value is None or (isinstance(field, Value) and not field.hcl):
            continue
        if isinstance(field, Value):
            parts.append(f"{field.hcl}{chance.choice((' = ', '='))}{_value(field, value)}")
        elif isinstance(field, Map):
            parts.append(_block(field.hcl, [f"{name} = {_literal(text)}" for name, text in value.items()], chance))
        else:
            for item in value if field.most else value.values() if field.named else [value]:
                name = item[field.label] if field.label else field.named
                label = f' "{name}"' if name else ""
                parts.append(_block(field.hcl + label, _body(field.fields, item, chance), chance))
    return chance.sample(parts, len(parts))


def _block(header: str, body: list[str], chance: random.Random) -> str:
    indent = chance.choice(("  ", "\t", ""))
    between = ("", "", "# a comment\n", "// another\n", "\n\n", "/* and\n one more */\n")
    lines = "".join(f"{chance.choice(between)}{indent}{part}\n" for part in body)
    return f"{header} {{\n{lines}}}"


def _value(field: Value, value: Any) -> str:
    if field.duration:
        return f'"{value // SECOND}s"'
    return _literal(value)


def _literal(value: Any) -> str:
    # ${node.class} and its like are Nomad's at run time: its parser lets them stand.
    return json.dumps(value, ensure_ascii=False)
