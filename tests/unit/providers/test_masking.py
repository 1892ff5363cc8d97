"""Secrets in text that comes back from the cluster."""

from typing import Any

from providers.nomad.logs import TAIL_BYTES, log_tails
from providers.nomad.masking import VariableValues, hider
from providers.nomad.spec import Spec
from providers.words import MASK
from tests.unit.providers.nomad_stub import FakeNomad


def spec(task: dict[str, Any], *, secret: bool = False) -> Spec:
    return Spec({"ID": "web", "TaskGroups": [{"Name": "web", "Tasks": [{"Name": "app", **task}]}]}, secret)


def test_values_with_secret_names_are_masked() -> None:
    hide = hider(spec({"Env": {"DB_PASSWORD": "hunter22", "LEVEL": "debug"}}))
    assert hide("login with hunter22 at level debug") == f"login with {MASK} at level debug"


def test_named_values_and_passwords_in_addresses_are_masked_wherever_they_stand() -> None:
    task = {
        "Config": {"image": "r.example.com/web:1", "auth": [{"username": "puller", "password": "hunter22"}]},
        "Meta": {"api_key": "k-12345"},
        "Artifacts": [
            {
                "GetterSource": "https://me:s3cret@files.example.com/a.tar.gz",
                "GetterHeaders": {"Authorization": "B abc"},
            }
        ],
    }
    hide = hider(spec(task))
    text = "puller r.example.com hunter22 k-12345 https://me:s3cret@files.example.com/a.tar.gz B abc"
    assert hide(text) == f"puller r.example.com {MASK} {MASK} https://me:{MASK}@files.example.com/a.tar.gz {MASK}"


def test_values_of_variables_are_masked_as_they_are_and_as_programs_quote_them() -> None:
    known = VariableValues()
    known.note({"KEY": 'a "quoted"\nsecond line', "SHORT": "abc", "LATER": object()})
    known.note("not known yet")
    hide = hider(spec({}), known.known)
    assert hide('key a "quoted" and second line') == f"key {MASK} and {MASK}"
    assert hide(r'{"key": "a \"quoted\"\nsecond line"} abc') == f'{{"key": "{MASK}"}} abc'


def test_a_secret_jobspec_masks_all_that_could_hold_one() -> None:
    task = {
        "Env": {"LEVEL": "debug"},
        "Config": {"args": ["--key=abcdef", {"deep": "in-config"}]},
        "Templates": [{"EmbeddedTmpl": "user=root\n  pin=98765\n"}],
    }
    hide = hider(spec(task, secret=True))
    for value in ("debug", "--key=abcdef", "in-config", "user=root", "pin=98765"):
        assert hide(f"<{value}>") == f"<{MASK}>"


def test_a_value_of_several_lines_is_masked_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nAAAABBBB\n  CCCC\n-----END KEY-----\n"
    hide = hider(spec({"Env": {"PRIVATE_KEY": key}}))
    assert "AAAA" not in hide("    AAAABBBB\n    CCCC")
    assert "CCCC" not in hide("    AAAABBBB\n    CCCC")
    assert hide(key) == MASK


def test_the_longest_value_goes_first() -> None:
    hide = hider(spec({"Env": {"TOKEN_A": "abcd", "TOKEN_B": "abcdefgh"}}))
    assert hide("abcdefgh") == MASK


def test_short_values_would_mask_half_of_every_text() -> None:
    assert hider(spec({"Env": {"TOKEN": "abc"}}))("abc") == "abc"


def test_a_job_without_tasks_masks_nothing() -> None:
    assert hider(Spec({"ID": "web"}, True))("text") == "text"


ALLOCATION = {"ID": "0123456789", "TaskStates": {"app": {}}}


async def test_log_tails_are_bounded_and_say_whose_they_are() -> None:
    nomad = FakeNomad(log_tail="".join(f"line {n}\n\n" for n in range(30)))
    tails = await log_tails(nomad.client, "default", ALLOCATION)
    assert [tail.splitlines()[0] for tail in tails] == [
        "last lines of stderr of task app, allocation 01234567:",
        "last lines of stdout of task app, allocation 01234567:",
    ]
    assert tails[0].splitlines()[1:] == [f"    line {n}" for n in range(20, 30)]


async def test_a_line_that_was_cut_is_left_out() -> None:
    nomad = FakeNomad(log_tail="half-a-secret\n".ljust(TAIL_BYTES - 5, "x") + "\nwhole")
    tails = await log_tails(nomad.client, "default", ALLOCATION)
    assert "half-a-secret" not in "".join(tails)
    assert tails[0].endswith("\n    whole")


async def test_a_task_without_a_log_has_no_tail() -> None:
    assert await log_tails(FakeNomad(log_tail=" \n").client, "default", ALLOCATION) == []
    assert await log_tails(FakeNomad().client, "default", {"ID": "0", "TaskStates": None}) == []
