"""The pinned tools and the embedded development cluster.

Only the standard library is used here: this package runs on a bare Python, before the virtual environment exists.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older Python is told off
    sys.exit(
        "Caravan needs Python 3.11 or newer, but python3 is "
        + sys.version.split()[0]
        + ". Install a newer one and name it: make PYTHON=/path/to/python3.11 ..."
    )
