"""Known vulnerabilities of Python packages, as PyPI tells them; `pip-audit` asks the same source."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from toolchain.errors import ToolchainError

SOURCE = "https://pypi.org"
ANSWER_S = 15
AT_ONCE = 8


class NotAsked(ToolchainError):
    """The source could not be asked about a package."""


def found(packages: Mapping[str, str], source: str = SOURCE) -> list[str]:
    """A sentence for each advisory on these packages (name to version). Raises NotAsked if one could not be asked."""
    names = sorted(packages)
    # The first one alone: where the source is not reached, once is enough.
    sentences = _advisories(source, names[0], packages[names[0]]) if names else []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for more in threads.map(partial(_advisories, source), names[1:], [packages[name] for name in names[1:]]):
            sentences += more
    return sentences


def _advisories(source: str, name: str, version: str) -> list[str]:
    url = f"{source}/pypi/{name}/{version}/json"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:  # noqa: S310 - whom the user names is asked
            listed = json.load(answer)["vulnerabilities"]
    except urllib.error.HTTPError as error:
        raise NotAsked(f"{url} answers {error.code}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotAsked(f"{url} tells no advisories ({str(error) or type(error).__name__})") from error
    return [
        f"{name} {version} has the advisory {' = '.join([one['id'], *one.get('aliases', [])])}; "
        + (f"fixed in {', '.join(one['fixed_in'])}." if one.get("fixed_in") else "no version is known that fixes it.")
        for one in listed
        if not one.get("withdrawn")
    ]
