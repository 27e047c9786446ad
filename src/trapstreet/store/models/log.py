"""The append-only log: its leaves, the frontier of its tree, and the signed checkpoints."""

from django.db import models


class LogLeaf(models.Model):
    """One entry: deterministic CBOR, numbered from 0 without a gap."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.BinaryField()

    class Meta:
        app_label = "store"


class LogHead(models.Model):
    """The one row that says how large the tree is; `roots` are the frontier's hashes, 32 bytes each."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField()
    roots = models.BinaryField()

    class Meta:
        app_label = "store"


class Checkpoint(models.Model):
    """A signed note (C2SP) over the tree of the first `size` leaves."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()

    class Meta:
        app_label = "store"
