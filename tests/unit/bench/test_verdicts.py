from bench.verdicts import Listener, latencies, printed


def _event(job: str, status: str) -> dict[str, object]:
    return {"Payload": {"Deployment": {"JobID": job, "Status": status}}}


def test_the_first_success_of_each_job_counts() -> None:
    listener = Listener("http://127.0.0.1:1")
    listener.note({}, 1.0)
    listener.note({"Events": [_event("web", "running"), _event("db", "successful")]}, 2.0)
    listener.note({"Events": [_event("web", "successful")]}, 3.0)
    listener.note({"Events": [_event("web", "successful")]}, 4.0)
    assert listener.succeeded == {"db": 2.0, "web": 3.0}


def test_the_line_of_a_finished_job_is_found() -> None:
    lines = [
        (1.0, " +  nomad:index:Job web creating (0s) \n"),
        (2.0, " +  nomad:index:Job web created (12s) \n"),
        (3.0, " +  pulumi:pulumi:Stack bench-bench created (13s)\n"),
    ]
    assert printed(lines) == {"web": 2.0}


def test_latency_is_from_the_event_to_the_line() -> None:
    assert latencies({"web": 1.0, "unseen": 1.0}, {"web": 1.25, "other": 5.0}) == [0.25]
