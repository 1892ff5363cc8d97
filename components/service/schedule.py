"""When a batch job runs."""

from typing import Literal

from components.service.base import Model, RelativePath, Text, Texts


class Periodic(Model):
    """Run at times. Source: periodic."""

    crons: Texts = ()
    """One or more: minute, hour, day of the month, month, day of the week; or @daily and the like."""
    cron: Text | None = None
    """One time instead, as jobs have it that are written for Nomad before 1.6. Source: periodic > cron."""
    time_zone: Text = "UTC"
    """As Europe/Berlin."""
    allow_overlap: bool = False
    """Start another run while the last one is still going on."""
    enabled: bool = True
    """Whether its times count."""


class Parameterized(Model):
    """Run when dispatched. Source: parameterized."""

    payload: Literal["optional", "required", "forbidden"] = "optional"
    meta_required: Texts = ()
    """Keys that a dispatch must give; the process finds them as NOMAD_META_<key>."""
    meta_optional: Texts = ()
    """Keys that a dispatch may give."""
    payload_file: RelativePath | None = None
    """Where below local/ the process finds the payload. Default: nowhere."""
