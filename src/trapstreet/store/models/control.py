"""What shows that a watched source would still be heard of. Times are Unix microseconds, UTC."""

from django.db import models

from trapstreet.store.models.plantings import Planting
from trapstreet.store.models.watching import WatchedSource


class ControlRecord(models.Model):
    """An object at a watched source that each of its proofs has to find.

    sort      "written": one of ours, with decoys of its planting; "known": one that is there anyway;
              "leaving": one of ours that is being taken away
    path      by which it is put; as it is listed where it is known
    name      as a listing names it, printable; "" while nobody knows
    every     seconds from a proof to the next
    content   SHA-256 of what lies there, "" while nobody knows;  coming  of what is being put there now
    shows     decoys of ours in a known object, by planting; null until it was read once
    put_at    when it was put there last, or the known one was named;  due_at  when its next proof is due
    awaited   it was put, and not found since
    proved_at, took  when it was found last, and microseconds after it was put
    failing_since, why, told  since when proofs fail, why, and whether an alert was raised for it
    """

    source = models.OneToOneField(WatchedSource, on_delete=models.CASCADE, related_name="control")
    sort = models.CharField(max_length=8)
    path = models.TextField()
    name = models.TextField(default="")
    planting = models.ForeignKey(Planting, on_delete=models.PROTECT, null=True, related_name="+")
    every = models.BigIntegerField()
    content = models.CharField(max_length=64, default="")
    coming = models.CharField(max_length=64, default="")
    shows = models.JSONField(null=True)
    put_at = models.BigIntegerField()
    due_at = models.BigIntegerField()
    awaited = models.BooleanField(default=True)
    proved_at = models.BigIntegerField(null=True)
    took = models.BigIntegerField(null=True)
    failing_since = models.BigIntegerField(null=True)
    why = models.TextField(default="")
    told = models.BooleanField(default=False)

    class Meta:
        app_label = "store"
        ordering = ["id"]


class SourceRhythm(models.Model):
    """How often a source that cannot be written to has something new.

    since, last  when something new was seen first and last;  gaps  times between two rounds that had
    something new, and the longest of them, [ended at, microseconds] each
    told         whether an alert was raised for the silence since `last`
    """

    source = models.OneToOneField(WatchedSource, on_delete=models.CASCADE, related_name="rhythm")
    since = models.BigIntegerField()
    last = models.BigIntegerField()
    gaps = models.IntegerField(default=0)
    longest = models.JSONField(default=list)
    told = models.BooleanField(default=False)

    class Meta:
        app_label = "store"
        ordering = ["id"]
