"""Two jobspecs as they are written."""

from providers.nomad.source_diff import LINES_SHOWN, job_changes, text_changes


def test_fields_of_a_json_job() -> None:
    old = {
        "Priority": 50,
        "TaskGroups": [
            {"Name": "a", "Count": 1, "Tasks": [{"Name": "t", "Env": {"X": "1", "API_TOKEN": "s3cret"}}]},
            {"Name": "b"},
        ],
    }
    new = {
        "TaskGroups": [
            {"Name": "c"},
            {"Name": "a", "Count": 2, "Tasks": [{"Name": "t", "Env": {"X": "2", "API_TOKEN": "other"}}]},
        ],
    }
    assert [change.text() for change in job_changes(old, new)] == [
        'Priority - "50"',
        'group a: Count "1" → "2"',
        "group a, task t: Env[API_TOKEN] [secret] → [secret]",
        'group a, task t: Env[X] "1" → "2"',
        'group b: the whole group - "b"',
        'group c: the whole group + "c"',
    ]
    assert all("2" not in change.text(secret=True) for change in job_changes(old, new) if change.field == "Env[X]")


def test_another_order_of_groups_is_no_change() -> None:
    assert (
        job_changes({"TaskGroups": [{"Name": "a"}, {"Name": "b"}]}, {"TaskGroups": [{"Name": "b"}, {"Name": "a"}]})
        == []
    )


def test_lines_of_hcl() -> None:
    old = 'job "web" {\n  priority = 50\n  password = "a"\n}\n'
    new = 'job "web" {\n  priority = 60\n\n  password = "b"\n}\n'
    assert text_changes(old, new, secret=False) == ["- priority = 50", "- [secret]", "+ priority = 60", "+ [secret]"]
    assert text_changes(old, new, secret=True) == ["the jobspec's text: [secret] → [secret]"]
    assert text_changes(old, old, secret=False) == []


def test_many_lines_are_counted() -> None:
    shown = text_changes("", "\n".join(f"line {number}" for number in range(50)), secret=False)
    assert shown[LINES_SHOWN:] == ["and 30 more lines"]
