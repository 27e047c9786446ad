"""Whether a proof holds: every claim that can be computed is computed again, the rest is under a signature.

Nothing but the file is needed. Work is linear in its size.
"""

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, isfinite, log10, prod
from typing import NamedTuple

from trapstreet.core.fields import Kind, kinds
from trapstreet.core.maths.entropy import Profile, coincidence
from trapstreet.core.maths.merkle import includes, leaf_hash
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.core.model.commitment import (
    CopyFacts,
    HashedCell,
    HashedDecoy,
    cell_hash,
    commitment_over,
    hashed_root,
)
from trapstreet.keys.notes import read_verifier_key, signed_text
from trapstreet.proof.format import (
    Accused,
    Claims,
    DataSetClaims,
    Decoy,
    DoesNotHold,
    Entry,
    Log,
    Proof,
    copy_entry,
    proof_entry,
)
from trapstreet.proof.recount import Recount

_MOST_CHOICES = 100_000  # of columns, over all profiles: 10 µs each
_ROUNDING = 1e-9


class Judged(NamedTuple):
    """What the evidence against a copy comes to, computed from its opened commitment.

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


class Checked(NamedTuple):
    """A proof that holds.

    accused      per copy what was computed
    entries      how many entries the signed log has
    any_number   the accusations would hold even if every entry of the log were a copy
    """

    accused: dict[str, Judged]
    entries: int
    any_number: bool


def check(proof: Proof, *, log_key: str | None = None) -> Checked:
    """What the proof proves, if it holds.

    log_key  the C2SP verifier key that the log should have, as it was published; None: the reader compares
    Raises DoesNotHold.
    """
    claims = proof.claims
    entries, root = _checkpoint(proof.log, log_key)
    _on_record(proof_entry(claims), proof.log.proof, entries, root, "its claims are not those on record")
    bound = _number(claims.bound, "bound")
    if not 0 < bound < 1:
        raise DoesNotHold("the bound is no probability")
    accused = [(each, data_set) for data_set in claims.data_sets for each in data_set.accused]
    _totals(claims, proof.log, [each for each, _ in accused])
    judged = {}
    any_number = True
    for (each, data_set), entry in zip(accused, proof.log.copies, strict=True):
        _committed(each, data_set, entry, entries, root)
        result = judge(each, data_set)
        _figures(each, result)
        share = _number(each.share, "share of the bound")
        if result.log10_p > log10(bound) + log10(share):
            raise DoesNotHold("the bound is not kept: the evidence is too weak for the copy's share of it")
        judged[each.copy] = result
        any_number &= result.log10_p <= log10(bound) - log10(entries)
    return Checked(judged, entries, any_number)


def compare(proof: Proof, seen: Recount) -> None:
    """The proof against the leak itself: the same files, as many candidates, every hit found again.

    Raises DoesNotHold.
    """
    claimed = Counter(each.sha256 for each in proof.claims.leak)
    given = Counter(seen.files)
    if missing := (claimed - given).total():
        raise DoesNotHold(f"{missing:,} of its leak's {claimed.total():,} texts are not in the files given")
    if more := (given - claimed).total():
        raise DoesNotHold(f"{more:,} of the texts given are not of its leak")
    for data_set in proof.claims.data_sets:
        for tested in data_set.tested:
            if tested.candidates < seen.candidates[frozenset(tested.fields)]:
                raise DoesNotHold(
                    f"the leak shows more candidates ({' and '.join(tested.fields)}) than it claims"
                )
        for each in data_set.accused:
            lost = sum((each.copy, hit) not in seen.found for hit in each.hits)
            if lost:
                raise DoesNotHold(
                    f"{lost} of the {len(each.hits)} hits of a copy cannot be found in the leak"
                )


def judge(accused: Accused, data_set: DataSetClaims) -> Judged:
    """What the opened commitment and the hits come to (docs/attribution.md, section 3).

    Raises DoesNotHold where hits, decoys and fields do not fit together.
    """
    kind_of = _kinds(data_set)
    tested = _tested(data_set)
    if accused.fields not in tested:
        raise DoesNotHold("a copy is judged by fields that were not tested")
    decoys = {decoy.id: decoy for decoy in accused.decoys}
    _ascending([decoy.id for decoy in accused.decoys], "decoys")
    key = bytes.fromhex(accused.code_key)
    for decoy in accused.decoys:
        _well_formed(decoy, key, kind_of)
    _hits(accused, decoys, kind_of)
    empty = {column: cell_hash(key, column, None).hex() for column in kind_of}
    counts = Counter((decoy.bits, tuple(_filled(decoy, empty, kind_of))) for decoy in accused.decoys)
    profiles = [Profile(count, bits, dict(columns)) for (bits, columns), count in counts.items()]
    choices = [[name for name, kind in kind_of.items() if kind == each] for each in accused.fields]
    if len(profiles) * prod(map(len, choices)) > _MOST_CHOICES:
        raise DoesNotHold("it has too many columns of a kind to be computed")
    candidates = tested[accused.fields]
    could = coincidence(profiles, choices, candidates, others=accused.others)
    hits = len(accused.hits)
    if hits > could.decoys:
        raise DoesNotHold("it claims hits of decoys that have nothing in these fields")
    log10_p = log10_binomial_tail(could.decoys, could.q0, hits)
    if not isfinite(log10_p):
        raise DoesNotHold("it claims hits of decoys where nothing can be hit")
    return Judged(hits, could.decoys, could.q0, min(0.0, log10_p + log10(len(tested))))


def _checkpoint(log: Log, expected: str | None) -> tuple[int, bytes]:
    """Size and root of the log, as they were signed."""
    try:
        origin, _ = read_verifier_key(log.key)
    except ValueError as error:
        raise DoesNotHold("its log key is none") from error
    if expected is not None and expected != log.key:
        raise DoesNotHold("it is sealed under another log key than the one expected")
    try:
        text = signed_text(log.checkpoint, log.key)
    except ValueError:
        text = None
    if text is None:
        raise DoesNotHold("its checkpoint is not signed under its log key")
    signature = log.checkpoint.rstrip("\n").rpartition(" ")[2]
    try:
        size, root = int(text.split("\n")[1]), _bytes_of(text.split("\n")[2])
        spelled = f"{origin}\n{size}\n{_base64(root)}\n\n— {origin} {_base64(_bytes_of(signature))}\n"
    except (IndexError, ValueError) as error:
        raise DoesNotHold("its checkpoint is none") from error
    if log.checkpoint != spelled or size < 1:
        raise DoesNotHold("its checkpoint is none")
    return size, root


def _bytes_of(encoded: str) -> bytes:
    return base64.b64decode(encoded, validate=True)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _on_record(leaf: bytes, entry: Entry, size: int, root: bytes, otherwise: str) -> None:
    path = [bytes.fromhex(each) for each in entry.path]
    if not includes(leaf_hash(leaf), index=entry.index, size=size, proof=path, root=root):
        raise DoesNotHold(f"{otherwise} in the signed log")


def _totals(claims: Claims, log: Log, accused: Sequence[Accused]) -> None:
    """What the counts of copies and decoys must be at least, and can be at most."""
    if len(log.copies) != len(accused):
        raise DoesNotHold("it does not show the log's entry of every accused copy")
    if len({each.copy for each in accused}) < len(accused):
        raise DoesNotHold("a copy is accused twice")
    if len({each.id for each in claims.data_sets}) < len(claims.data_sets):
        raise DoesNotHold("a data set is there twice")
    if not len(accused) <= claims.copies <= log.proof.index:
        raise DoesNotHold("the number of copies does not fit the log: each has an entry of its own")
    if any(not 0 < _number(each.share, "share of the bound") <= 1 for each in accused):
        raise DoesNotHold("a share of the bound is none")
    if sum(float(each.share) for each in accused) > 1 + _ROUNDING:
        raise DoesNotHold("the shares of the bound are more than the whole")
    for data_set in claims.data_sets:
        decoys = sum(len(each.decoys) for each in data_set.accused)
        if any(each.others < decoys - len(each.decoys) for each in data_set.accused):
            raise DoesNotHold("other copies have more decoys than it claims")
    for each, entry in zip(accused, log.copies, strict=True):
        if entry.index >= log.proof.index or each.issued > claims.time:
            raise DoesNotHold("an accused copy was fixed only after the proof")


def _committed(each: Accused, data_set: DataSetClaims, entry: Entry, size: int, root: bytes) -> None:
    """The opened copy is the one that the log has had since it was handed out."""
    facts = CopyFacts(
        nonce=bytes.fromhex(each.nonce),
        copy_id=each.copy,
        code_key=bytes.fromhex(each.code_key),
        decoys=(),
        data_set_id=data_set.id,
        version=each.version,
        issued_us=each.issued,
        p_table=bytes.fromhex(each.p_table),
    )
    decoys = hashed_root(
        HashedDecoy(
            int(decoy.id, 16),
            tuple(HashedCell(cell.column, bytes.fromhex(cell.hash), cell.draws) for cell in decoy.cells),
            decoy.bits,
        )
        for decoy in each.decoys
    )
    _on_record(
        copy_entry(each.copy, commitment_over(facts, decoys), each.issued),
        entry,
        size,
        root,
        "an accused copy, as it is opened here, is not",
    )


def _kinds(data_set: DataSetClaims) -> Mapping[str, Kind]:
    kind_of = {column.name: column.kind for column in data_set.columns}
    if len(kind_of) < len(data_set.columns):
        raise DoesNotHold("a column is there twice")
    return kind_of


def _tested(data_set: DataSetClaims) -> Mapping[tuple[Kind, ...], int]:
    """Per tested set of fields its candidates. Only what real records show may have chosen the sets."""
    tested = {each.fields: each.candidates for each in data_set.tested}
    if len(tested) < len(data_set.tested) or any(sorted(set(each)) != list(each) for each in tested):
        raise DoesNotHold("the tested fields are not in order")
    if not all(kind in kinds() and kinds()[kind].anchor for each in tested for kind in each):
        raise DoesNotHold("fields were tested that no decoy is found by")
    for each in data_set.tested:
        if not each.records <= data_set.records <= 20 * each.records:
            raise DoesNotHold("fields were tested that less than 5 % of the real records show")
    return tested


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


def _hits(accused: Accused, decoys: Mapping[str, Decoy], kind_of: Mapping[str, Kind]) -> None:
    """Hits are of different decoys of the copy, each opened in every field and in nothing else."""
    _ascending(accused.hits, "hits")
    for hit in accused.hits:
        if hit not in decoys:
            raise DoesNotHold("a hit is no decoy of the copy")
        opened = {kind_of[cell.column] for cell in decoys[hit].cells if cell.form is not None}
        if opened != set(accused.fields):
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


def _figures(claimed: Accused, found: Judged) -> None:
    chance, log10_p = _number(claimed.chance, "chance"), _number(claimed.log10_p, "log10_p")
    if claimed.of != found.of:
        raise DoesNotHold(f"a copy has {found.of} decoys with these fields, not {claimed.of}")
    if chance != found.stated_chance:
        raise DoesNotHold("the chance of a coincidence is not what the draws come to")
    if log10_p != found.stated:
        raise DoesNotHold(f"log10 p comes to {found.stated:.3f}, not to {log10_p:.3f}")


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise DoesNotHold(f"its {what} is no number") from error
    if not isfinite(number) or repr(number) != text:
        raise DoesNotHold(f"its {what} is not a number in its one spelling")
    return number
