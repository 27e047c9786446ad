"""After an erasure everybody else is found just as in an index that never knew the person."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcher_world
from matcher_people import Person, people, phone
from matchers import everything, make
from trapstreet.core.fields import NORMAL_FORMS
from trapstreet.core.fields.kind import Column
from trapstreet.index import (
    DataSetIndex,
    Fingerprinter,
    Header,
    Lookup,
    Segment,
    SegmentWriter,
    Traits,
    held_in,
    living,
)
from trapstreet.index.erase import erase, mentions, random_ids
from tries import tries

pytestmark = pytest.mark.slow

FIELDS = ("ticket", "name", "email", "IE", "street", "born", "iban")
KEYS = matcher_world.Keys()
COUNT = 60
COMPARED = ("start", "end", "kind", "fingerprint", "owner", "record", "confirmed", "size")


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    """People of whom the first two share an e-mail address, and the second and third a telephone."""
    made = people(COUNT, seed=5)
    for at, person in enumerate(made):
        person["IE"] = phone("IE", matcher_world.Random(at))
    made[1]["email"] = made[0]["email"]
    made[2]["IE"] = made[1]["IE"]
    return made


def versions_of(crowd: Sequence[Person], changed: set[int], without: set[int]) -> list[dict[int, Person]]:
    """Three tables by the number of the person: in the second some moved, in the third each fifth is gone."""
    first = {at: person for at, person in enumerate(crowd) if at not in without}
    second = {
        at: person | {"street": f"{at + 1} New Road", "email": f"new{at}@quay.example"}
        if at in changed
        else person
        for at, person in first.items()
    }
    return [first, second, {at: person for at, person in second.items() if at % 5}]


def indexed(
    folder: Path, columns: tuple[Column, ...], versions: Sequence[dict[int, Person]]
) -> tuple[DataSetIndex, dict[int, int]]:
    """The tables registered one after the other, and each person's RecordId."""
    prints = Fingerprinter("ds", columns, ["ticket"], epoch=1, keys=KEYS)
    ids: dict[int, int] = {}
    before: dict[int, Person] = {}
    segments = []
    for number, present in enumerate(versions, start=1):
        rows = {at: tuple(person[field] for field in FIELDS) for at, person in present.items()}
        ids |= dict(zip(rows, prints.record_ids(list(rows.values())).tolist(), strict=True))
        ended = [ids[at] for at, person in before.items() if present.get(at) != person]
        fresh = [row for at, row in rows.items() if before.get(at) != present[at]]
        path = folder / f"{number}.segment"
        with SegmentWriter(Header("ds", f"version:{number}", 1, NORMAL_FORMS), scratch=folder) as writer:
            writer.add(prints.record_ids(fresh), prints.digests(fresh), prints.fingerprints(fresh))
            writer.finish(path, ended=np.array(ended, dtype=np.uint64), traits=Traits({7, 8}, 1))
        segments.append(Segment(path))
        before = present
    return DataSetIndex("ds", "ds", 1, columns, tuple(segments), {}), ids


def without(index: DataSetIndex, ids: np.ndarray) -> DataSetIndex:
    """The index after these records were erased from it."""
    ghosts = random_ids(len(ids))
    segments = []
    for segment in index.versions:
        path = segment.path.with_suffix(".erased")
        if mentions(segment, ids):
            erase(segment, ids, ghosts, path)
        segments.append(Segment(path) if path.exists() else segment)
    return DataSetIndex("ds", "ds", 1, index.columns, tuple(segments), {})


@pytest.mark.parametrize("matcher", ["reference", "kernel"])
@settings(max_examples=tries(15), deadline=None)
@given(
    gone=st.sets(st.integers(0, COUNT - 1), min_size=1, max_size=6),
    changed=st.sets(st.integers(0, COUNT - 1), max_size=20),
)
def test_all_others_are_found_as_if_the_person_had_never_been_there(
    crowd: list[Person], matcher: str, gone: set[int], changed: set[int]
) -> None:
    table = matcher_world.Table("ds", 1, FIELDS, (crowd,), {})
    columns = matcher_world._columns(table)
    versions = versions_of(crowd, changed, set())
    text = "\n".join(
        " / ".join(person[field] for field in FIELDS) for each in versions for person in each.values()
    ).encode()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        index, ids = indexed(Path(one), columns, versions)
        erased = without(index, np.array(sorted(ids[at] for at in gone), dtype=np.uint64))
        never, _ = indexed(Path(other), columns, versions_of(crowd, changed, gone))
        found, expected = (
            everything(make(matcher, Lookup([each]), KEYS.fingerprint_key).matches([text]))
            for each in (erased, never)
        )
        assert {name: found[name] for name in COMPARED} == {name: expected[name] for name in COMPARED}
        assert not set(found["record"]) & {ids[at] for at in gone}

        others = np.array(sorted(set(ids.values()) - {ids[at] for at in gone}), dtype=np.uint64)
        assert [there.tolist() for there, _ in held_in(others, erased.versions)] == [
            there.tolist() for there, _ in held_in(others, never.versions)
        ]
        assert np.isin(living(never.versions).record_ids, living(erased.versions).record_ids).all()
        assert len(living(erased.versions).record_ids) == len(living(index.versions).record_ids)
