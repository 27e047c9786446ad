"""How rights were, what changed, and what owners decided about them. Times are Unix microseconds, UTC."""

from django.db import models

from trapstreet.store.models.cases import Alert


class RightsPlace(models.Model):
    """A server or folder whose rights are compared from time to time.

    name           of it, as people gave it, without user and password
    begun_at       when its rights were kept first;  compared_at  when they were asked for last, and told
    failing_since, failing  since when they cannot be asked for, and why; null and "" if they can
    """

    name = models.CharField(max_length=500, unique=True)
    begun_at = models.BigIntegerField(null=True)
    compared_at = models.BigIntegerField(null=True)
    failing_since = models.BigIntegerField(null=True)
    failing = models.TextField(default="")

    class Meta:
        app_label = "store"
        ordering = ["id"]


class KeptRights(models.Model):
    """The rights of a place at a time, sealed; the newest, and those before it that tell what it does not."""

    place = models.ForeignKey(RightsPlace, on_delete=models.PROTECT, related_name="kept")
    at = models.BigIntegerField()
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["id"]


class RightsChange(models.Model):
    """Something that changed between two times, kept for good.

    since    the earlier time
    alert    that it raised, if any;  content  access.Change, sealed
    """

    place = models.ForeignKey(RightsPlace, on_delete=models.PROTECT, related_name="changes")
    since = models.BigIntegerField()
    at = models.BigIntegerField()
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, null=True, related_name="rights_changes")
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        indexes = [models.Index(fields=["place", "at"], name="rights_changes_by_time")]
        ordering = ["id"]


class RightsTaken(models.Model):
    """Rights of a place that were taken away on purpose: from whom, to what, sealed."""

    place = models.ForeignKey(RightsPlace, on_delete=models.PROTECT, related_name="taken")
    at = models.BigIntegerField()
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["id"]


class Review(models.Model):
    """A campaign in which owners say of rights whether they are needed.

    name       of it;  place  whose rights, as RightsPlace.name
    due_at     by when; null: no time is set;  ended_at  null until everything is decided
    """

    name = models.CharField(max_length=64, unique=True)
    place = models.CharField(max_length=500)
    begun_at = models.BigIntegerField()
    due_at = models.BigIntegerField(null=True)
    ended_at = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"
        ordering = ["id"]


class ReviewItem(models.Model):
    """One right, or some that go together, that an owner is asked about.

    number    by which people name it, from 1 on
    owner     keyed hash of who is asked, "" for nobody in particular;  content  what it is about, sealed
    decision  "", "confirm" or "remove": the last one
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="items")
    number = models.IntegerField()
    owner = models.CharField(max_length=32, default="")
    content = models.BinaryField()
    decision = models.CharField(max_length=8, default="")

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["review", "number"], name="one_item_of_a_number")]
        ordering = ["review", "number"]


class ReviewDecision(models.Model):
    """What somebody decided about an item; decisions are never changed, and the last one holds.

    content  who and why, sealed; the log has its hash
    """

    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="decisions")
    at = models.BigIntegerField()
    decision = models.CharField(max_length=8)
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["id"]


class ReviewReminder(models.Model):
    """That an owner was reminded of open items: once for each `stage`, "week", "day" or "over"."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="reminders")
    owner = models.CharField(max_length=32)
    stage = models.CharField(max_length=8)
    at = models.BigIntegerField()

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["review", "owner", "stage"], name="one_reminder_of_a_stage")
        ]
        ordering = ["id"]
