"""Where the official plugin is looked for, how it is downloaded, and what is said where it cannot be had."""

import asyncio
from pathlib import Path

import pytest
from google.protobuf import empty_pb2

from providers.official import NO_DOWNLOADS
from providers.protocol import provider_pb2
from tests.unit.providers.official_stub import install
from tests.unit.providers.relaying import INSTALL, LOOK_UP, PACKAGE, Own, creation, relaying, until
from tests.unit.providers.test_plugin import OTHER, alive, refused, served

MISSING = (
    "is not served by this project's sample plugin, but passed on: the official sample plugin 1.2.3 is needed, and it "
    "is not installed. Looked for in {home}/plugins/resource-sample-v1.2.3 and {user}/.pulumi/plugins/"
    "resource-sample-v1.2.3. {why}\nInstall it with `" + INSTALL + "`. Where its download cannot be reached, take the "
    "archive from https://github.com/pulumi/pulumi-sample/releases/tag/v1.2.3 on another machine and add "
    "`--file ARCHIVE`."
)


def missing(home: Path, why: str) -> str:
    return MISSING.format(home=home, user=home.parent / "user", why=why)


def pulumi(home: Path, script: str) -> None:
    """A `pulumi` on PATH that does as it is told when something is to be installed."""
    command = home.parent / "bin" / "pulumi"
    command.write_text(
        f'#!/bin/sh\nPATH=/usr/bin:/bin\nmkdir -p $PULUMI_HOME\necho "$@" >> $PULUMI_HOME/ran\n{script}\n'
    )
    command.chmod(0o755)


async def test_where_it_cannot_be_had_a_sentence_says_what_was_looked_for_and_what_to_do(home: Path) -> None:
    why = "It cannot be downloaded: there is no `pulumi` on PATH."
    requests = {
        "Check": provider_pb2.CheckRequest(urn=OTHER),
        "Create": provider_pb2.CreateRequest(urn=OTHER),
        "Read": provider_pb2.ReadRequest(urn=OTHER),
        "Delete": provider_pb2.DeleteRequest(urn=OTHER),
    }
    async with relaying() as (stub, _, _):
        for name, request in requests.items():
            assert await refused(getattr(stub, name)(request)) == f"sample:index/other:Other {missing(home, why)}"
        looked_up = await refused(stub.Invoke(provider_pb2.InvokeRequest(tok=LOOK_UP)))
    assert looked_up == f"{LOOK_UP} {missing(home, why)}\nWithout it: use getOther."
    assert "plugins.providers" not in looked_up


async def test_nothing_is_downloaded_where_pulumi_is_told_not_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NO_DOWNLOADS, "true")
    pulumi(home, "touch $PULUMI_HOME/asked")
    async with relaying() as (stub, _, _):
        sentence = await refused(stub.Create(creation()))
    assert sentence.endswith(missing(home, f"It is not downloaded, because {NO_DOWNLOADS} is set."))
    assert not (home / "asked").exists()


async def test_it_is_downloaded_when_it_is_first_needed_and_the_progress_is_shown(home: Path) -> None:
    apart = install(home.parent / "server", *PACKAGE)
    pulumi(home, f"echo; printf 'Downloading 10%%\\rDownloading 100%%\\r'; cp -r {apart.parent} $PULUMI_HOME/plugins")
    async with relaying() as (stub, _, log):
        assert not (home / "ran").exists()
        made = await asyncio.gather(stub.Create(creation()), stub.Create(creation()))
    assert [answer.id for answer in made] == ["id-1"] * 2
    assert (home / "ran").read_text() == "plugin install resource sample v1.2.3\n"
    assert [(line.urn, line.message, line.ephemeral) for line in log.lines] == [
        (OTHER, f"Downloading the official sample plugin 1.2.3: `{INSTALL}`.", False),
        (OTHER, "Downloading 10%", True),
        (OTHER, "Downloading 100%", True),
    ]


async def test_a_download_that_fails_is_told_once_it_was_tried_once(home: Path) -> None:
    pulumi(home, "echo 'error: 404 HTTP error fetching plugin' >&2; exit 255")
    async with relaying() as (stub, _, _):
        sentence, again = await refused(stub.Create(creation())), await refused(stub.Create(creation()))
    why = f"`{INSTALL}` ended with exit code 255 and said:\n  error: 404 HTTP error fetching plugin"
    assert sentence.endswith(missing(home, why))
    assert again == sentence
    assert (home / "ran").read_text().count("install") == 1


async def test_a_download_ends_with_the_command(home: Path) -> None:
    pulumi(home, "sleep 60 &\necho $! > $PULUMI_HOME/pid\nwait")
    async with relaying() as (stub, _, _):
        waiting = asyncio.create_task(refused(stub.Create(creation())))
        pid = home / "pid"
        await until(lambda: pid.exists() and pid.read_text().strip())
        await stub.Cancel(empty_pb2.Empty())
        assert "Its download was cancelled." in await waiting
    await until(lambda: not alive(int(pid.read_text())))


async def test_one_that_is_still_being_installed_is_not_there(home: Path) -> None:
    folder = install(home, *PACKAGE)
    folder.with_name(f"{folder.name}.partial").touch()
    async with relaying() as (stub, _, _):
        assert "it is not installed" in await refused(stub.Create(creation()))


async def test_it_is_also_found_in_the_users_own_pulumi_home(home: Path) -> None:
    install(home.parent / "user" / ".pulumi", *PACKAGE)
    async with relaying() as (stub, _, _):
        assert (await stub.Create(creation())).id == "id-1"


async def test_no_schema_of_one_that_is_not_installed(home: Path) -> None:
    pulumi(home, "exit 1")
    async with served(Own) as (_, plugin, _):
        assert await plugin.relay.schema(provider_pb2.GetSchemaRequest()) is None
    assert not (home / "ran").exists()
