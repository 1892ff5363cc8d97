"""What to add to a job, or to take from it, so that its service keeps serving: as text that can be pasted."""

from providers.nomad.client import Json
from providers.nomad.own_promotion import services, update_of

_OF_MICROSERVICE = "caravan:index:Microservice$nomad:index/job:Job"
"""In the URN of a job that the component Microservice makes."""

_HCL_UPDATE = """
  update {
    canary       = 1
    auto_promote = true
    auto_revert  = true
  }"""
_HCL_CHECK = """
  check {
    type     = "http"
    path     = "/" # one that answers with 200 when the instance can serve
    interval = "5s"
    timeout  = "2s"
  }"""
_JSON_UPDATE = """
  "Update": {"Canary": 1, "AutoPromote": true, "AutoRevert": true}"""
_JSON_CHECK = """
  "Checks": [{"Type": "http", "Path": "/", "Interval": 5000000000, "Timeout": 2000000000}]"""


def from_component(urn: str) -> bool:
    """Whether a job is written by the component Microservice, from the keys of a service.yaml."""
    return _OF_MICROSERVICE in urn


def with_canary(group: Json) -> Json:
    """The group with the update block of `add_canary`."""
    wanted = {"Canary": 1, "AutoPromote": True, "AutoRevert": True}
    return {**group, "Update": {**(group.get("Update") or {}), **wanted}}


def without_canary(group: Json) -> Json:
    """The group with no canaries, as `no_canary` says."""
    return {**group, "Update": {**(group.get("Update") or {}), "Canary": 0, "AutoPromote": False}}


def add_canary(group: Json, urn: str, *, as_json: bool) -> str:
    """What makes the group's next change one that keeps the old version serving."""
    if from_component(urn):
        return "To keep it serving, set rollout.canary: 1 in its service.yaml."
    name = group.get("Name")
    text = f'To keep it serving, add to group "{name}":' + (_JSON_UPDATE if as_json else _HCL_UPDATE)
    unchecked = sorted({str(s.get("Name") or "") for s in services(group) if not s.get("Checks")})
    if unchecked:
        which = f'service "{unchecked[0]}"' if unchecked[0] else "its service"
        text += f"\nand to {which}, which counts as healthy as soon as it runs:" + (
            _JSON_CHECK if as_json else _HCL_CHECK
        )
    return text


def wait_for_checks(job: Json, group: Json, urn: str) -> str:
    """What makes Nomad wait for the checks of a group."""
    if (update_of(job, group).get("HealthCheck") or "checks") == "checks":
        return 'To keep it serving, take on_update = "ignore" from the check.'
    if from_component(urn):
        return "To keep it serving, set rollout.health_check: checks in its service.yaml."
    return 'To keep it serving, set health_check = "checks" in the update block.'


def no_canary(urn: str) -> str:
    """How a job is written that replaces its instances one by one."""
    if from_component(urn):
        return "rollout.canary: 0 in its service.yaml"
    return "canary = 0 in the update block (and no auto_promote)"


def several_writers(urn: str) -> str:
    """How a job is written whose volume several instances may write to."""
    key = "access: single-node-multi-writer" if from_component(urn) else 'access_mode = "single-node-multi-writer"'
    return f"If several may write to it at once, say so: {key}."
