"""Jobs that decoys are kept out of, what they were given, and uses of copies that are to be expected.

Times are Unix microseconds, UTC.
"""

from django.db import models
from django.db.models import Q

from trapstreet.store.models.catalogue import Copy, DataSet
from trapstreet.store.models.plantings import Planting


class SuppressionJob(models.Model):
    """A job whose rows go through suppression.

    purpose  in the user's words;  token  SHA-256 of what its caller shows, hexadecimal
    rows, calls, period  what it is registered for: different rows of a call, and calls in an "hour", "day",
             "week" or "month"
    columns  names in its exports of columns of the data set that are called otherwise there
    told_by  what the rows of its last call were told apart by;  reach  hashes of a sample of all rows that it
             was ever given (index.Sketch, u64 little-endian)
    """

    name = models.CharField(max_length=200)
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="suppression_jobs")
    purpose = models.TextField()
    token = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    calls = models.IntegerField()
    period = models.CharField(max_length=8)
    columns = models.JSONField()
    told_by = models.CharField(max_length=16, default="")
    reach = models.BinaryField(default=b"")
    created_at = models.BigIntegerField()
    ended_at = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(ended_at__isnull=True), name="one_job_of_each_name"
            )
        ]
        ordering = ["name", "id"]


class SuppressionCall(models.Model):
    """One call of a job.

    by        the system's user
    ended_at  null while it runs, and of one that was killed; rows, sketch  what it was given until then
    whole     it came to its end and gave its answer
    alerts    what was out of the ordinary (suppress.domain.jobs.Alert)
    """

    job = models.ForeignKey(SuppressionJob, on_delete=models.PROTECT, related_name="each")
    by = models.CharField(max_length=200)
    begun_at = models.BigIntegerField()
    ended_at = models.BigIntegerField(null=True)
    whole = models.BooleanField(default=False)
    rows = models.BigIntegerField(default=0)
    told_by = models.CharField(max_length=16, default="")
    sketch = models.BinaryField(default=b"")
    alerts = models.JSONField(default=list)

    class Meta:
        app_label = "store"
        ordering = ["begun_at", "id"]


class ExpectedUse(models.Model):
    """An honest use of a copy or of the table that a planting lies in, declared beforehand: between two times
    the decoys will be met.

    copy, planting  one of them
    what     in the user's words
    senders  domains that its mails come from; none where mail is not what it is, or nobody knows
    """

    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="expected_uses", null=True)
    planting = models.ForeignKey(Planting, on_delete=models.PROTECT, related_name="expected_uses", null=True)
    what = models.TextField()
    senders = models.JSONField(default=list)
    begins_at = models.BigIntegerField()
    until = models.BigIntegerField()

    class Meta:
        app_label = "store"
        ordering = ["begins_at", "id"]
