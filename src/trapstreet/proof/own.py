"""What the decoys that are a copy's alone come to, from the draws that it committed to (docs/attribution.md,
section 3)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, isfinite, log10, prod
from typing import NamedTuple

from trapstreet.core.fields import Kind, kinds
from trapstreet.core.maths.entropy import Profile, coincidence
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.core.model.commitment import HashedCell, HashedDecoy, cell_hash, hashed_root
from trapstreet.proof.format import Accused, DataSetClaims, Decoy, DoesNotHold, OwnDecoys

_MOST_CHOICES = 100_000  # of columns, over all profiles: 10 µs each


class OwnJudged(NamedTuple):
    """What the evidence by a copy's own decoys comes to.

    hits of the `of` decoys that have all of the fields, each by chance with at most `chance`
    """

    hits: int
    of: int
    chance: float
    log10_p: float

    @property
    def stated(self) -> float:
        """log10_p to a thousandth, rounded upward."""
        return ceil(self.log10_p * 1000) / 1000

    @property
    def stated_chance(self) -> float:
        """The chance to six digits: other libraries of mathematics differ in the last ones."""
        return float(f"{self.chance:.6g}")


def judge_own(copy: Accused, own: OwnDecoys, data_set: DataSetClaims) -> OwnJudged:
    """What the opened decoys and the hits come to.

    Raises DoesNotHold where hits, decoys, fields and the commitment's root do not fit together.
    """
    kind_of = _kinds(data_set)
    candidates_of = tested(data_set)
    if own.fields not in candidates_of:
        raise DoesNotHold("a copy is judged by fields that were not tested")
    decoys = {decoy.id: decoy for decoy in own.decoys}
    _ascending([decoy.id for decoy in own.decoys], "decoys")
    if _root(own) != bytes.fromhex(copy.decoy_root):
        raise DoesNotHold("the decoys of a copy, as they are opened here, are not those it committed to")
    key = bytes.fromhex(copy.code_key)
    for decoy in own.decoys:
        _well_formed(decoy, key, kind_of)
    _hits(own, decoys, kind_of)
    empty = {column: cell_hash(key, column, None).hex() for column in kind_of}
    counts = Counter((decoy.bits, tuple(_filled(decoy, empty, kind_of))) for decoy in own.decoys)
    profiles = [Profile(count, bits, dict(columns)) for (bits, columns), count in counts.items()]
    choices = [[name for name, kind in kind_of.items() if kind == each] for each in own.fields]
    if len(profiles) * prod(map(len, choices)) > _MOST_CHOICES:
        raise DoesNotHold("it has too many columns of a kind to be computed")
    could = coincidence(profiles, choices, candidates_of[own.fields], others=own.others)
    hits = len(own.hits)
    if hits > could.decoys:
        raise DoesNotHold("it claims hits of decoys that have nothing in these fields")
    log10_p = log10_binomial_tail(could.decoys, could.q0, hits)
    if not isfinite(log10_p):
        raise DoesNotHold("it claims hits of decoys where nothing can be hit")
    return OwnJudged(hits, could.decoys, could.q0, min(0.0, log10_p + log10(len(candidates_of))))


def tested(data_set: DataSetClaims) -> Mapping[tuple[Kind, ...], int]:
    """Per tested set of fields its candidates. Only what real records show may have chosen the sets.

    Raises DoesNotHold where something else did.
    """
    candidates = {each.fields: each.candidates for each in data_set.tested}
    if len(candidates) < len(data_set.tested) or any(sorted(set(each)) != list(each) for each in candidates):
        raise DoesNotHold("the tested fields are not in order")
    if not all(kind in kinds() and kinds()[kind].anchor for each in candidates for kind in each):
        raise DoesNotHold("fields were tested that no decoy is found by")
    for each in data_set.tested:
        if not each.records <= data_set.records <= 20 * each.records:
            raise DoesNotHold("fields were tested that less than 5 % of the real records show")
    return candidates


def _root(own: OwnDecoys) -> bytes:
    return hashed_root(
        HashedDecoy(
            int(decoy.id, 16),
            tuple(HashedCell(cell.column, bytes.fromhex(cell.hash), cell.draws) for cell in decoy.cells),
            decoy.bits,
        )
        for decoy in own.decoys
    )


def _kinds(data_set: DataSetClaims) -> Mapping[str, Kind]:
    kind_of = {column.name: column.kind for column in data_set.columns}
    if len(kind_of) < len(data_set.columns):
        raise DoesNotHold("a column is there twice")
    return kind_of


def _well_formed(decoy: Decoy, key: bytes, kind_of: Mapping[str, Kind]) -> None:
    columns = {cell.column for cell in decoy.cells}
    if len(columns) < len(decoy.cells) or not columns <= kind_of.keys():
        raise DoesNotHold("a decoy has columns that the data set does not have")
    for cell in decoy.cells:
        if any(draw >= len(decoy.bits) for draw in cell.draws):
            raise DoesNotHold("a cell shows a draw that its decoy does not rest on")
        if cell.form is not None and _hash(key, cell.column, cell.form) != cell.hash:
            raise DoesNotHold("an opened value is not the one that was committed to")


def _hash(key: bytes, column: str, form: str) -> str:
    return cell_hash(key, column, bytes.fromhex(form)).hex()


def _hits(own: OwnDecoys, decoys: Mapping[str, Decoy], kind_of: Mapping[str, Kind]) -> None:
    """Hits are of different decoys of the copy, each opened in every field and in nothing else."""
    _ascending(own.hits, "hits")
    for hit in own.hits:
        if hit not in decoys:
            raise DoesNotHold("a hit is no decoy of the copy")
        opened = {kind_of[cell.column] for cell in decoys[hit].cells if cell.form is not None}
        if opened != set(own.fields):
            raise DoesNotHold("a hit is not opened by the fields that the copy is judged by")


def _ascending(ids: Sequence[str], what: str) -> None:
    if any(one >= other for one, other in pairwise(ids)):
        raise DoesNotHold(f"the {what} of a copy are not in ascending order, each once")


def _filled(
    decoy: Decoy, empty: Mapping[str, str], kind_of: Mapping[str, Kind]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The columns of a decoy that hold something, each with its draws; one that repeats another has its."""
    shown = {
        (kind_of[cell.column], cell.form): cell.draws
        for cell in decoy.cells
        if cell.form is not None and cell.draws
    }
    for cell in decoy.cells:
        if cell.hash != empty[cell.column]:
            repeated = shown.get((kind_of[cell.column], cell.form), ()) if cell.form else ()
            yield cell.column, cell.draws or repeated
