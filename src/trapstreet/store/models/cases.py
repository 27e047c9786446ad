"""Alerts, the cases that they belong to, and what is still to be told. Times are Unix microseconds, UTC."""

from django.db import models
from django.db.models import Q


class Case(models.Model):
    """All alerts of one incident: of one subject, until somebody closes it.

    subject      what it is about: a planting or a copy by its id, or "data set NAME"
    severity     the highest of its alerts (core.model.notice.Severity)
    aware_since  when somebody said that the organisation knows; null until then
    """

    subject = models.CharField(max_length=240)
    severity = models.IntegerField()
    opened_at = models.BigIntegerField()
    aware_since = models.BigIntegerField(null=True)
    closed_at = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(closed_at__isnull=True), name="one_open_case_of_a_subject"
            )
        ]
        ordering = ["id"]


class CaseEntry(models.Model):
    """What a person did or decided in a case; entries are never changed.

    kind     "aware", "acknowledged", "assigned", "note" or "closed"
    content  who and what, sealed
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    at = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["id"]


class Alert(models.Model):
    """Something that a person should know.

    source        what it was raised for; never raised twice
    kind, severity  as in core.model.notice.Notice
    at            when it happened last;  raised_at  when it was raised
    content       the Notice, sealed
    acknowledged_at, assigned  who looks after it, sealed; null and empty until somebody does
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="alerts")
    source = models.CharField(max_length=240, unique=True)
    kind = models.CharField(max_length=16)
    severity = models.IntegerField()
    at = models.BigIntegerField()
    raised_at = models.BigIntegerField()
    content = models.BinaryField()
    acknowledged_at = models.BigIntegerField(null=True)
    assigned = models.BinaryField(default=b"")

    class Meta:
        app_label = "store"
        ordering = ["id"]


class Found(models.Model):
    """Where a leak lies that an alert is about: the same data may lie in many places.

    place           keyed hash of data set and place
    text, records   keyed hashes of what lies there, and of which records it shows: where either is the same,
                    it is the same leak
    first_at, last_at  when it was seen there
    content         where, in words for people, and the SHA-256, sealed
    """

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="found")
    place = models.CharField(max_length=32)
    text = models.CharField(max_length=32, db_index=True)
    records = models.CharField(max_length=32, db_index=True)
    first_at = models.BigIntegerField()
    last_at = models.BigIntegerField()
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["alert", "place"], name="each_place_of_a_leak_once")]
        ordering = ["id"]


class Delivery(models.Model):
    """That an alert is told by one route, once; it was entered with the alert, in one transaction.

    route     the name of the section [notify.NAME];  reason  as in core.model.notice.Notice
    bundle    what goes into one message with it, if nothing of that was tried before
    message   the key of the message that it is part of, for good, from its first attempt on
    content   of the message's first: what it says at each attempt, sealed, until it is sent
    state     "waiting", "sent" or "dead": not tried any more by itself, and visible until somebody does
    due_at    not before; later after each attempt that failed;  begun_at  of the first attempt
    leased_until, leased_by  who is sending it just now; anybody's once that is over
    error     why the last attempt failed: our words, never the receiver's
    """

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="deliveries")
    route = models.CharField(max_length=64)
    reason = models.CharField(max_length=16)
    bundle = models.CharField(max_length=32)
    message = models.CharField(max_length=64, default="")
    content = models.BinaryField(default=b"")
    state = models.CharField(max_length=8, default="waiting")
    created_at = models.BigIntegerField()
    due_at = models.BigIntegerField()
    begun_at = models.BigIntegerField(null=True)
    attempts = models.IntegerField(default=0)
    leased_until = models.BigIntegerField(default=0)
    leased_by = models.CharField(max_length=64, default="")
    sent_at = models.BigIntegerField(null=True)
    error = models.TextField(default="")

    class Meta:
        app_label = "store"
        indexes = [models.Index(fields=["state", "route", "due_at"], name="deliveries_due")]
        ordering = ["id"]


class Raised(models.Model):
    """How far something that may be worth an alert was looked at.

    name  "log" (by LogLeaf.index) or "damaged" (by DamagedRecord.id)
    """

    name = models.CharField(max_length=16, primary_key=True)
    upto = models.BigIntegerField()

    class Meta:
        app_label = "store"


class RouteTest(models.Model):
    """When a test of a route arrived last."""

    route = models.CharField(max_length=64, primary_key=True)
    at = models.BigIntegerField()

    class Meta:
        app_label = "store"


class Lease(models.Model):
    """Who does a job that only one worker may do at a time; anybody may take it when `until` is over."""

    name = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=64)
    until = models.BigIntegerField()

    class Meta:
        app_label = "store"
