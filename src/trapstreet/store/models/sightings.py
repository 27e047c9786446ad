"""What the worker took from the traps' spools. Times are Unix microseconds, UTC.

Who made a hit and what it held is sealed; in clear are when, by which channel, which decoy, and what it looks
like.
"""

from django.db import models
from django.db.models import Q


class TakenSegment(models.Model):
    """How far a segment of a spool was taken: no record up to `number` is taken again.

    id  of the segment, hexadecimal;  at  when it was taken from last
    """

    id = models.CharField(max_length=64, primary_key=True)
    number = models.BigIntegerField()
    at = models.BigIntegerField()

    class Meta:
        app_label = "store"


class Heard(models.Model):
    """A hit that used decoys, or a swarm among whose names theirs were.

    segment, number, position  the record that it stood in, and where in it
    at       when;  count  hits, more than one of a swarm
    seen     place of access and client, sealed;  content  core.model.hit.Heard as MessagePack, sealed
    """

    segment = models.CharField(max_length=64)
    number = models.BigIntegerField()
    position = models.IntegerField()
    channel = models.CharField(max_length=16)
    at = models.BigIntegerField()
    count = models.BigIntegerField()
    seen = models.BinaryField()
    content = models.BinaryField()

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["segment", "number", "position"], name="each_hit_taken_once")
        ]


class Incident(models.Model):
    """What one party did with one decoy by one channel without a long pause.

    token  "http p3-abc/0": channel, whose decoy it is, position;  owner  whose, "p3-abc"
    party  a keyed hash of it
    first, last, count, kinds, score  as in sightings.Incident
    named     somebody named the persona or its reference number;  expected  each of its hits was declared
    changed   null where alerts were raised for all that is known of it; else a number that grows with every
              change of any incident
    """

    token = models.CharField(max_length=80)
    owner = models.CharField(max_length=40, default="")
    party = models.CharField(max_length=32)
    first = models.BigIntegerField()
    last = models.BigIntegerField(db_index=True)
    count = models.BigIntegerField()
    kinds = models.JSONField()
    score = models.FloatField()
    named = models.BooleanField(default=False)
    expected = models.BooleanField(default=False)
    changed = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"
        indexes = [
            models.Index(fields=["token", "party"], name="incidents_by_token"),
            models.Index(fields=["owner", "last"], name="incidents_by_owner"),
            models.Index(fields=["owner", "party"], name="incidents_by_party"),
            models.Index(
                fields=["owner", "changed"], condition=Q(changed__isnull=False), name="incidents_changed"
            ),
        ]


class UsedToken(models.Model):
    """What all incidents of one token came to, forgotten ones too: one row, however many parties used it.

    token, owner  as in Incident
    first     when it was first used
    counted, counted_party  when it was first used in a way that counts for joint evidence, and by whom; null
              and "" where it was not
    somebody  when it was last used without anything that speaks for an automaton, or was declared; null where
              it was not
    """

    token = models.CharField(max_length=80, primary_key=True)
    owner = models.CharField(max_length=40, db_index=True)
    first = models.BigIntegerField()
    counted = models.BigIntegerField(null=True)
    counted_party = models.CharField(max_length=32, default="")
    somebody = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"


class Sighting(models.Model):
    """A use of one decoy.

    owner  the planting, copy or pool that has it;  decoy  its position there
    label, score  what made the hit looks like;  why  the whole label, sealed
    named, expected  as in Incident, of this hit
    """

    heard = models.ForeignKey(Heard, on_delete=models.PROTECT, related_name="sightings")
    owner = models.CharField(max_length=40)
    decoy = models.IntegerField()
    label = models.CharField(max_length=16)
    score = models.FloatField()
    why = models.BinaryField()
    named = models.BooleanField(default=False)
    expected = models.BooleanField(default=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="sightings")

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["heard", "owner", "decoy"], name="each_use_of_a_decoy_once")
        ]
        indexes = [
            models.Index(fields=["owner", "decoy"], name="sightings_by_decoy"),
            models.Index(fields=["incident", "expected", "score", "-id"], name="sightings_telling"),
        ]


class Background(models.Model):
    """How many hits of a channel, on a day (UTC, ISO 8601), had names that are no decoy's."""

    channel = models.CharField(max_length=16)
    day = models.CharField(max_length=10)
    count = models.BigIntegerField()

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["channel", "day"], name="background_by_channel_and_day")
        ]


class TakenCallback(models.Model):
    """A signed callback that was taken: whoever sends it again makes no second call of it.

    id  a keyed hash of what its sender calls it
    """

    id = models.CharField(max_length=32, primary_key=True)
    at = models.BigIntegerField()

    class Meta:
        app_label = "store"


class DamagedRecord(models.Model):
    """A record of a spool that the worker's key does not open, or that no trap writes: as it was."""

    segment = models.CharField(max_length=64)
    number = models.BigIntegerField()
    sealed = models.BinaryField()
    taken_at = models.BigIntegerField()

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["segment", "number"], name="damaged_record_once")]
