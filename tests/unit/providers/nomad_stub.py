"""A Nomad that answers from what a test has put into it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, cast

from providers.http_api import ApiError
from providers.nomad.client import Json, NomadClient
from providers.nomad.events import EventHub

Answer = Any | Callable[[], Any]


class FakeNomad:
    """Stands in for NomadClient. Answers are values, exceptions to raise, or functions that give either."""

    namespace = "default"
    address = "http://127.0.0.1:4646"

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = answers
        self.calls: list[tuple[Any, ...]] = []
        self.submissions: list[Json | None] = []
        """What came with each registration."""

    @property
    def client(self) -> NomadClient:
        return cast(NomadClient, self)

    @property
    def api(self) -> "FakeNomad":
        return self

    def has_token(self) -> bool:
        return bool(self.answers.get("token"))

    async def try_to_register(self, job: Json, *, policy_override: bool) -> None:
        self._answer("try_to_register", job, policy_override)

    def _answer(self, call: str, *arguments: Any, default: Any = None) -> Any:
        self.calls.append((call, *arguments))
        answer = self.answers.get(call, default)
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def made(self, call: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of that name."""
        return [made[1:] for made in self.calls if made[0] == call]

    async def job(self, namespace: str, id: str) -> Json | None:
        return cast(Json | None, self._answer("job", namespace, id))

    async def versions(self, namespace: str, id: str) -> list[Json]:
        return cast(list[Json], self._answer("versions", namespace, id, default=[]))

    async def deployments(self, namespace: str, id: str) -> list[Json]:
        return cast(list[Json], self._answer("deployments", namespace, id, default=[]))

    async def allocations(self, namespace: str, id: str, at_least: int = 0) -> list[Json]:
        return cast(list[Json], self._answer("allocations", namespace, id, at_least, default=[]))

    async def evaluations(self, namespace: str, id: str) -> list[Json]:
        return cast(list[Json], self._answer("evaluations", namespace, id, default=[]))

    async def children(self, namespace: str, id: str) -> list[Json]:
        return cast(list[Json], self._answer("children", namespace, id, default=[]))

    async def traces(self, namespace: str, id: str) -> tuple[list[Json], int]:
        return cast(tuple[list[Json], int], self._answer("traces", namespace, id, default=([], 0)))

    async def allocation(self, namespace: str, id: str) -> Json | None:
        return cast(Json | None, self._answer("allocation", namespace, id))

    async def plan(self, job: Json, *, policy_override: bool = False) -> Json:
        return cast(Json, self._answer("plan", job, policy_override, default={"Diff": {"Type": "None"}}))

    async def validate(self, job: Json) -> Json:
        return cast(Json, self._answer("validate", job, default={}))

    async def parse_hcl(self, jobspec: str, variables: str, *, canonicalize: bool = False) -> Json:
        return cast(Json, self._answer("canonical_hcl" if canonicalize else "parse_hcl", jobspec, variables))

    async def submission(self, namespace: str, id: str, version: int) -> Json | None:
        return cast(Json | None, self._answer("submission", namespace, id, version))

    async def register(
        self, job: Json, index: int, *, submission: Json | None, policy_override: bool, preserve_counts: bool
    ) -> Json:
        self.submissions.append(submission)
        return cast(Json, self._answer("register", job, index, policy_override, preserve_counts, default={}))

    async def deregister(self, namespace: str, id: str, *, purge: bool) -> Json:
        return cast(Json, self._answer("deregister", namespace, id, purge, default={}))

    async def find(self, path: str, namespace: str | None = None) -> Any:
        return self._answer("find", path, namespace)

    async def agent(self) -> Json | None:
        return cast(Json | None, self._answer("agent"))

    async def peers(self) -> list[str]:
        return cast(list[str], self._answer("peers", default=[]))

    async def server_ids(self) -> list[str]:
        return cast(list[str], self._answer("server_ids", default=[]))

    async def key_ids(self) -> list[str]:
        return cast(list[str], self._answer("key_ids", default=[]))

    async def checks(self, namespace: str, allocation: str) -> list[Json]:
        return cast(list[Json], self._answer("checks", namespace, allocation, default=[]))

    async def capacity(self) -> tuple[list[Json], list[Json]]:
        return cast(tuple[list[Json], list[Json]], self._answer("capacity", default=([], [])))

    async def nodes(self) -> list[Json]:
        return cast(list[Json], self._answer("nodes", default=[]))

    async def regions(self) -> list[str]:
        return cast(list[str], self._answer("regions", default=["global"]))

    async def fail_deployment(self, namespace: str, id: str) -> None:
        self._answer("fail_deployment", namespace, id)

    async def promote_deployment(self, namespace: str, id: str) -> None:
        self._answer("promote_deployment", namespace, id)

    async def log_tail(self, namespace: str, allocation: str, task: str, stream: str, bytes_: int) -> str:
        return cast(str, self._answer("log_tail", allocation, task, stream, default=""))


class FakeHub:
    """Stands in for EventHub: something happens at every wait, so that a rollout looks again at once."""

    def __init__(self, on_wait: Callable[[], None] = lambda: None) -> None:
        self.waits = 0
        self._on_wait = on_wait

    @property
    def hub(self) -> EventHub:
        return cast(EventHub, self)

    def subscribe(self, namespace: str, job_id: str) -> "FakeSubscription":
        return FakeSubscription(self)

    def waited(self) -> None:
        self.waits += 1
        self._on_wait()


class FakeSubscription(AsyncExitStack):
    """A subscription that is woken at once."""

    def __init__(self, hub: FakeHub) -> None:
        super().__init__()
        self._hub = hub

    def wake(self) -> None:
        """Nothing waits."""

    def take(self) -> tuple[list[Json], bool]:
        """No event is told, so that everything is read at each look."""
        return [], False

    async def wait(self, at_most_s: float) -> None:
        self._hub.waited()
        await asyncio.sleep(0)


def refusal(status: int, answer: str) -> ApiError:
    """What the client raises where Nomad answers with an error status."""
    return ApiError(f"Nomad refused: {answer} (HTTP {status}).", status, answer)
