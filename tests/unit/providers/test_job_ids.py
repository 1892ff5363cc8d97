"""Job IDs and the addresses of Nomad's API."""

import pytest

from providers.nomad.job_ids import unaddressable


@pytest.mark.parametrize("route", ["plan", "versions", "periodic/force", "dispatch/payload", "tag"])
def test_an_id_that_ends_like_a_question_of_the_api(route: str) -> None:
    assert f'takes the "/{route}" at its end' in unaddressable(f"web/{route}")


@pytest.mark.parametrize("job_id", ["a//b", "/a", "a/", "a/../b", "./a", ".."])
def test_an_id_that_no_address_keeps(job_id: str) -> None:
    assert "cannot be asked about an ID with an empty part" in unaddressable(job_id)


@pytest.mark.parametrize("job_id", ["plan", "web-plan", "team/web", "a?b#c", "ü", "a.b", "web/plan/x"])
def test_an_id_that_can_be_addressed(job_id: str) -> None:
    assert unaddressable(job_id) == ""


@pytest.mark.parametrize("job_id", ["a\x00b", "a\nb", "a\x1b[31m", "\u202ea"])
def test_an_id_that_cannot_be_shown(job_id: str) -> None:
    assert unaddressable(job_id).startswith(f"The job's ID is {job_id!r}; it has characters that cannot be shown")
