"""Data sets, versions, recipients and copies as the capabilities ask for them."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec
from django.db.models import Sum

from trapstreet.core.fields.kind import Column
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import DataSetIndex, Shelf
from trapstreet.store.models import Copy, DataSet, Edition, Planting, Pool, Version


def data_set_named(name: str) -> DataSet:
    """The data set of that name. Raises UnusableInput that lists the names there are."""
    found = DataSet.objects.filter(name=name).first()
    if found is None:
        names = ", ".join(DataSet.objects.order_by("name").values_list("name", flat=True))
        hint = f"registered are: {names}" if names else "register it: trapstreet register TABLE --name NAME"
        raise UnusableInput(f"no data set {name!r}", hint=hint)
    return found


def data_sets() -> list[DataSet]:
    """Every data set, by name."""
    return list(DataSet.objects.order_by("name"))


def new_id(prefix: str) -> str:
    """An identifier that no other workspace, and no restored state of this one, ever gives again: 60
    random bits."""
    return f"{prefix}-{''.join(secrets.choice('abcdefghjkmnpqrstuvwxyz23456789') for _ in range(12))}"


def columns_of(data_set: DataSet) -> tuple[Column, ...]:
    """What the columns of a data set were taken for, in the order of the table."""
    return msgspec.convert(data_set.columns, tuple[Column, ...])


def latest(data_set: DataSet) -> Version:
    """The last registered version; every data set has at least one."""
    return data_set.versions.latest("number")


def index_of(data_set: DataSet, shelf: Shelf) -> DataSetIndex:
    """A data set's index, opened: all versions, and the decoys of all copies, pools and plantings."""
    return shelf.open(
        data_set.id,
        name=data_set.name,
        epoch=data_set.epoch,
        columns=columns_of(data_set),
        versions=latest(data_set).number,
        copies=[
            *data_set.copies.values_list("id", flat=True),
            *data_set.pools.values_list("id", flat=True),
            *data_set.plantings.values_list("id", flat=True),
        ],
    )


def decoy_owners(epoch: int) -> list[tuple[str, str]]:
    """Every copy, pool and planting of the data sets of an epoch, each with its data set, by their ids."""
    owners = (Copy.objects, Pool.objects, Planting.objects)
    return [
        each for of in owners for each in of.filter(data_set__epoch=epoch).values_list("id", "data_set_id")
    ]


def all_indexes(shelf: Shelf) -> list[DataSetIndex]:
    """The indexes of every data set, by name."""
    return [index_of(each, shelf) for each in data_sets()]


def all_copies() -> list[tuple[Copy, list[Edition]]]:
    """Every copy ever issued with its editions, in the order of issue; without what is sealed."""
    editions: dict[str, list[Edition]] = defaultdict(list)
    for edition in Edition.objects.select_related("version").defer("opening").iterator():
        editions[edition.copy_id].append(edition)
    copies = Copy.objects.select_related("data_set").defer("cells", "record_ids", "profiles")
    return [(copy, editions[copy.id]) for copy in copies.iterator()]


def copy_named(text: str) -> Copy:
    """The copy of that id, or of that number. Raises UnusableInput that says where they are listed."""
    found = Copy.objects.select_related("data_set", "pool")
    copy = found.filter(id=text).first()
    if copy is None and text.isdecimal():
        copy = found.filter(number=int(text)).first()
    if copy is None:
        raise UnusableInput(f"no copy {text!r}", hint="trapstreet copy list shows them")
    return copy


def count_copies() -> int:
    """How many copies were ever issued, of any data set."""
    return Copy.objects.count()


def count_decoys(data_set: DataSet) -> int:
    """How many decoys a data set has: those of copies, what these share counted once, and planted ones."""
    owners = (data_set.copies, data_set.pools, data_set.plantings)
    return sum(of.aggregate(total=Sum("decoys"))["total"] or 0 for of in owners)


def copies_of(data_sets: Sequence[str]) -> list[Copy]:
    """All copies ever issued of these data sets, by their ids; without the sealed cells and RecordIds."""
    return list(Copy.objects.filter(data_set__in=data_sets).defer("cells", "record_ids"))


def pools_of(data_sets: Collection[str]) -> dict[str, Pool]:
    """The shared decoys of these data sets by pool; without the sealed cells."""
    return {pool.id: pool for pool in Pool.objects.filter(data_set__in=data_sets).defer("cells")}


def editions_of(data_sets: Sequence[str]) -> dict[str, set[int]]:
    """The numbers of the versions that each copy of these data sets was handed out of."""
    versions: dict[str, set[int]] = defaultdict(set)
    found = Edition.objects.filter(copy__data_set__in=data_sets)
    for copy, number in found.values_list("copy_id", "version__number").iterator():
        versions[copy].add(number)
    return versions


def versions_of(data_set: str) -> list[Version]:
    """The versions of a data set, in order."""
    return list(Version.objects.filter(data_set=data_set).order_by("number"))
