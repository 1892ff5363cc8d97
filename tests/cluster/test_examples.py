"""The example services, all together, as `make up` deploys them in dev."""

import json
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

from tests.cluster.folders import cluster_folder
from tests.cluster.load import Load
from tests.cluster.project import Project
from toolchain import cluster, paths
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SERVICES = ("microservice-example", "shop-api", "shop-front", "shop-report", "shop-store")
PASSPHRASE = "caravan-dev"
"""Of the dev stack. Source: toolchain/pulumi."""
PASSWORD = "planted-Zm9yZXN0/+cafe"
DEADLINE_S = 120.0


@pytest.fixture
def shop(project: Project) -> Iterator[Project]:
    """The checkout's services and its dev stack, with the secret that is encrypted there."""
    made = cluster.start(cluster_folder(), examples=True)
    project.run("stack", "rm", "--yes", "dev")
    shutil.rmtree(project.folder / "services")
    shutil.copytree(paths.ROOT / "services", project.folder / "services", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(paths.ROOT / "stacks" / "Pulumi.dev.yaml", project.folder / "stacks")
    project.environment |= {**made.environment(), "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
    project.run("stack", "init", "dev")
    yield project
    for name in SERVICES:
        project.nomad.purge(name)


def page(shop: Project) -> str:
    (address,) = shop.consul.healthy("shop-front")
    with urllib.request.urlopen(f"http://{address}/", timeout=10) as answer:
        return str(answer.read().decode())


def allowed(shop: Project, source: str, destination: str) -> bool:
    query = urllib.parse.urlencode({"source": source, "destination": destination})
    return bool(shop.consul.call("GET", f"/v1/connect/intentions/check?{query}")["Allowed"])


def report_is_made(shop: Project) -> bool:
    """Whether a run of the batch job has ended well and the page shows what it counted."""
    states = {
        allocation["ClientStatus"]
        for run in shop.nomad.call("GET", "/v1/jobs?prefix=shop-report/periodic-")
        for allocation in shop.nomad.call("GET", f"/v1/job/{urllib.parse.quote(run['ID'], safe='')}/allocations")
    }
    return "complete" in states and re.search(r"Last report: [1-9]\d* visits, 3 kinds", page(shop)) is not None


def changed_jobs(preview: str) -> list[str]:
    return re.findall(r'job "([^"]+)", version \d+ in Nomad now:', preview)


def test_all_of_them_deploy_and_work_together(shop: Project) -> None:
    shop.run("config", "set", "--secret", "--path", "caravan:secrets.shop-store.REDIS_PASSWORD", PASSWORD)
    told = shop.up("--diff").text

    # The page has what the API says, which has it from the store, and the address of the service that runs elsewhere.
    shown = page(shop)
    assert "<li>Teapot: 24.50 EUR, 12 in stock</li>" in shown
    assert '<a href="https://payments-sandbox.example.com:443">Pay</a>' in shown
    (payments,) = shop.consul.call("GET", "/v1/health/service/payments?passing=true")
    assert (payments["Node"]["Node"], payments["Service"]["Port"]) == ("payments-external", 443)
    assert shop.nomad.call("POST", "/v1/job/shop-report/periodic/force")
    assert wait_until(lambda: report_is_made(shop), DEADLINE_S), page(shop)
    assert allowed(shop, "shop-front", "shop-api")
    assert allowed(shop, "shop-report", "shop-store")
    assert not allowed(shop, "shop-front", "shop-store")
    assert not allowed(shop, "shop-report", "shop-api")

    # A change of one service is that service's alone, and the page stays while it is rolled out.
    api = shop.folder / "services" / "shop-api" / "api.py"
    api.write_text(api.read_text().replace('VERSION = "1.0.0"', 'VERSION = "1.1.0"'))
    # With the preview before it.
    with Load(shop.consul, "shop-front") as load:
        up = shop.up("--diff")
    assert set(changed_jobs(up.text)) == {"shop-api"}
    assert re.search(r"^    ~ 1 to update\n    \+-2 to replace\n    3 changes\. \d+ unchanged$", up.text, re.M)
    told += up.text
    load.lost_none()
    assert "served by shop-api@1.1.0" in page(shop)

    told += shop.run("stack", "export").text
    told += json.dumps([shop.nomad.job(name) for name in SERVICES])
    assert PASSWORD not in told

    shop.run("destroy", "--yes")
    assert [name for name in SERVICES if shop.nomad.job(name)] == []
    assert shop.nomad.call("GET", "/v1/vars?prefix=nomad/jobs/shop-") == []
    assert shop.consul.call("GET", "/v1/catalog/node/payments-external") is None
    assert shop.consul.call("GET", "/v1/config/service-intentions/shop-api") is None
