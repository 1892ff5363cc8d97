"""Where a service finds the services that it calls: in a file, a variable, or the mesh's proxy."""

import json

from components.jobspec.nomad import Job, ns
from components.jobspec.templates import template
from components.service.calls import Call, consul_name, variable
from components.service_model import Service

_RESTART_SPLAY_S = 15
_SETTLE_MIN_S = 0.1
_SETTLE_MAX_S = 1
# IPv6 addresses stand in brackets.
_ADDRESS = '{{ if .Address | regexMatch ":" }}[{{ .Address }}]{{ else }}{{ .Address }}{{ end }}:{{ .Port }}'


def call_env(service: Service) -> dict[str, str]:
    """Variables that say where to look."""
    env = {}
    for name, call in service.calls.items():
        if call.mesh:
            env[variable(name, "URL")] = f"{call.scheme or 'http'}://127.0.0.1:{call.local_port}"
        elif call.deliver == "file":
            env[variable(name, "FILE")] = f"${{NOMAD_TASK_DIR}}/calls/{name}"
    return env


def call_templates(service: Service) -> list[Job]:
    """Templates that write the addresses of healthy instances, as Consul's catalogue has them."""
    by_catalogue = [(name, call) for name, call in sorted(service.calls.items()) if not call.mesh]
    return [_file(name, call) if call.deliver == "file" else _variable(name, call) for name, call in by_catalogue]


def _file(name: str, call: Call) -> Job:
    text = f"{{{{ range {_query(name, call)} }}}}{_url(call)}\n{{{{ end }}}}"
    entry = template(f"local/calls/{name}", text, perms="0644")
    # Nomad would wait for 5 s without a change, and an instance that leaves is gone by then.
    return {**entry, "Wait": {"Min": ns(_SETTLE_MIN_S), "Max": ns(_SETTLE_MAX_S)}}


def _variable(name: str, call: Call) -> Job:
    first = f"{{{{ if eq $i 0 }}}}{_url(call)}{{{{ end }}}}"
    text = f"{variable(name, 'URL')}={{{{ range $i, $instance := {_query(name, call)} }}}}{first}{{{{ end }}}}\n"
    entry = template(f"local/calls/{name}.env", text, env=True, change_mode="restart", perms="0644")
    # Each instance waits a random time up to this, so that they do not all restart at once.
    return {**entry, "Splay": ns(_RESTART_SPLAY_S)}


def _query(name: str, call: Call) -> str:
    return f"service {json.dumps(consul_name(name, call.port))}"


def _url(call: Call) -> str:
    return f"{call.scheme or 'http'}://{_ADDRESS}"
