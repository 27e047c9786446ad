"""Innocent copies through the whole pipeline, where coincidence is common: all draw from one small pool."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from decoys_tables import Owners
from people import as_batches
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, recognise
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.maths.entropy import coincidence
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.decoys import Decoy, DecoySettings, TableModel, TableModelBuilder, generate
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
from trapstreet.share.domain.issued import profiles_of
from trapstreet.trace.domain.shown import Shown

pytestmark = pytest.mark.slow

COPIES, EACH, LEAKED, POOL = 60, 40, 600, 20_000
World = tuple[tuple[Column, ...], list[Sequence[Decoy]], Lookup]
PHONE = frozenset({Kind.PHONE})
KEY = ["ticket"]
TICKET, NUMBER = HEADER.index("ticket"), HEADER.index("phone")


class Keys:
    """Fixed keys."""

    def fingerprint_key(self, kind: Kind, epoch: int) -> bytes:
        return kind.value.encode().ljust(16, b"f")[:16]

    def record_key(self, data_set: str) -> bytes:
        return b"record key here!"

    def siphash_key(self, purpose: str, *ids: str | int) -> bytes:
        return purpose.encode().ljust(16, b"s")[:16]


def issued(model: TableModel, owners: Owners, settings: DecoySettings) -> Iterator[Sequence[Decoy]]:
    """Copies one after another, each of which knows what those before it took."""
    for copy in range(COPIES):
        draws = KeyedDraws(copy.to_bytes(16, "little"), 1)
        decoys = generate(model, settings, draws=draws, count=EACH, taken=owners).decoys
        owners.add([decoy.cells for decoy in decoys])
        yield decoys


def written(folder: Path, name: str, prints: Fingerprinter, rows: Sequence[tuple[object, ...]]) -> Segment:
    traits = Traits()
    with SegmentWriter(Header("ds-1", name.replace("-", ":"), 1, NORMAL_FORMS), scratch=folder) as writer:
        forms = prints.forms(rows)
        traits.add(forms)
        writer.add(prints.record_ids(rows), prints.digests(rows), prints.hashed(forms))
        writer.finish(folder / name, ended=np.empty(0, dtype=np.uint64), traits=traits)
    return Segment(folder / name)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
) -> World:
    folder = tmp_path_factory.mktemp("index")
    rows = [(row[TICKET], row[NUMBER]) for row in customers(3_000, seed=12)]  # leaks show numbers only
    columns = recognise((HEADER[TICKET], HEADER[NUMBER]), rows, region="IE", types={}, ignore=())
    builder = TableModelBuilder(columns, KEY)
    for batch in as_batches(rows):
        builder.observe(batch)
    settings = DecoySettings(("d.example",), (f"+353 87 1230000-{1230000 + POOL - 1}",))
    copies = list(issued(builder.finish(), Owners(list(columns), KEY).add(rows), settings))
    prints = Fingerprinter("ds-1", columns, KEY, epoch=1, keys=Keys())
    segments = {
        str(copy): written(folder, f"copy-{copy}", prints, [decoy.cells for decoy in decoys])
        for copy, decoys in enumerate(copies)
    }
    version = written(folder, "version", prints, rows)
    return columns, copies, Lookup([DataSetIndex("ds-1", "customers", 1, columns, (version,), segments)])


def p_values(world: World, leaked: Sequence[str]) -> Iterator[float]:
    """log10 p of every copy for a list of phone numbers that nobody took from any of them."""
    columns, copies, lookup = world
    join, candidates = RecordJoin(lookup), Candidates()
    matcher = ReferenceMatcher(lookup, Keys().fingerprint_key)
    for part in matcher.matches(["\n".join(leaked).encode()], candidates=True):
        join.add(part)
        candidates.add(part)
    hits = Shown(decoys=dict(join.met().decoys(0))).hits()
    for copy, decoys in enumerate(copies):
        others = (COPIES - 1) * EACH
        profiles = profiles_of(decoys, columns)
        could, chance = coincidence(profiles, [["phone"]], candidates.met_by(PHONE), others=others)
        assert chance < 0.5, "a bound of one holds for anything"
        yield log10_binomial_tail(could, chance, hits.get(str(copy), {}).get(PHONE, 0))


def test_p_values_of_innocent_copies_are_no_smaller_than_they_should_be(
    world: World,
) -> None:
    """P(p ≤ x) ≤ x over 60 copies and 8 leaks; hits do occur, so the test could fail."""
    found: list[float] = []
    for leak in range(8):
        random = np.random.default_rng(leak)
        numbers = random.choice(POOL, size=LEAKED, replace=False)
        found += p_values(world, [f"087 {1230000 + number}" for number in numbers.tolist()])
    for level in (-0.3, -1.0, -2.0):
        below = sum(p <= level for p in found)
        assert log10_binomial_tail(len(found), 10**level, below) > -4, (level, below)
    assert sum(p < 0 for p in found) > len(found) / 4
