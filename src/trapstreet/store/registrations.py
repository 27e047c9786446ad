"""Versions of data sets, written together with their leaf of the append-only log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
from django.db import transaction

from trapstreet.core.fields import NORMAL_FORMS, Column
from trapstreet.store import log
from trapstreet.store.models import DataSet, Version


class Counts(Protocol):
    """How a version differs from the one before."""

    @property
    def rows(self) -> int: ...
    @property
    def appeared(self) -> int: ...
    @property
    def changed(self) -> int: ...
    @property
    def went(self) -> int: ...
    @property
    def digest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be entered. `source` is where the table lies, without a password; time in Unix µs."""

    data_set: str
    name: str
    source: str
    key: tuple[str, ...]
    columns: Sequence[Column]
    epoch: int
    plan: str
    reread: bool
    number: int
    counts: Counts
    at: int


def add(new: NewVersion, *, rejected: int) -> None:
    """Enter a version: the data set, the version and the log's leaf in one transaction."""
    facts = {
        "name": new.name,
        "source": new.source,
        "key_columns": list(new.key),
        "columns": msgspec.to_builtins(tuple(new.columns)),
        "epoch": new.epoch,
        "normal_forms": NORMAL_FORMS,
    }
    with transaction.atomic():
        data_set, _ = DataSet.objects.update_or_create(
            id=new.data_set, defaults=facts, create_defaults=facts | {"created_at": new.at}
        )
        Version.objects.create(
            data_set=data_set,
            number=new.number,
            registered_at=new.at,
            checked_at=new.at,
            rows=new.counts.rows,
            rejected=rejected,
            appeared=new.counts.appeared,
            changed=new.counts.changed,
            went=new.counts.went,
            digest=new.counts.digest,
            plan=new.plan,
            reread=new.reread,
        )
        log.append(
            {
                "event": "version",
                "data_set": new.data_set,
                "version": new.number,
                "digest": new.counts.digest,
                "rows": new.counts.rows,
                "time": new.at,
            }
        )


def is_registered(data_set: str, number: int) -> bool:
    """Whether the version is in the registry."""
    return Version.objects.filter(data_set=data_set, number=number).exists()


def checked(data_set: DataSet, *, source: str, at: int) -> None:
    """The last version was looked at again, perhaps at another place, and still holds."""
    with transaction.atomic():
        DataSet.objects.filter(id=data_set.id).update(source=source)
        latest = data_set.versions.latest("number")
        latest.checked_at = at
        latest.save(update_fields=["checked_at"])
