"""Data sets, their versions, the copies handed out and who got them. Times are Unix microseconds, UTC."""

from django.db import models


class DataSet(models.Model):
    """A registered table. `columns` is what each column was taken for (core.fields.Column as JSON)."""

    id = models.CharField(max_length=32, primary_key=True)
    name = models.CharField(max_length=200, unique=True)
    source = models.TextField()
    key_columns = models.JSONField()
    columns = models.JSONField()
    epoch = models.IntegerField()
    normal_forms = models.IntegerField()
    created_at = models.BigIntegerField()

    class Meta:
        app_label = "store"


class Version(models.Model):
    """One state of a data set.

    checked_at  when it was last seen to hold;  digest  a keyed hash of all its rows, whatever their order
    plan        how its columns are read;  reread  every record was entered anew for another plan than
                before, so that this version says nothing of when a record changed
    """

    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    registered_at = models.BigIntegerField()
    checked_at = models.BigIntegerField()
    rows = models.BigIntegerField()
    rejected = models.BigIntegerField()
    appeared = models.BigIntegerField()
    changed = models.BigIntegerField()
    went = models.BigIntegerField()
    digest = models.CharField(max_length=16)
    plan = models.CharField(max_length=16)
    reread = models.BooleanField()

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["data_set", "number"], name="one_version_of_each_number")
        ]
        ordering = ["number"]


class Recipient(models.Model):
    """Who got a copy. Only the pseudonym is readable; the name is sealed under the workspace's key."""

    id = models.CharField(max_length=32, primary_key=True)
    name = models.BinaryField()
    created_at = models.BigIntegerField()

    class Meta:
        app_label = "store"


class Pool(models.Model):
    """The decoys that copies of a data set share: which of them a copy has, its code says.

    columns  names of the columns of the cells, in their order
    record_ids, cells, profiles  as of a copy
    """

    id = models.CharField(max_length=40, primary_key=True)
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="pools")
    created_at = models.BigIntegerField()
    columns = models.JSONField()
    decoys = models.IntegerField()
    profiles = models.JSONField()
    record_ids = models.BinaryField()
    cells = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["created_at"]


class Copy(models.Model):
    """What one recipient got, and goes on getting: the decoys and the code that make it one of a kind.

    decoys      those that are its alone; profiles  the different entropy profiles of these (decoys.Profile as
                JSON), each with how many have it
    record_ids  RecordIds of the decoys, u64 little-endian; cells  their cells, sealed under the copy's
                storage key
    p_table     core.model.p_table, encoded; pool  where its shared decoys are from
    expires_at, withdrawn_at  null: never, not
    """

    id = models.CharField(max_length=40, primary_key=True)
    number = models.IntegerField(unique=True)
    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="copies")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="copies")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="copies", null=True)
    created_at = models.BigIntegerField()
    expires_at = models.BigIntegerField(null=True)
    withdrawn_at = models.BigIntegerField(null=True)
    decoys = models.IntegerField()
    strippable = models.BooleanField()
    profiles = models.JSONField()
    record_ids = models.BinaryField()
    cells = models.BinaryField()
    p_table = models.BinaryField()

    class Meta:
        app_label = "store"
        ordering = ["number"]


class Edition(models.Model):
    """A copy as it was handed out of one version; a refresh is a further edition, with a commitment of its
    own.

    rows     real rows in it
    opening  what opens the commitment beside keys and cells (the nonce, and the draws behind each decoy),
             sealed; commitment  hexadecimal
    """

    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="editions")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="editions")
    issued_at = models.BigIntegerField()
    rows = models.BigIntegerField()
    opening = models.BinaryField()
    commitment = models.CharField(max_length=64)

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["copy", "version"], name="one_edition_of_each_version")
        ]
        ordering = ["version__number"]
