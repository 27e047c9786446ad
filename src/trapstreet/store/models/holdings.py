"""What `discover` found, and where. Times are Unix microseconds, UTC; no value of anybody's data is kept."""

from django.db import models


class DiscoveredPlace(models.Model):
    """A server or folder that was looked at.

    name     as `server_of` names it;  edition  "PostgreSQL 16.2"
    policy   digest of the policy that sensitivities here are by
    ended_at when somebody looked at it last
    """

    name = models.TextField(unique=True)
    edition = models.CharField(max_length=200)
    policy = models.CharField(max_length=32)
    ended_at = models.BigIntegerField()

    class Meta:
        app_label = "store"
        ordering = ["name"]


class DiscoveredObject(models.Model):
    """A table or file that was looked at.

    key       hash of its path;  path  as `Holding.path` has it
    state     hash of the version that was looked at; 0: it is to be looked at again as it is
    holdings  what it holds: one of a table, any number of a file
    unread    what of it was not looked at, and why
    """

    place = models.ForeignKey(DiscoveredPlace, on_delete=models.CASCADE, related_name="objects_there")
    key = models.BinaryField(max_length=16)
    state = models.BigIntegerField()
    path = models.JSONField()
    holdings = models.JSONField()
    unread = models.JSONField()
    looked_at = models.BigIntegerField()

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["place", "key"], name="one_row_of_a_discovery")]
        ordering = ["id"]
