"""Which segments of the index the watch knows of."""

from django.db import models


class IndexedSegment(models.Model):
    """A segment of the index, numbered when the watch first met it: what was searched for up to a number
    was searched for in all segments up to it.

    name  data set and file: "ds-6bn8v8b8ykcz/version-000001"
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=128, unique=True)

    class Meta:
        app_label = "store"
        ordering = ["id"]
