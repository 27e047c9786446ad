"""Registered tables for tests of matchers: three data sets, versions, and copies with decoys."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
import numpy as np

from matcher_people import Person, people, phone
from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, kinds
from trapstreet.core.model.table import Row
from trapstreet.index import DataSetIndex, Fingerprinter, Header, Lookup, Segment, SegmentWriter, Traits

_KINDS = {
    "ticket": Kind.REFERENCE,
    "order": Kind.REFERENCE,
    "code": Kind.REFERENCE,
    "hex": Kind.REFERENCE,
    "pps": Kind.NATIONAL_ID,
    "name": Kind.NAME,
    "given": Kind.GIVEN_NAME,
    "family": Kind.FAMILY_NAME,
    "email": Kind.EMAIL,
    "street": Kind.ADDRESS,
    "postcode": Kind.POSTCODE,
    "born": Kind.BIRTH_DATE,
    "iban": Kind.IBAN,
    "card": Kind.CARD,
}


class Keys:
    """Fixed keys: these tests are about matching."""

    def fingerprint_key(self, kind: Kind, epoch: int) -> bytes:
        return (kind.value + str(epoch)).encode().ljust(16, b"k")[:16]

    def record_key(self, data_set: str) -> bytes:
        return data_set.encode().ljust(16, b"r")[:16]

    def siphash_key(self, purpose: str, *ids: str | int) -> bytes:
        return purpose.encode().ljust(16, b"s")[:16]


class Table(NamedTuple):
    """A table to register: its people by version, and the decoys of its copies.

    fields  one column each; the name of a region (IE, US, NO or "") is a phone column read there
    """

    name: str
    epoch: int
    fields: tuple[str, ...]
    versions: tuple[list[Person], ...]
    copies: dict[str, list[Person]]


class World:
    """Tables in an index under a folder, and what tests need of them."""

    def __init__(self, folder: Path, tables: Sequence[Table]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.tables = tuple(tables)
        self.tickets: dict[int, str] = {}
        self.key_of = Keys().fingerprint_key
        self.lookup = Lookup([self._registered(folder, table) for table in tables])

    @property
    def records(self) -> list[dict[str, str]]:
        """Every row that an index holds, decoys too, by field."""
        return [
            {field: person[field] for field in table.fields}
            for table in self.tables
            for rows in (*table.versions, *table.copies.values())
            for person in rows
        ]

    def _registered(self, folder: Path, table: Table) -> DataSetIndex:
        def rows(people: list[Person]) -> list[Row]:
            return [tuple(person[field] for field in table.fields) for person in people]

        return index_of(
            folder,
            table.name,
            _columns(table),
            [rows(version) for version in table.versions],
            {copy: rows(decoys) for copy, decoys in table.copies.items()},
            epoch=table.epoch,
            tickets=self.tickets,
        )


def index_of(
    folder: Path,
    name: str,
    columns: tuple[Column, ...],
    versions: Sequence[Sequence[Row]],
    copies: Mapping[str, Sequence[Row]],
    *,
    epoch: int,
    tickets: dict[int, str],
) -> DataSetIndex:
    """A data set with segments in a folder. Its key is the first column; tickets: filled in with the key of
    each record."""
    prints = Fingerprinter(name, columns, [columns[0].name], epoch=epoch, keys=Keys())

    def segment(owner: str, rows: Sequence[Row]) -> Segment:
        ids = prints.record_ids(rows)
        tickets.update(zip(ids.tolist(), (str(row[0]) for row in rows), strict=True))
        path = folder / f"{name}-{owner.replace(':', '-')}.segment"
        forms = prints.forms(rows)
        traits = Traits()
        traits.add(forms)
        with SegmentWriter(Header(name, owner, epoch, NORMAL_FORMS), scratch=folder) as writer:
            writer.add(ids, prints.digests(rows), prints.hashed(forms))
            writer.finish(path, ended=np.empty(0, dtype=np.uint64), traits=traits)
        return Segment(path)

    return DataSetIndex(
        name,
        name,
        epoch,
        columns,
        tuple(segment(f"version:{number}", rows) for number, rows in enumerate(versions, start=1)),
        {copy: segment(f"copy:{copy}", rows) for copy, rows in copies.items()},
    )


def _columns(table: Table) -> tuple[Column, ...]:
    columns = []
    for field in table.fields:
        kind = _KINDS.get(field, Kind.PHONE)
        region = field if kind is Kind.PHONE else ""
        texts = [person[field] for person in table.versions[0]]
        learnt = kinds()[kind].learn(Column(field, kind, "", region=region), texts)
        columns.append(msgspec.structs.replace(learnt, region=region))
    return tuple(columns)


def made_up_world(folder: Path) -> World:
    """About 400 people: customers of Ireland with all kinds, Norwegians, and contacts of no known region."""
    return World(folder, [_customers(), _norwegians(), _contacts()])


def _customers() -> Table:
    random = Random(11)
    first = people(210, seed=1)
    later = [person | {"IE": phone("IE", random), "name": "Mary Murphy-Byrne"} for person in first[:20]]
    decoys = people(24, seed=2)
    decoys = [person | {"ticket": f"TCK-7{number:05}"} for number, person in enumerate(decoys)]
    decoys[0] |= {"IE": first[5]["IE"], "name": first[5]["name"]}  # a real person's number
    return Table(
        "customers",
        1,
        ("ticket", "order", "name", "email", "IE", "US", "street", "postcode", "born", "iban", "card", "pps"),
        (first, [*later, *people(5, seed=3)]),
        {"aaaaaaaa": decoys[:12], "bbbbbbbb": decoys[12:]},
    )


def _norwegians() -> Table:
    rows = people(120, seed=4)
    for each in rows[:50]:  # a switchboard, which more records share than are kept
        each["NO"] = "22 33 44 55"
    fields = ("code", "given", "family", "email", "NO", "born", "postcode")
    return Table("norwegians", 1, fields, (rows,), {"cccccccc": people(8, seed=5)})


def _contacts() -> Table:
    return Table("contacts", 2, ("hex", "name", "email", "", "street"), (people(70, seed=6),), {})
