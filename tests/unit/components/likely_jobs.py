"""Jobs as people write them: what they hold, as often as 113 job files of 22 public repositories hold it.

The blocks of tests/cluster/thinned_jobs.py have every key, as in no job file; here they have those that are met.
"""

import random
from typing import Any

Json = dict[str, Any]

SECOND = 10**9
_TYPES = ("service",) * 15 + ("batch", "batch", "system", "system", "sysbatch")
_LABELS = ("http", "http", "web", "api", "metrics", "grpc", "db")
_IMAGES = (
    "redis:7.2",
    "grafana/grafana:10.1.0",
    "registry.example.com/team/app:1.4.2",
    "traefik:v3.0",
    "redis",
    "a/b:latest",
)
_DESTINATIONS = (
    ("local/app.conf",) * 6
    + ("secrets/app.env",) * 6
    + ("${NOMAD_TASK_DIR}/app.conf",) * 6
    + ("${NOMAD_SECRETS_DIR}/app.env",) * 4
    + ("/local/app.conf",) * 4
    + ("config/app.conf", "etc/app.yml", "tmp.json")
)


class Jobs:
    """A source of jobs. The same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def job(self, id: str) -> Json:
        """The next job, in Nomad's JSON, as it is written: without what Nomad fills in."""
        type_ = self._one(_TYPES)
        groups = [self._group(id, name, type_) for name in ([id, "second"] if self._met(0.08) else [id])]
        job: Json = {"ID": id, "Name": id, "Type": type_, "Datacenters": self._one((["dc1"], ["*"], ["dc1", "dc2"]))}
        job["TaskGroups"] = groups
        self._maybe(job, 0.19, Constraints=lambda: [self._condition()])
        self._maybe(
            job, 0.02, Affinities=lambda: [{**self._condition(), "Weight": 60}] if self._places(type_) else None
        )
        self._maybe(job, 0.03, Spreads=lambda: [self._spread()] if self._places(type_) else None)
        self._maybe(job, 0.1, Priority=lambda: 80)
        self._maybe(job, 0.15, Meta=lambda: {"owner": "web"})
        self._maybe(job, 0.12, Namespace=lambda: "team")
        self._maybe(job, 0.01, AllAtOnce=lambda: True)
        if type_ in ("service", "system"):
            self._maybe(job, 0.15, Update=lambda: self._update(type_))
        if type_ == "batch" and self._met(0.7):
            job["Periodic"] = {"Specs": ["0 3 * * *"], "ProhibitOverlap": self._met(0.6), "TimeZone": "UTC"}
        return {key: value for key, value in job.items() if value is not None}

    def _group(self, id: str, name: str, type_: str) -> Json:
        networks, labels = self._network()
        main = self._task(name if self._met(0.6) else "server", labels)
        tasks = [main]
        if self._met(0.13):
            tasks.append({**self._task("exporter", labels), "Services": None})
        if self._met(0.2):
            helper = {**self._task("prepare", []), "Lifecycle": {"Hook": self._one(("prestart", "poststart"))}}
            if self._met(0.5):
                helper["Lifecycle"]["Sidecar"] = True
            tasks.append(helper)
        group: Json = {"Name": name if self._met(0.6) else f"{name}-group", "Tasks": tasks}
        self._maybe(group, 0.85, Networks=lambda: networks)
        if "Networks" not in group:
            main.get("Config", {}).pop("ports", None)
            main.pop("Services", None)
            labels = []
        if labels and not main.get("Services") and self._met(0.65):
            group["Services"] = self._services(id, labels)
        self._volumes(group, main, tasks)
        counted = type_ in ("service", "batch")
        self._maybe(group, 0.6 if counted else 0, Count=lambda: self._one((1, 1, 2, 3)))
        self._maybe(group, 0.5, RestartPolicy=lambda: self._restart())
        self._maybe(group, 0.15, Constraints=lambda: [self._condition()])
        self._maybe(group, 0.12, EphemeralDisk=lambda: self._one(({"SizeMB": 500}, {"Sticky": True, "Migrate": True})))
        self._maybe(group, 0.04, ShutdownDelay=lambda: 5 * SECOND)
        self._maybe(group, 0.03, Consul=lambda: {"Cluster": "default"})
        if type_ in ("service", "system"):
            self._maybe(group, 0.4, Update=lambda: self._update(type_))
        if type_ == "service":
            self._maybe(group, 0.02, Migrate=lambda: {"MaxParallel": 2, "HealthCheck": "checks"})
            self._maybe(group, 0.15, ReschedulePolicy=lambda: {"Delay": 30 * SECOND, "Unlimited": True})
        return group

    def _network(self) -> tuple[list[Json], list[str]]:
        labels = sorted({self._one(_LABELS) for _ in range(self._one((0, 1, 1, 1, 2, 3)))})
        network: Json = {}
        for label in labels:
            static, to = self._met(0.25), self._met(0.62)
            port: Json = {"Label": label}
            port |= {"Value": self._one((80, 443, 9100, 8500)) + len(label)} if static else {}
            port |= {"To": 8080} if to else {}
            self._maybe(port, 0.04, HostNetwork=lambda: "private")
            network.setdefault("ReservedPorts" if static else "DynamicPorts", []).append(port)
        mode = self._one(("bridge",) * 15 + ("host",) * 5 + ("cni/weave",) * 6 + (None,) * 74)
        if mode:
            network["Mode"] = mode
            if mode.startswith("cni/"):
                network["CNI"] = {"Args": {"ip": "10.0.0.7"}}
        self._maybe(network, 0.05, DNS=lambda: {"Servers": ["172.17.0.1", "1.1.1.1"]})
        return ([network] if network else []), labels

    def _task(self, name: str, labels: list[str]) -> Json:
        driver = self._one(("docker",) * 16 + ("raw_exec", "exec", "podman", "java"))
        task: Json = {"Name": name, "Driver": driver, "Config": self._config(driver, labels)}
        task["Resources"] = {"CPU": self._one((50, 100, 500)), "MemoryMB": self._one((32, 128, 256, 1024))}
        self._maybe(task["Resources"], 0.1, MemoryMaxMB=lambda: 2048)
        self._maybe(task, 0.6, Env=lambda: {"TZ": "Europe/Vienna", "LEVEL": "info"})
        self._maybe(task, 0.35, Templates=lambda: [self._template(n) for n in range(self._one((1, 1, 2, 3)))])
        self._maybe(
            task, 0.18, Vault=lambda: self._one(({}, {"Role": "app"}, {"Policies": ["app"], "ChangeMode": "noop"}))
        )
        self._maybe(task, 0.03, Constraints=lambda: [self._condition()])
        self._maybe(task, 0.14, Artifacts=lambda: self._artifacts())
        self._maybe(task, 0.05, User=lambda: "root")
        self._maybe(task, 0.05, Leader=lambda: True)
        self._maybe(task, 0.1, KillTimeout=lambda: 30 * SECOND)
        self._maybe(task, 0.06, KillSignal=lambda: "SIGINT")
        self._maybe(task, 0.04, ShutdownDelay=lambda: 5 * SECOND)
        self._maybe(task, 0.04, Identities=lambda: [{"Name": "app", "Audience": ["a.example"], "File": True}])
        self._maybe(task, 0.03, LogConfig=lambda: {"MaxFiles": 3, "MaxFileSizeMB": 5})
        self._maybe(task, 0.03, Meta=lambda: {"owner": "web"})
        if labels:
            self._maybe(task, 0.15, Services=lambda: [self._service(name, labels)])
        return task

    def _config(self, driver: str, labels: list[str]) -> Json:
        if driver == "java":
            return {"jar_path": "local/app.jar", "jvm_options": ["-Xmx512m"]}
        if driver in ("exec", "raw_exec"):
            return {"command": "/usr/bin/app", "args": ["-config", "local/app.conf"]}
        config: Json = {"image": self._one(_IMAGES)}
        if labels and self._met(0.65):
            config["ports"] = labels if self._met(0.7) else labels[:1]
        self._maybe(config, 0.35, args=lambda: ["--config", "${NOMAD_TASK_DIR}/app.conf"])
        self._maybe(config, 0.1, command=lambda: "serve")
        self._maybe(config, 0.4, volumes=lambda: ["local/app.conf:/etc/app.conf", "/srv/data:/data"])
        self._maybe(config, 0.15, network_mode=lambda: "host")
        self._maybe(config, 0.1, labels=lambda: [{"team": "web"}])
        self._maybe(config, 0.1, mount=lambda: [{"type": "bind", "source": "local", "target": "/etc/a"}])
        self._maybe(config, 0.06, cap_add=lambda: ["net_admin"])
        return config

    def _template(self, number: int) -> Json:
        path = self._one(_DESTINATIONS)
        template: Json = {"DestPath": f"{path}.{number}" if number else path}
        if self._met(0.06):
            return {**template, "SourcePath": "local/app.conf.tpl"}
        template["EmbeddedTmpl"] = self._one(("plain = text\n", '{{ with secret "kv/app" }}A={{ .Data.a }}{{ end }}\n'))
        if self._met(0.35):
            template |= {"EmbeddedTmpl": '[[ key "app" ]] {{ .Kept }}\n', "LeftDelim": "[[", "RightDelim": "]]"}
        if path.endswith(".env"):
            template["Envvars"] = True
        self._maybe(template, 0.4, ChangeMode=lambda: self._one(("restart", "noop")))
        if "ChangeMode" not in template and not template.get("Envvars"):
            if self._met(0.2):
                template |= {"ChangeMode": "signal", "ChangeSignal": "SIGHUP"}
            elif self._met(0.06):
                template |= {"ChangeMode": "script", "ChangeScript": {"Command": "/bin/reload", "Args": ["-a"]}}
        self._maybe(template, 0.15, Perms=lambda: self._one(("755", "0600", "400")))
        self._maybe(template, 0.04, Wait=lambda: {"Min": 2 * SECOND, "Max": 10 * SECOND})
        return template

    def _artifacts(self) -> list[Json]:
        artifact: Json = {"GetterSource": "https://a.example/app.tgz"}
        self._maybe(artifact, 0.6, RelativeDest=lambda: "local/app")
        self._maybe(artifact, 0.3, GetterMode=lambda: "file")
        self._maybe(artifact, 0.2, GetterOptions=lambda: {"checksum": "sha256:ab"})
        return [artifact]

    def _services(self, id: str, labels: list[str]) -> list[Json]:
        own = self._service(id if self._met(0.55) else f"{id}-svc", labels)
        return [own, self._service(f"{id}-metrics", labels)] if self._met(0.2) else [own]

    def _service(self, name: str, labels: list[str]) -> Json:
        service: Json = {"Name": name, "PortLabel": self._one(labels)}
        if self._met(0.08):
            service["Provider"] = "nomad"
        self._maybe(service, 0.5, Tags=lambda: ["traefik.enable=true", "traefik.http.routers.a.rule=Host(`a.example`)"])
        self._maybe(service, 0.08, Meta=lambda: {"dashboard": "app"})
        self._maybe(service, 0.05, AddressMode=lambda: "alloc")
        self._maybe(service, 0.03, CanaryTags=lambda: ["canary"])
        self._maybe(service, 0.65, Checks=lambda: [self._check(name, n) for n in range(self._one((1, 1, 1, 2)))])
        if "Provider" not in service and "Checks" not in service:
            self._maybe(service, 0.1, Connect=self._connect)
        return service

    def _connect(self) -> Json:
        upstreams = [{"DestinationName": "store", "LocalBindPort": 9002}]
        ways: tuple[Json, ...] = (
            {"Native": True},
            {"SidecarService": {}},
            {"SidecarService": {"Proxy": {"Upstreams": upstreams}}},
        )
        connect: Json = self._one(ways)
        return connect

    def _check(self, name: str, number: int) -> Json:
        type_ = self._one(("http", "http", "tcp"))
        check: Json = {"Type": type_, "Interval": 10 * SECOND, "Timeout": self._one((2, 5)) * SECOND}
        check |= {"Path": "/health"} if type_ == "http" else {}
        self._maybe(check, 0.6, Name=lambda: f"{name} alive {number}")
        self._maybe(check, 0.1, CheckRestart=lambda: {"Limit": 3, "Grace": 90 * SECOND})
        self._maybe(check, 0.05, AddressMode=lambda: "alloc")
        self._maybe(check, 0.05, Header=lambda: {"Host": ["a.example"]} if type_ == "http" else None)
        return {key: value for key, value in check.items() if value is not None}

    def _volumes(self, group: Json, main: Json, tasks: list[Json]) -> None:
        if not self._met(0.2):
            return
        type_ = self._one(("host", "host", "csi"))
        more = {"AccessMode": "single-node-writer", "AttachmentMode": "file-system"} if type_ == "csi" else {}
        group["Volumes"] = {"data": {"Name": "data", "Type": type_, "Source": "app-data", **more}}
        mount: Json = {"Volume": "data", "Destination": "/data"}
        self._maybe(mount, 0.15, ReadOnly=lambda: True)
        main["VolumeMounts"] = [mount]
        for task in tasks[1:]:
            self._maybe(task, 0.3, VolumeMounts=lambda: [{"Volume": "data", "Destination": "/data"}])

    def _update(self, type_: str) -> Json:
        update: Json = {}
        self._maybe(update, 0.8, MaxParallel=lambda: self._one((1, 1, 2, 3)))
        self._maybe(update, 0.5, MinHealthyTime=lambda: self._one((10, 30)) * SECOND)
        self._maybe(update, 0.5, HealthyDeadline=lambda: self._one((180, 300)) * SECOND)
        self._maybe(update, 0.2, ProgressDeadline=lambda: self._one((600, 1200, 0)) * SECOND)
        self._maybe(update, 0.5, AutoRevert=lambda: self._one((True, True, False)))
        self._maybe(update, 0.2, HealthCheck=lambda: self._one(("checks", "task_states")))
        self._maybe(update, 0.2, Stagger=lambda: 10 * SECOND)
        if type_ == "service" and self._met(0.25):
            update |= {"Canary": 1, "AutoPromote": self._met(0.7)}
        return update

    def _restart(self) -> Json:
        return {
            "Attempts": self._one((2, 3, 10)),
            "Interval": self._one((300, 1800)) * SECOND,
            "Delay": self._one((15, 25)) * SECOND,
            "Mode": self._one(("delay", "fail")),
        }

    def _condition(self) -> Json:
        name, operand, value = self._one(
            (
                ("${attr.kernel.name}", "=", "linux"),
                ("${node.class}", "!=", "small"),
                ("${attr.cpu.arch}", "regexp", "amd64|arm64"),
                ("${meta.storage}", "is_set", ""),
            )
        )
        return {"LTarget": name, "Operand": operand, "RTarget": value}

    def _spread(self) -> Json:
        return {"Attribute": "${node.datacenter}", "Weight": 100}

    def _places(self, type_: str) -> bool:
        return type_ in ("service", "batch")

    def _met(self, share: float) -> bool:
        return self._random.random() < share

    def _one(self, values: Any) -> Any:
        return self._random.choice(values)

    def _maybe(self, block: Json, share: float, **given: Any) -> None:
        """Give the block each of these keys, as often as it is met."""
        for key, value in given.items():
            if self._met(share):
                block[key] = value()
