"""Neither the order of a leak's rows, nor how often each stands there, nor its layout changes the window."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.app.demo.people import HEADER, customers
from trapstreet.core.fields import NORMAL_FORMS, recognise
from trapstreet.index import (
    Candidates,
    DataSetIndex,
    Fingerprinter,
    Header,
    Lookup,
    RecordJoin,
    ReferenceMatcher,
    Segment,
    SegmentWriter,
    Traits,
)
from trapstreet.trace.domain.dating import Dating, VersionSeen, date
from trapstreet.trace.domain.shown import shown
from watching import Keys

ROWS, CHANGED = 160, 60
Row = tuple[str, ...]


@pytest.fixture(scope="module")
def states() -> list[list[Row]]:
    """Three states of a table: each time other customers get new phone numbers."""
    current = [row[:4] for row in customers(ROWS, seed=21)]
    fresh = iter([row[3] for row in customers(ROWS, seed=22, first=9_000_000)])
    result = [current]
    for version in range(2):
        change = range(version * CHANGED, (version + 1) * CHANGED)
        current = [(*row[:3], next(fresh)) if at in change else row for at, row in enumerate(current)]
        result.append(current)
    return result


@pytest.fixture(scope="module")
def lookup(states: list[list[Row]], tmp_path_factory: pytest.TempPathFactory) -> Lookup:
    columns = recognise(HEADER[:4], states[0], region="IE", types={}, ignore=())
    prints = Fingerprinter("ds-1", columns, ["ticket"], epoch=1, keys=Keys())
    folder = tmp_path_factory.mktemp("index")
    segments = [written(folder, 1, prints, states[0], ended=[])]
    for number in (2, 3):
        new = [row for row in states[number - 1] if row not in states[number - 2]]
        segments.append(written(folder, number, prints, new, ended=new))
    return Lookup([DataSetIndex("ds-1", "customers", 1, columns, tuple(segments), {})])


def written(
    folder: Path, number: int, prints: Fingerprinter, rows: Sequence[Row], *, ended: Sequence[Row]
) -> Segment:
    path, traits = folder / str(number), Traits()
    with SegmentWriter(Header("ds-1", f"version:{number}", 1, NORMAL_FORMS), scratch=folder) as writer:
        forms = prints.forms(rows)
        traits.add(forms)
        writer.add(prints.record_ids(rows), prints.digests(rows), prints.hashed(forms))
        over = np.sort(prints.record_ids(ended)) if ended else np.empty(0, dtype=np.uint64)
        writer.finish(path, ended=over, traits=traits)
    return Segment(path)


def dated(lookup: Lookup, lines: Sequence[str]) -> Dating:
    join, candidates = RecordJoin(lookup), Candidates()
    matcher = ReferenceMatcher(lookup, Keys().fingerprint_key)
    for part in matcher.matches(["\n".join(lines).encode()], candidates=True):
        join.add(part)
        candidates.add(part)
    what = shown(join.met(), candidates, lookup, 0)
    assert what is not None
    return date(what.spans, [VersionSeen(at, at, False) for at in (100, 200, 300)])


@pytest.mark.parametrize(("version", "window"), [(1, (None, 200)), (2, (100, 300)), (3, (200, None))])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), separator=st.sampled_from([";", "\t", " | "]))
def test_order_duplicates_and_layout_do_not_change_the_window(
    lookup: Lookup,
    states: list[list[Row]],
    version: int,
    window: tuple[int | None, int | None],
    seed: int,
    separator: str,
) -> None:
    random = Random(seed)
    rows = states[version - 1]
    leak = rows + random.choices(rows, k=random.randrange(ROWS))
    random.shuffle(leak)
    dating = dated(lookup, [separator.join(row) for row in leak])
    assert dating == dated(lookup, [";".join(row) for row in rows])
    assert (dating.begin, dating.end) == window
    assert dating.versions == [version]
    assert dating.agree == 1
