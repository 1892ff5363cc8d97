"""The last lines of a task's log, bounded."""

from providers.http_api import ApiError
from providers.nomad.client import Json, NomadClient

TAIL_LINES = 10
TAIL_BYTES = 4096


async def log_tails(client: NomadClient, namespace: str, allocation: Json) -> list[str]:
    """The last lines of every task of an allocation that wrote any, a text for each stream, stderr first."""
    parts = []
    for task in sorted(allocation.get("TaskStates") or {}):
        for stream in ("stderr", "stdout"):
            try:
                text = await client.log_tail(namespace, allocation["ID"], task, stream, TAIL_BYTES)
            except ApiError as error:
                return [f"The last lines of its log cannot be shown: {error}"]
            whole = text.splitlines()
            if len(text.encode()) >= TAIL_BYTES:
                # Cut in the middle: half a secret would not be known as one.
                whole = whole[1:]
            lines = [line.rstrip() for line in whole if line.strip()][-TAIL_LINES:]
            if lines:
                body = "\n".join(f"    {line}" for line in lines)
                parts.append(f"last lines of {stream} of task {task}, allocation {allocation['ID'][:8]}:\n{body}")
    return parts
