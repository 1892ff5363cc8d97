"""What Nomad's HCL parser says of a jobspec, with the places in the user's own text and what to do."""

import re

_PLACE = re.compile(r"input\.hcl:(?P<line>\d+),(?P<column>\d+)-(?:\d+,)?\d+")
_VARIABLE = re.compile(r"^(?:unable to parse var content: )?" + _PLACE.pattern + r": (?=Invalid value for variable)")
_VARIABLES = re.compile(r"unable to parse var content: " + _PLACE.pattern)
_MORE = re.compile(r",? and \d+ other diagnostic\(s\)$")

READ_IT = (
    "Nomad parses the jobspec on the server, which does not see your files: read the file in your program and put its "
    "text in the jobspec or in hcl2.vars."
)
"""What to do instead of reading a file in the jobspec."""

_OLD_SYNTAX = ("Invalid argument name", "Missing key/value separator", "Argument or block definition required")
HCL2 = "(Nomad reads HCL2, since 1.0: a file written for an older Nomad needs such places rewritten.)"
"""Follows what is typical of a file in the syntax of before."""

_FILE_FUNCTION = re.compile(r'Call to function "(?P<name>\w+)" failed: filesystem function disabled\.?')
_FOLLOWS = ("Unsuitable value type; Unsuitable value: value must be known",)
"""What the parser adds to an error that has made a value unknown."""


def parser_sentence(answer: str) -> str:
    """One sentence for the parser's answer, which may be of several lines."""
    lines = [line.strip("\t *") for line in answer.splitlines()]
    said = [line for line in lines if line and not re.match(r"^\d+ errors? occurred:$", line)]
    told = list(dict.fromkeys(_told(line) for line in said if not any(line.endswith(end) for end in _FOLLOWS)))
    sentence = "Nomad cannot parse the jobspec: " + "; ".join(told)
    if _FILE_FUNCTION.search(answer):
        return f"{sentence.rstrip('.')}. {READ_IT}"
    if any(title in answer for title in _OLD_SYNTAX):
        return f"{sentence} {HCL2}"
    return sentence


def _told(line: str) -> str:
    """A line of the parser's without its own file name: a place in the text, or the variables' (hcl2.vars)."""
    line = _MORE.sub("", line.removeprefix("Failed to parse job: "))
    line = _VARIABLES.sub("hcl2.vars", _VARIABLE.sub("hcl2.vars: ", line))
    line = _FILE_FUNCTION.sub(r'the function "\g<name>" cannot read files here', line)
    return _PLACE.sub(r"line \g<line>, column \g<column> of the jobspec", line)
