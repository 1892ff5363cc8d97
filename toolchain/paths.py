"""Where things are: in the checkout (git-ignored) and in the user's cache, which checkouts share."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

REQUIREMENTS = ROOT / "requirements.txt"
VENV = ROOT / ".venv"
LOCAL = ROOT / ".caravan"
BIN = LOCAL / "bin"
"""On PATH after `. ./activate`."""
LIBEXEC = LOCAL / "libexec"
"""Programs that are only run by one in BIN."""
PULUMI_HOME = LOCAL / "pulumi"
CLUSTER = LOCAL / "cluster"
CLUSTER_WAS_RESET = LOCAL / "cluster-was-reset"
"""Is there when the cluster was deleted and the dev stack's state has not been refreshed since."""
GO_MODULES = ROOT / "toolchain" / "go"


def cache() -> Path:
    """`$XDG_CACHE_HOME/caravan`, or `~/.cache/caravan`. Source: XDG Base Directory Specification."""
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification says that a relative path is to be ignored.
    base = configured if configured.is_absolute() else Path.home() / ".cache"
    return base / "caravan"


def tool_cache() -> Path:
    """Downloaded and built tools, one folder each, named by tool and version."""
    return cache() / "tools"
