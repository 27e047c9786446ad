"""What was kept of what was found: snapshots, what leaks show, what was traced, what is known already. Times
are Unix microseconds, UTC."""

from django.db import models

from trapstreet.store.models.cases import Alert, Case


class Snapshot(models.Model):
    """What lay where our data was found, sealed in a file of the workspace's folder under a key of its own.

    name          of the file
    mark          keyed hash of its content, by which the same is kept once
    key           the file's key, sealed under the workspace's; empty once it was destroyed, and where there
                  is no file
    about         where it lay, its hash, and why it is not whole: sealed, and kept for good
    stored        bytes of the file
    destroyed_at  null while it is kept
    """

    name = models.CharField(max_length=32, unique=True)
    mark = models.CharField(max_length=32, db_index=True)
    key = models.BinaryField(default=b"")
    about = models.BinaryField()
    stored = models.BigIntegerField(default=0)
    taken_at = models.BigIntegerField()
    destroyed_at = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"
        ordering = ["id"]


class SnapshotOf(models.Model):
    """That an alert's leak lies in a snapshot."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="leaks")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="snapshots")

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "alert"], name="one_snapshot_of_an_alert_once")
        ]
        ordering = ["id"]


class LeakShape(models.Model):
    """What a leak of a data set shows, by which it is known again when it is shown otherwise.

    data_set  keyed hash of its name;  content  the digest of its records and their Shape, sealed
    """

    data_set = models.CharField(max_length=32, db_index=True)
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["id"]


class CaseTrace(models.Model):
    """A trace that the worker made of a case's snapshots.

    upto      the newest alert of which something was traced
    look      which look at the case it was (docs/adr/0012);  ended_at  null until it ended, or for good
    content   what it came to, sealed
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="traces")
    begun_at = models.BigIntegerField()
    upto = models.BigIntegerField()
    ended_at = models.BigIntegerField(null=True)
    look = models.IntegerField(default=0)
    content = models.BinaryField(default=b"")

    class Meta:
        app_label = "store"
        ordering = ["id"]


class Baseline(models.Model):
    """What is out already: an old leak, or values that anybody may have.

    public  its values are set aside;  about  where it was read and how much it shows, sealed
    """

    name = models.CharField(max_length=64, unique=True)
    public = models.BooleanField()
    made_at = models.BigIntegerField()
    about = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["id"]


class BaselinePart(models.Model):
    """Some of what a baseline shows.

    data_set  keyed hash of its name; "" for fingerprints of public values
    ids       RecordIds, or fingerprints, u64 little endian, ascending, sealed
    """

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="parts")
    data_set = models.CharField(max_length=32)
    ids = models.BinaryField()

    class Meta:
        app_label = "store"
        indexes = [models.Index(fields=["data_set"], name="baselines_of_a_data_set")]
        ordering = ["id"]
