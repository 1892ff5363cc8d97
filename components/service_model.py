"""What a service is: the shape of service.yaml, its defaults, and the rules for each single value.

Its parts are in components/service/; rules between values are in service_rules.py.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from components.service.base import Caller, EnvName, JobId, Json, MetaKey, Name, Text, Texts, Value
from components.service.calls import Call
from components.service.checks import Check
from components.service.group import Group, InGroup
from components.service.image import ImageBuild, ImageSource, Version
from components.service.registrations import Registration
from components.service.schedule import Parameterized, Periodic
from components.service.secrets import Secret
from components.service.tasks import IMAGE_DRIVERS

MAIN_PORT = "http"
"""Label of the port that others find by the service's name, and that PORT names."""

_NOTHING = BeforeValidator(lambda value: {} if value is None else value)
"""`api:` with nothing behind it means all defaults."""


class Service(InGroup):
    """A service or a job, complete and valid for itself."""

    name: Name
    """Default: the name of the service's folder."""
    version: Version
    """The service's own version, a tag in Consul and part of a built image's tag."""
    type: Literal["service", "batch", "system", "sysbatch"] = "service"
    """service: runs until it is stopped; batch: runs to its end; system and sysbatch: the same, once on every node."""
    image: ImageSource = Field(default_factory=lambda: ImageSource(build=ImageBuild()))
    """Default: built from the service's folder, if the driver runs images."""
    check: Check | None = None
    """Default: GET /health on the port labelled http, if there is one and `checks` is empty. null: none."""
    checks: dict[Name, Check] = Field(default_factory=dict)
    """More checks, by name."""
    registered: bool = True
    """Whether the service is in Consul under its own name, with its tags and checks. false: only `services` are."""
    secrets: dict[EnvName, Annotated[Secret, _NOTHING]] = Field(default_factory=dict)
    """Secrets, by name, kept in Nomad's variable nomad/jobs/<name>."""
    calls: dict[Name, Annotated[Call, _NOTHING]] = Field(default_factory=dict)
    """Services that this one uses, by their names in Consul."""
    callers: Annotated[tuple[Caller, ...], Field(strict=False)] | None = None
    """Services that may call this one in the mesh, besides those of the stack that do, by their names in Consul; "*" is
    everybody. Default: those of the stack, if this one is in the mesh and any calls it. Source: service-intentions."""
    mesh: bool = False
    """Whether instances are in Consul's service mesh: with a proxy beside them and a network of their own (bridge)."""
    periodic: Periodic | None = None
    """When it runs, for batch and sysbatch. Default: once, when it is deployed."""
    parameterized: Parameterized | None = None
    """Runs when it is dispatched, for batch and sysbatch. Default: runs without being asked."""
    tags: Texts = ()
    """Tags in Consul besides the name and name@version."""
    meta: dict[MetaKey, Value] = Field(default_factory=dict)
    """For people and tools that read the job; the process finds them as NOMAD_META_<key>."""
    namespace: Text | None = None
    """Nomad namespace. Default: the stack's."""
    region: Text | None = None
    """Nomad region. Default: the stack's."""
    host_network: Text | None = None
    """Network of the nodes that ports are published on, for nodes with several. Default: the stack's."""
    job_id: JobId | None = None
    """ID of the job in Nomad, if that is no name for Consul and DNS. Default: the service's name. Another ID is another
    job."""
    job_name: Text | None = None
    """The job's name in Nomad. Default: its ID."""
    group_name: Text | None = None
    """Name of the group in the job. Default: the service's name. Another name is another group: all instances anew."""
    all_at_once: bool = False
    """Whether Nomad places all instances or none. Source: job > all_at_once."""
    datacenters: Texts | None = None
    """Nomad datacenters to run in. Default: the stack's."""
    node_pool: Text | None = None
    """Nomad node pool. Default: Nomad's, which is `default`."""
    priority: Annotated[int, Field(ge=1, le=32766)] | None = None
    """Higher goes first where nodes are short. Default: Nomad's 50; Nomad's default limit is 100."""
    groups: dict[Name, Group] = Field(default_factory=dict)
    """More groups of the job, by name: other instances that come and go with it."""
    job: Json = Field(default_factory=dict)
    """More of the job, in the JSON of Nomad's API, merged into it last: mappings key by key, lists of named parts
    (TaskGroups, Tasks, Services) part by part, anything else replaces."""

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        implied: dict[str, Any] = {}
        # A check is what makes a rollout safe, so it is there unless refused.
        registers = data.get("registered") is not False
        if registers and "check" not in data and not data.get("checks") and MAIN_PORT in (data.get("ports") or {}):
            implied["check"] = {}
        if "image" not in data and data.get("driver", "docker") not in IMAGE_DRIVERS:
            implied["image"] = {}
        return {**implied, **data}

    @property
    def id_in_nomad(self) -> str:
        """ID of the job."""
        return self.job_id or self.name

    @property
    def group(self) -> str:
        """Name of the group."""
        return self.group_name or self.name

    @property
    def own_task(self) -> str:
        """Name of the service's own task."""
        return self.task_name or self.name

    @property
    def deploys(self) -> bool:
        """Whether a change is rolled out, rather than waiting for the next run."""
        return self.type in ("service", "system")

    @property
    def has_own_network(self) -> bool:
        """Whether instances have a network of their own, so that ports inside and outside differ."""
        return self.mesh or self.network.is_own or not self.uses_host_network

    @property
    def all_checks(self) -> dict[str, Check]:
        """Every check of the service's own, by the key that it is written under."""
        if not self.registered:
            return {}
        named = {f"checks.{name}": check for name, check in self.checks.items()}
        return named if self.check is None else {"check": self.check, **named}

    @property
    def any_checks(self) -> bool:
        """Whether anything that is registered has a check."""
        return bool(self.all_checks) or any(entry.checks for entry in self.services.values())

    @property
    def registrations_in_consul(self) -> dict[str, Registration]:
        """Those of `services` that are in Consul, by their names there."""
        owners = (self, *self.groups.values())
        entries = ((it.name or key, it) for owner in owners for key, it in owner.services.items())
        return {name: it for name, it in entries if it.provider == "consul"}

    @property
    def advertised_port(self) -> str | None:
        """The port that others find by the service's name: http, else the checked one, else the first by label.

        Where the service itself is not registered: that of the entry in `services` that has its name.
        """
        if not self.registered:
            own = self.registrations_in_consul.get(self.name)
            return own.port if own and own.port in self.ports else None
        if MAIN_PORT in self.ports:
            return MAIN_PORT
        checked = (check.port for check in self.all_checks.values() if check.type != "script")
        return next(checked, None) or min(self.ports, default=None)

    def protocol(self, label: str | None = None) -> str:
        """What is spoken on a port. Default: the advertised one."""
        label = label or self.advertised_port
        port = self.ports.get(label) if label else None
        return (port.protocol if port else None) or ("http" if label == MAIN_PORT else "tcp")
