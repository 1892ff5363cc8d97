"""What Nomad's own checks said last, of instances that their node may have stopped since."""

from typing import Any, cast

from providers.nomad.client import NomadClient
from providers.nomad.nomad_checks import LastWords
from tests.unit.providers.nomad_stub import FakeNomad
from tests.unit.providers.recordings import snapshot

FAILS = {"Service": "web", "Check": "up", "Status": "failure", "StatusCode": 404, "Output": "no such page"}


async def listened(*answers: list[dict[str, Any]], provider: str = "nomad", healthy: bool | None = None) -> Any:
    moment = snapshot("check-503")
    (allocation,) = moment.allocations
    allocation.update(ClientStatus="running", DesiredStatus="run", DeploymentStatus={"Healthy": healthy})
    for group in moment.job["TaskGroups"]:
        group["Services"] = [{"Name": "web", "Provider": provider, "Checks": [{"Name": "up"}]}]
    nomad = FakeNomad()
    words = LastWords(cast(NomadClient, nomad), moment.job)
    for answer in answers:
        nomad.answers["checks"] = answer
        await words.listen(moment)
    return words, words.of(allocation["ID"]), nomad.made("checks")


async def test_the_last_words_of_a_check_stay() -> None:
    """Finding RW-13: a node forgets them with the instance, and nobody had asked before."""
    words, said, _ = await listened([FAILS], [])
    assert said == ["service web in Nomad: check up is failure: HTTP 404: no such page"]
    assert words.asks
    assert words.now()


async def test_a_check_that_passes_now_or_has_not_run_has_nothing_to_say() -> None:
    _, said, _ = await listened([FAILS], [{**FAILS, "Status": "success"}])
    assert said == []
    _, said, _ = await listened([{**FAILS, "Status": "pending"}])
    assert said == []


async def test_nobody_is_asked_without_need() -> None:
    words, said, asked = await listened([FAILS], provider="consul")
    assert (words.asks, said, asked) == (False, [], [])
    words, said, asked = await listened([FAILS], healthy=True)
    assert (words.asks, said, asked) == (False, [], [])
