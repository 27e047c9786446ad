"""The kernel's matcher: what kernel.c needs to know of a lookup, and its answers as columns."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from ctypes import CDLL, byref, c_uint64, c_void_p, string_at
from typing import Any, NamedTuple
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.core.fields.kinds import email
from trapstreet.core.maths.siphash import siphash24_many
from trapstreet.index import kernel_abi as abi
from trapstreet.index.kernel_config import Configuration, check
from trapstreet.index.lookup import KeyOf, Lookup
from trapstreet.index.matcher import CODE, NO_HITS, CandidateForms, Hits, Matches, assemble, together
from trapstreet.index.native import load
from trapstreet.index.sketch import KEPT, Sketch
from trapstreet.index.stretches import Stretch, stretches

STRETCH = 1 << 22

_EVERYTHING = (1 << 64) - 1
_PENDING = 8  # sketches that are united together
_KEPT = 1 << 19  # room for so many hits stays, 36 MB with what sorts them; and for so many candidates

_NOTHING = Sketch.empty()
_CODE_OF = np.array([CODE[kind] for kind in abi.ANCHORS], dtype=np.uint8)


class KernelMatcher:
    """Finds the values of all data sets of a lookup, hundreds of MB a second on each core (bench/matcher.py).

    Its matches are those of ReferenceMatcher. Any number of threads may share it. Memory is that of two or
    three stretches for each thread, some 200 bytes for each match in them, and up to 50 MB that stay for the
    next search of each thread once a text was full of hits.
    """

    def __init__(self, lookup: Lookup, key_of: KeyOf, threads: int = 1, *, kept: int = KEPT) -> None:
        """Raises RuntimeError where there is no kernel (native.why_not).

        kept  fingerprints of its sketches
        """
        self._lookup = lookup
        self._threads, self._kept = threads, kept
        epochs = sorted({epoch for _, epoch in lookup.anchors()})
        self._plans = [_Plan(lookup, key_of, epoch, kept) for epoch in epochs]
        self._pool = ThreadPoolExecutor(threads)  # begins no thread before the first long text

    def matches(self, chunks: Iterable[bytes], *, candidates: bool = False) -> Iterator[Matches]:
        """Stretches are searched side by side; their answers come in order.

        Their sketches hold what is new: merged, they are the sketch of the text.
        """
        seen = _Seen(self._kept)
        waiting: deque[Future[Matches]] = deque()
        for stretch in stretches(chunks, STRETCH):
            if self._threads == 1 or (stretch.size < STRETCH and not waiting):
                yield seen.noted(self._search(stretch, candidates, seen.thresholds))
                continue
            waiting.append(self._pool.submit(self._search, stretch, candidates, seen.thresholds))
            if len(waiting) > self._threads:
                yield seen.noted(waiting.popleft().result())
        while waiting:
            yield seen.noted(waiting.popleft().result())

    def _search(self, stretch: Stretch, candidates: bool, thresholds: Mapping[Kind, int]) -> Matches:
        text = stretch.text()
        parts = [plan.search(stretch, text, candidates, thresholds) for plan in self._plans]
        latest: dict[Kind, _Part] = {kind: part for part in parts for kind in part.sketches}
        return assemble(
            self._lookup,
            text,
            stretch.offset,
            stretch.size,
            together([part.hits for part in parts]),
            candidates={kind: part.candidates[kind] for kind, part in latest.items()} if candidates else {},
            sketches={kind: part.sketches[kind] for kind, part in latest.items()},
        )


class _Seen:
    """The sketches of a text so far: only smaller fingerprints than theirs can still change them."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._sketches: defaultdict[Kind, list[Sketch]] = defaultdict(list)
        self.thresholds: dict[Kind, int] = {}

    def noted(self, matches: Matches) -> Matches:
        for kind, sketch in matches.sketches.items():
            if not len(sketch.fingerprints):
                continue
            parts = self._sketches[kind]
            parts.append(sketch)
            seen = sum(len(part.fingerprints) for part in parts)
            enough = kind not in self.thresholds and seen >= self._kept
            if enough or len(parts) > _PENDING:
                whole = Sketch.union(parts, kept=self._kept)
                parts[:] = [whole]
                if len(whole.fingerprints) == self._kept:
                    self.thresholds = {**self.thresholds, kind: int(whole.fingerprints[-1])}
        return matches


class _Part(NamedTuple):
    """What one epoch's search of a stretch gives; kinds without columns of this epoch are absent."""

    hits: Hits
    candidates: dict[Kind, CandidateForms]
    sketches: dict[Kind, Sketch]


class _Plan:
    """A search for everything of one epoch."""

    def __init__(self, lookup: Lookup, key_of: KeyOf, epoch: int, kept: int) -> None:
        self._kept = kept
        library = load()
        if library is None:
            raise RuntimeError("there is no kernel")
        self._library = library
        self._configured = Configuration(library, lookup, key_of, epoch)
        self._config = byref(self._configured.config)
        self._keys = self._configured.keys
        self._idle: list[abi.Results] = []  # with the memory that they have come to hold
        finalize(self, _free, library, self._idle)

    def search(
        self, stretch: Stretch, text: memoryview, candidates: bool, thresholds: Mapping[Kind, int]
    ) -> _Part:
        """Everything that begins in the stretch, whose text this is.

        Runs without Python's lock but for addresses that are not ASCII, where any such is registered.
        """
        try:
            results = self._idle.pop()
        except IndexError:
            results = abi.Results(keep=self._kept)
        for at, kind in enumerate(abi.ANCHORS):
            results.threshold[at] = thresholds.get(kind, _EVERYTHING)
        begin, size = _address(text), c_uint64(len(text))
        try:
            found = self._library.ts_scan(
                self._config,
                begin,
                size,
                c_uint64(stretch.first),
                c_uint64(stretch.last),
                int(candidates),
                byref(results),
            )
            check(found)
            wide = self._offer_unicode(stretch, text, results)
            self._confirm(begin, size, results)
            return self._part(results, stretch.offset, candidates, wide)
        finally:
            if max(results.room_hits, results.room_candidates) <= _KEPT:
                self._library.ts_reset(byref(results))
                self._idle.append(results)
            else:
                self._library.ts_free(byref(results))

    def _offer_unicode(self, stretch: Stretch, text: memoryview, results: abi.Results) -> "_Forms":
        """Look up the readings of addresses that only Python can make."""
        if not results.n_hard:
            return _NO_FORMS
        wide, whole = _Forms(), bytes(text)
        for at in _copied(results.hard, results.n_hard, abi.HARD).tolist():
            candidate = email.unicode_candidate(whole, at)
            if candidate and stretch.first <= candidate.start < stretch.last:
                for form in candidate.forms:
                    wide.add(candidate.start, candidate.end, form)
        if wide.forms:
            fingerprints = self._hashed(wide)
            starts, ends = (places.astype(np.uint32) for places in wide.columns())
            check(
                self._library.ts_offer(
                    self._config,
                    abi.ANCHORS.index(Kind.EMAIL),
                    c_void_p(fingerprints.ctypes.data),
                    c_void_p(starts.ctypes.data),
                    c_void_p(ends.ctypes.data),
                    c_uint64(len(starts)),
                    byref(results),
                )
            )
        return wide

    def _confirm(self, begin: c_void_p, size: c_uint64, results: abi.Results) -> None:
        while True:
            wanted = self._library.ts_confirm(self._config, begin, size, byref(results))
            if wanted <= 0:
                check(wanted)
                return
            self._configured.give_page(wanted - 1)

    def _part(self, results: abi.Results, offset: int, candidates: bool, wide: "_Forms") -> _Part:
        return _Part(
            self._hits(results, offset) if results.n_hits else NO_HITS,
            self._candidates(results, offset, wide) if candidates else {},
            self._sketches(results, wide),
        )

    def _hits(self, results: abi.Results, offset: int) -> Hits:
        hits = _copied(results.hits, results.n_hits, abi.HIT)
        return Hits(
            start=np.add(hits["start"], offset, dtype=np.int64),
            end=np.add(hits["end"], offset, dtype=np.int64),
            kind=_CODE_OF[hits["anchor"]],
            fingerprint=hits["fingerprint"],
            table=self._configured.numbers[hits["table"]],
            number=hits["number"],
            confirmed=hits["confirmed"],
        )

    def _candidates(self, results: abi.Results, offset: int, wide: "_Forms") -> dict[Kind, CandidateForms]:
        everything = _copied(results.candidates, results.n_candidates, abi.CANDIDATE)
        found: dict[Kind, CandidateForms] = {}
        for kind in self._keys:
            own = everything[everything["anchor"] == abi.ANCHORS.index(kind)]
            fingerprints, places, ends = (
                own["fingerprint"],
                own["start"].astype(np.int64),
                own["end"].astype(np.int64),
            )
            if kind is Kind.EMAIL and wide.forms:
                more = wide.columns()
                fingerprints = np.concatenate([fingerprints, self._hashed(wide)])
                places, ends = np.concatenate([places, more[0]]), np.concatenate([ends, more[1]])
            order = np.lexsort((fingerprints, ends, places))
            columns = (fingerprints[order], ends[order], places[order])
            fresh = np.any([column[1:] != column[:-1] for column in columns], axis=0)
            order = order[np.append(True, fresh)[: len(order)]]  # two readings can have a form in common
            found[kind] = CandidateForms(fingerprints[order], places[order] + offset, ends[order] + offset)
        return found

    def _sketches(self, results: abi.Results, wide: "_Forms") -> dict[Kind, Sketch]:
        found: dict[Kind, Sketch] = {}
        for kind in self._keys:
            at = abi.ANCHORS.index(kind)
            if not results.n_samples[at] and not wide.forms:
                found[kind] = _NOTHING
                continue
            samples = _copied(results.samples[at], results.n_samples[at], abi.SAMPLE)
            found[kind] = Sketch(samples["fingerprint"], samples["form"])
            if kind is Kind.EMAIL and wide.forms:
                of = Sketch.of(self._hashed(wide), wide.forms, kept=self._kept)
                found[kind] = Sketch.union([found[kind], of], kept=self._kept)
        return found

    def _hashed(self, wide: "_Forms") -> NDArray[np.uint64]:
        return siphash24_many(self._keys[Kind.EMAIL], wide.forms)


class _Forms:
    """Forms that Python found, with their places in the stretch."""

    def __init__(self) -> None:
        self.forms: list[bytes] = []
        self._places: list[tuple[int, int]] = []

    def add(self, start: int, end: int, form: bytes) -> None:
        self.forms.append(form)
        self._places.append((start, end))

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each form begins and ends."""
        both = np.array(self._places, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]


_NO_FORMS = _Forms()


def _address(text: memoryview) -> c_void_p:
    """Where a text lies, which must be kept as long as the address is used."""
    return c_void_p(np.frombuffer(text, dtype=np.uint8).__array_interface__["data"][0])  # .ctypes takes 5 µs


def _copied(address: int | None, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array of the kernel's as one of ours."""
    if not count or not address:
        return np.empty(0, dtype=dtype)
    return np.frombuffer(string_at(address, count * dtype.itemsize), dtype=dtype)


def _free(library: CDLL, results: list[abi.Results]) -> None:
    for each in results:
        library.ts_free(byref(each))
