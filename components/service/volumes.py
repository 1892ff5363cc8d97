"""Storage that instances mount."""

from typing import Literal

from components.service.base import AbsolutePath, Model, Text, Texts

Access = Literal[
    "single-node-reader-only",
    "single-node-writer",
    "single-node-single-writer",
    "single-node-multi-writer",
    "multi-node-reader-only",
    "multi-node-single-writer",
    "multi-node-multi-writer",
]


class Volume(Model):
    """Storage; its key is its name in the job. Source: volume, volume_mount, ephemeral_disk."""

    type: Literal["host", "csi", "ephemeral"]
    """host: a volume of the node; csi: one of a CSI plugin; ephemeral: the instance's scratch disk, once at most."""
    mount: AbsolutePath | None
    """Where the process finds it. Ephemeral volumes are mounted by the docker driver only. null: only tasks beside it
    mount it, or nobody does."""
    source: Text | None = None
    """Its name among the node's volumes, or its CSI ID. Default: the key. Not for ephemeral."""
    read_only: bool = False
    """Whether the process may only read."""
    mount_read_only: bool | None = None
    """The same of the mount alone, where the volume is asked for otherwise. Default: as read_only."""
    per_instance: bool = False
    """One volume per instance: source[0], source[1], ... Not with canaries."""
    sticky: bool = False
    """host: a replaced instance gets the same volume. ephemeral: a replaced instance gets the contents, if Nomad can
    place it on the same node."""
    migrate: bool = False
    """For ephemeral and sticky: contents are copied to another node, too."""
    access: Access | None = None
    """For host and csi. Default for csi: single-node-writer. A host volume without it is for one writer where count is
    1: no canary then."""
    block_device: bool = False
    """For csi: a device instead of a file system."""
    fs_type: Text | None = None
    """For csi: the file system. Default: the volume's own."""
    mount_flags: Texts = ()
    """For csi: options of the mount."""
