"""The shop's API: the catalogue from its configuration, the stock from the store.

Environment:
    PORT                  TCP port to listen on. Default 3000.
    CATALOGUE             Path of the catalogue.
    REDIS_PASSWORD_FILE   A file with the store's password.
    SHOP_STORE_FILE       A file with the store's address, which Nomad keeps current.
    NOMAD_SHORT_ALLOC_ID  Set by Nomad: the allocation that this process runs in.
"""

import json
import os
from http import HTTPStatus
from pathlib import Path

from draining import Answer, serve
from store import Store, StoreError

VERSION = "1.0.0"


def products() -> str:
    """The answer for /products, in JSON."""
    catalogue = json.loads(Path(os.environ["CATALOGUE"]).read_text())
    with Store.of_environment() as store:
        for product in catalogue:
            # Only what is not there yet: the first request fills an empty store.
            store.ask("HSETNX", "stock", product["name"], str(product["delivered"]))
        visits = store.ask("INCR", "visits")
        stock = {product["name"]: store.ask("HGET", "stock", product["name"]) for product in catalogue}
        report = store.ask("GET", "report")
    found = [{"name": it["name"], "price": it["price"], "stock": int(stock[it["name"]])} for it in catalogue]
    served_by = f"shop-api@{VERSION}, allocation {os.environ.get('NOMAD_SHORT_ALLOC_ID', 'none')}"
    return json.dumps({"products": found, "visits": visits, "report": report, "served_by": served_by}) + "\n"


def answer(path: str) -> Answer:
    """What a request is answered."""
    if path != "/products":
        return HTTPStatus.NOT_FOUND, "text/plain", "not found: try /products\n"
    try:
        return HTTPStatus.OK, "application/json", products()
    except (OSError, StoreError) as error:
        return HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", f"the store does not answer: {error}\n"


if __name__ == "__main__":
    serve(f"shop-api@{VERSION}", answer)
