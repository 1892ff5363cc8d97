"""Counts what is in the shop's store and leaves the result there, for the page to show; runs to its end.

Environment:
    REDIS_PASSWORD_FILE  A file with the store's password.
    SHOP_STORE_FILE      A file with the store's address.
"""

import sys
import time

from store import Store, StoreError


def main() -> int:
    """Returns the exit status: not 0 where the store does not answer, and Nomad tries again."""
    try:
        with Store.of_environment() as store:
            visits, kinds = store.ask("GET", "visits") or "0", store.ask("HLEN", "stock")
            report = f"{visits} visits, {kinds} kinds of goods, {time.strftime('%Y-%m-%d %H:%M:%S')} UTC"
            store.ask("SET", "report", report)
    except (OSError, StoreError) as error:
        print(f"the store does not answer: {error}", file=sys.stderr)
        return 1
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
