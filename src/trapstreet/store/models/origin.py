"""What this database belongs to: its workspace, the program that wrote it, the kits of its keys."""

from django.db import models


class Origin(models.Model):
    """The one row that names the workspace of this database.

    schema      name of the newest migration that was applied
    written_by  version of trapstreet that applied it
    """

    workspace_id = models.CharField(max_length=32, primary_key=True)
    schema = models.CharField(max_length=100)
    written_by = models.CharField(max_length=32)

    class Meta:
        app_label = "store"


class Kit(models.Model):
    """A recovery kit that was written; confirmed once it was read back and opened. Unix microseconds, UTC."""

    public_key = models.CharField(max_length=64, primary_key=True)
    written_at = models.BigIntegerField()
    confirmed_at = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"
