"""A comment is no change of a job that Nomad fills up by itself, and another change shows itself and nothing else."""

import asyncio

import pytest

from tests.cluster.provider import Provider
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster
ID = "comments"

CSI = """
job "%s" {
  group "g" {
    count = 0
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/true"
      }
      csi_plugin {
        id        = "%s"
        type      = "node"
        mount_dir = "/csi"
      }
    }
  }
}
"""
NATIVE = """
job "%s" {
  group "g" {
    count = 0
    network {
      mode = "bridge"
      port "http" {}
    }
    service {
      name = "%s"
      port = "http"
      connect {
        native = true
      }
      check {
        type     = "http"
        path     = "/"
        interval = "10s"
        timeout  = "1s"
      }
    }
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/true"
      }
    }
  }
}
"""


@pytest.mark.parametrize("text", [CSI, NATIVE], ids=["csi_plugin", "native Connect"])
def test_a_comment_is_no_change(addresses: Addresses, text: str) -> None:
    """Findings job-files 4 and 5."""
    job = text % (ID, ID)

    async def run() -> None:
        async with Provider(addresses.nomad, ID) as provider:
            await provider.create(provider.given(job))
            assert not (await provider.diff(provider.given(f"# a comment\n{job}"))).changed
            (shown,) = await provider.preview(provider.given(job.replace("/bin/true", "/bin/false")))
            assert shown.whole == "Config.command"

    asyncio.run(run())
