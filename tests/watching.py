"""Scans without a workspace: tables fingerprinted under fixed keys, texts from memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from people import as_batches
from trapstreet.app.demo.people import HEADER
from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, recognise
from trapstreet.core.model.objects import Unread
from trapstreet.index import (
    DataSetIndex,
    Fingerprinter,
    Header,
    Lookup,
    Matcher,
    ReferenceMatcher,
    Segment,
    SegmentWriter,
    SpaceSampler,
    Traits,
)
from trapstreet.index.kernel import KernelMatcher
from trapstreet.index.native import load
from trapstreet.watch import Finding, Public, Scan, scan

Rows = Sequence[tuple[str, ...]]


class Keys:
    """Fixed keys."""

    def fingerprint_key(self, kind: Kind, epoch: int) -> bytes:
        return kind.value.encode().ljust(16, b"f")[:16]

    def record_key(self, data_set: str) -> bytes:
        return b"record key here!"

    def siphash_key(self, purpose: str, *ids: str | int) -> bytes:
        return purpose.encode().ljust(16, b"s")[:16]


def columns_of(rows: Rows, header: Sequence[str] = HEADER, region: str = "IE") -> tuple[Column, ...]:
    return recognise(header, rows[:10_000], region=region, types={}, ignore=())


def segment(
    path: Path,
    rows: Rows,
    columns: Sequence[Column],
    *,
    owner: str = "version:1",
    key: Sequence[str] = (),
    before: Rows = (),
) -> Segment:
    """The segment of a version, or of a copy; the records of `before` are over where they come again."""
    prints = Fingerprinter("ds-1", columns, [*(key or [columns[0].name])], epoch=1, keys=Keys())
    traits, sampler = Traits(), SpaceSampler()
    with SegmentWriter(Header("ds-1", owner, 1, NORMAL_FORMS), scratch=path.parent) as writer:
        for batch in as_batches([*rows]):
            forms = prints.forms(batch.rows)
            writer.add(prints.record_ids(batch.rows), prints.digests(batch.rows), prints.hashed(forms))
            traits.add(forms)
            for kind, each in forms.items():
                sampler.add(kind, each.forms)
        ids = prints.record_ids([*rows]) if rows else np.empty(0, dtype=np.uint64)
        ended = np.intersect1d(prints.record_ids([*before]), ids) if before else np.empty(0, dtype=np.uint64)
        writer.finish(path, ended=ended, traits=traits, spaces=sampler.spaces())
    return Segment(path)


def lookup_of(
    folder: Path, rows: Rows, columns: Sequence[Column], copies: dict[str, Rows] | None = None
) -> Lookup:
    """One data set "customers" of one version, with the decoys of copies."""
    version = segment(folder / "version", rows, columns)
    made = {
        copy: segment(folder / f"copy-{copy}", decoys, columns, owner=f"copy:{copy}")
        for copy, decoys in (copies or {}).items()
    }
    return Lookup([DataSetIndex("ds-1", "customers", 1, tuple(columns), (version,), made)])


@dataclass
class Memory:
    """A text in memory."""

    path: str
    text: str
    source: str = "memory"
    sha256: str = "0" * 64
    trail: None = None

    @property
    def chunks(self) -> Iterator[bytes]:
        return iter([self.text.encode()])

    def will_tell(self) -> None:
        """Its hash is known."""


def matcher_of(lookup: Lookup) -> Matcher:
    key_of = Keys().fingerprint_key
    return KernelMatcher(lookup, key_of) if load() else ReferenceMatcher(lookup, key_of)


def scanned(lookup: Lookup, *texts: str, public: Sequence[str] = ()) -> Scan:
    """A scan of texts, named text-0, text-1, …"""
    objects: list[Memory | Unread] = [Memory(f"text-{at}", text) for at, text in enumerate(texts)]
    aside = Public.of(public, lookup, Keys().fingerprint_key)
    return scan(objects, lookup=lookup, matcher=matcher_of(lookup), public=aside)


def found(lookup: Lookup, *texts: str) -> list[Finding]:
    return scanned(lookup, *texts).findings
