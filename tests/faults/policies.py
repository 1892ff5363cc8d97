"""The policies of docs/policies, as they are and with a right taken away, for tokens of the secured cluster."""

import re

from toolchain import paths

POLICIES = paths.ROOT / "docs" / "policies"


def policy(name: str, own: str = "web") -> str:
    """A policy's text; `own` stands where the page says "web"."""
    text = (POLICIES / f"{name}.hcl").read_text(encoding="utf-8")
    return text.replace('"web"', f'"{own}"').replace('"web/"', f'"{own}/"')


def without(text: str, right: str) -> str:
    """A policy that lacks a right: a capability in a list, or else a whole line or block that begins with it.

    Of the policy for a service, which Consul wants, "read" is left.
    """
    if right == "policy     =":
        return text.replace('policy     = "write"', 'policy     = "read"')
    capability = re.compile(rf'(capabilities = \[[^]]*?)\s*"{re.escape(right)}",?')
    block = re.compile(rf"(^)[ ]*{re.escape(right)}(?:[^\n]*\{{\n.*?^\}}|[^\n]*)\n", re.S | re.M)
    for pattern in (capability, block):
        weaker, count = pattern.subn(r"\1", text)
        if count == 1:
            return weaker
    raise AssertionError(f"{right!r} is not in this policy just once:\n{text}")


def capabilities(text: str) -> list[str]:
    """The names in a policy's lists of capabilities."""
    return [
        name
        for listed in re.findall(r"capabilities = \[(.*?)\]", text, re.S)
        for name in re.findall(r'"(.+?)"', listed)
    ]
