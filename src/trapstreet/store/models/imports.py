"""Which access logs were taken in. Times are Unix microseconds, UTC."""

from django.db import models


class LogImport(models.Model):
    """Some stretch of an access log, taken in once.

    name          of its files in the workspace's folder of events
    log           the name of the first import of the same log, whose later ones went on where it ended
    place         whose log it is, as `server_of` names it
    kind          a kind of access log;  label  the file's name, safe to print
    head          SHA-256 of the log's first line, by which a log that grew or was moved is found again
    digest        SHA-256 of its first `size` bytes, unpacked;  lines  how many lines these are
    events, unparsed, unread  how many events, statements that nothing could parse, lines that were no use
    first, last   times of the first and the last event, null where there is none
    """

    name = models.CharField(max_length=32, unique=True)
    log = models.CharField(max_length=32, db_index=True)
    place = models.TextField()
    kind = models.CharField(max_length=32)
    label = models.TextField()
    head = models.CharField(max_length=64, db_index=True)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    lines = models.BigIntegerField()
    events = models.BigIntegerField()
    unparsed = models.BigIntegerField()
    unread = models.BigIntegerField()
    first = models.BigIntegerField(null=True)
    last = models.BigIntegerField(null=True)
    imported_at = models.BigIntegerField()

    class Meta:
        app_label = "store"
        ordering = ["id"]
