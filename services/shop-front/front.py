"""The shop's page: what the API has in stock, and where to pay.

Environment:
    PORT           TCP port to listen on. Default 3000.
    SHOP_NAME      What the page calls the shop.
    SHOP_API_FILE  A file with the addresses of the API's healthy instances, one per line, which Nomad keeps current.
    PAYMENTS_FILE  The same for the payment provider, which is outside of the cluster: the browser goes there, not we.
"""

import html
import json
import os
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

from draining import Answer, serve

TIMEOUT_S = 5.0


def addresses(variable: str) -> list[str]:
    """The addresses in the file that the variable names, read anew each time: instances come and go."""
    return Path(os.environ[variable]).read_text().split()


def products() -> Any:
    """What the API says. An instance that cannot be reached is passed over: it may just have left."""
    failure = "Consul has no healthy instance"
    # The second look finds what has come while the first was on its way.
    for address in [*addresses("SHOP_API_FILE"), *addresses("SHOP_API_FILE")]:
        try:
            with urllib.request.urlopen(f"{address}/products", timeout=TIMEOUT_S) as response:
                return json.load(response)
        except (urllib.error.URLError, OSError) as error:
            failure = f"{address}: {error}"
    raise ConnectionError(failure)


def page(found: Any) -> str:
    """The page in HTML."""
    rows = "".join(
        f"<li>{html.escape(it['name'])}: {it['price']:.2f} EUR, {it['stock']} in stock</li>\n"
        for it in found["products"]
    )
    pay = "".join(f'<p><a href="{html.escape(url)}">Pay</a></p>\n' for url in addresses("PAYMENTS_FILE")[:1])
    report = f"<p>Last report: {html.escape(found['report'])}</p>\n" if found["report"] else ""
    name = html.escape(os.environ.get("SHOP_NAME", "Shop"))
    return (
        f"<!doctype html>\n<title>{name}</title>\n<h1>{name}</h1>\n<ul>\n{rows}</ul>\n{pay}"
        f"<p>Visitor {found['visits']}, served by {html.escape(found['served_by'])}</p>\n{report}"
    )


def answer(path: str) -> Answer:
    """What a request is answered."""
    if path != "/":
        return HTTPStatus.NOT_FOUND, "text/plain", "not found: try /\n"
    try:
        return HTTPStatus.OK, "text/html", page(products())
    except (OSError, ValueError, KeyError) as error:
        return HTTPStatus.BAD_GATEWAY, "text/plain", f"the API does not answer: {error}\n"


if __name__ == "__main__":
    serve("shop-front", answer)
