"""Job IDs that Nomad takes and its API cannot be asked about, or that no message could show as they are."""

_ROUTES = (
    *("action", "actions", "allocations", "deployment", "deployments", "dispatch", "dispatch/payload", "evaluate"),
    *("evaluations", "periodic/force", "plan", "revert", "scale", "services", "stable", "submission", "summary"),
    *("tag", "versions"),
)
"""How the API ends the address of a question about a job, whatever its ID is (Nomad `JobSpecificRequest`)."""


def unaddressable(job_id: str) -> str:
    """Why Nomad's API cannot be asked about a job of this ID; "" where it can. Nomad itself takes such IDs."""
    route = next((route for route in _ROUTES if job_id.endswith(f"/{route}")), None)
    if route:
        return (
            f"The job's ID is {job_id!r}; Nomad's API takes the \"/{route}\" at its end for a question about another "
            "job, so this one could be made but neither read nor stopped. Give it another ID."
        )
    if any(part in ("", ".", "..") for part in job_id.split("/")):
        return (
            f'The job\'s ID is {job_id!r}; Nomad\'s API cannot be asked about an ID with an empty part, "." or ".." '
            "between slashes. Give it another ID."
        )
    if not job_id.isprintable():
        return f"The job's ID is {job_id!r}; it has characters that cannot be shown. Give it another ID."
    return ""
