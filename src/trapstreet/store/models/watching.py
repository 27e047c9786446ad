"""What is watched, and what was seen there. Times are Unix microseconds, UTC; no content is kept."""

from django.db import models
from django.db.models import Q


class WatchedSource(models.Model):
    """A place that is looked at again and again.

    kind, options  of plugins.sources, secrets being names of files;  host  of it, "" for this machine
    every          seconds between two rounds, about
    rules          watch.Rules, as JSON has them
    cursor         from which the next listing goes on; "" anew
    due_at         of its next round;  leased_until, leased_by  who is at it; anybody may be when that is over
    began_at       of the round under way, else null;  ended_at, whole_at  when a round, and a listing of all
                   that is there, ended last
    quick          its last round took a moment
    failing_since, failing, failures  since when, why, how often in a row rounds fail; null, "" and 0 if not
    told           whether an alert was raised for that
    objects_there  how many are there
    recall_at      when objects of it came up that are to be read again for new data sets; null: none are
    figures        watch.Figures of the round under way, else of the last one
    """

    name = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=32)
    options = models.JSONField()
    host = models.CharField(max_length=255, default="")
    every = models.BigIntegerField()
    rules = models.JSONField()
    added_at = models.BigIntegerField()
    cursor = models.TextField(default="")
    due_at = models.BigIntegerField(db_index=True)
    leased_until = models.BigIntegerField(default=0)
    leased_by = models.CharField(max_length=80, default="")
    began_at = models.BigIntegerField(null=True)
    ended_at = models.BigIntegerField(null=True)
    whole_at = models.BigIntegerField(null=True)
    quick = models.BooleanField(default=False)
    failing_since = models.BigIntegerField(null=True)
    failing = models.TextField(default="")
    failures = models.IntegerField(default=0)
    told = models.BooleanField(default=False)
    objects_there = models.BigIntegerField(default=0)
    recall_at = models.BigIntegerField(null=True)
    figures = models.JSONField()

    class Meta:
        app_label = "store"
        ordering = ["id"]


class SeenObject(models.Model):
    """An object that was read, or tried, at a watched source.

    key, state  keyed hashes of its path and of the version that was read; state 0: it is to be read again
    path        as it is printed, cut short;  size, readers  as the source said
    first_at, read_at  when it was read first and last;  gone_at  when a whole listing did not name it
    again_at    when it is tried again as it is; null: when it changes
    why         why it, or a part of it, could not be read; "" where all was
    found       findings in it when it was read last
    recalled    what it shows of new data sets, by what is remembered of it, until it is read again; else null
    """

    source = models.ForeignKey(WatchedSource, on_delete=models.PROTECT, related_name="seen", db_index=False)
    key = models.BinaryField(max_length=16)
    state = models.BigIntegerField()
    path = models.TextField()
    size = models.BigIntegerField(null=True)
    readers = models.CharField(max_length=64)
    first_at = models.BigIntegerField()
    read_at = models.BigIntegerField()
    gone_at = models.BigIntegerField(null=True)
    again_at = models.BigIntegerField(null=True)
    why = models.TextField(default="")
    found = models.IntegerField(default=0)
    recalled = models.JSONField(null=True)

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="one_row_of_an_object")]
        indexes = [
            models.Index(fields=["source"], condition=~Q(why=""), name="seen_unread"),
            models.Index(fields=["source"], condition=Q(found__gt=0), name="seen_found"),
            models.Index(fields=["source"], condition=Q(again_at__isnull=False), name="seen_again"),
            models.Index(fields=["source"], condition=Q(gone_at__isnull=False), name="seen_gone"),
            models.Index(fields=["source"], condition=Q(recalled__isnull=False), name="seen_recalled"),
        ]
        ordering = ["id"]


class WatchTotal(models.Model):
    """Something counted over all that was ever watched: "tests", texts in which chance could have shown a
    data set, once for each."""

    name = models.CharField(max_length=16, primary_key=True)
    count = models.BigIntegerField()

    class Meta:
        app_label = "store"
