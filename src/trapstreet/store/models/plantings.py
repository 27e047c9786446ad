"""Decoys that lie in a place of one's own, and what became of each. Times are Unix microseconds, UTC."""

from django.db import models

from trapstreet.store.models.catalogue import DataSet


class Planting(models.Model):
    """Decoys that were put into one place together.

    kind        "record", or the breadcrumb's kind
    data_set    whose table the records lie in; null for other breadcrumbs
    place       where it is, as people read it; location  of the table, without a password
    links       the files that refer to the table (core.model.ground.Link as JSON)
    tables      name, columns and, but for the root, which comes first, core.model.ground.Kinship of each
                table that has rows of it, as JSON
    decoys      how many; profiles, record_ids, cells  of the root's rows, as of a copy
    kin         the rows of the other tables, sealed;  tokens  what a use is known by, sealed
    planted_at  null while it is not known to be there;  removed_at  null while it is not taken out again
    """

    id = models.CharField(max_length=40, primary_key=True)
    number = models.IntegerField(unique=True)
    kind = models.CharField(max_length=32)
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="plantings", null=True)
    place = models.TextField()
    location = models.TextField()
    links = models.JSONField()
    tables = models.JSONField()
    owner = models.CharField(max_length=200)
    purpose = models.TextField()
    tags = models.JSONField()
    created_at = models.BigIntegerField()
    expires_at = models.BigIntegerField(null=True)
    planted_at = models.BigIntegerField(null=True)
    removed_at = models.BigIntegerField(null=True)
    decoys = models.IntegerField()
    strippable = models.BooleanField()
    profiles = models.JSONField()
    record_ids = models.BinaryField()
    cells = models.BinaryField()
    kin = models.BinaryField()
    tokens = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["number"]


class Decoy(models.Model):
    """One decoy of a planting.

    at     its position among the root rows;  state  "planned", "planted", "touched" or "retired"
    since       when it came to be in this state
    removed_at  when it was taken out of its table again; null where it was not
    """

    planting = models.ForeignKey(Planting, on_delete=models.PROTECT, related_name="each")
    at = models.IntegerField()
    state = models.CharField(max_length=8)
    since = models.BigIntegerField()
    removed_at = models.BigIntegerField(null=True)

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["planting", "at"], name="one_decoy_of_each_position")]
        ordering = ["planting__number", "at"]
