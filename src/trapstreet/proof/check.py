"""Whether a proof holds: every claim that can be computed is computed again, the rest is under a signature.

Nothing but the file is needed. Work is linear in its size.
"""

import base64
from collections import Counter
from collections.abc import Sequence
from math import isfinite, log10
from typing import NamedTuple

from trapstreet.core.maths.merkle import includes, leaf_hash
from trapstreet.core.model.commitment import NO_P_TABLE, CopyFacts, commitment_over
from trapstreet.keys.notes import read_verifier_key, signed_text
from trapstreet.proof.code import CodeJudged, judge_code
from trapstreet.proof.format import (
    Accused,
    Claims,
    Code,
    DataSetClaims,
    DoesNotHold,
    Entry,
    Log,
    OwnDecoys,
    Proof,
    copy_entry,
    proof_entry,
)
from trapstreet.proof.marks import MarksJudged, judge_marks
from trapstreet.proof.own import OwnJudged, judge_own, tested
from trapstreet.proof.recount import Recount

_MOST_CODES = 100  # 15 ms each
_MOST_TABLES = 50_000  # bytes: a class of marks has some 15, and takes 1.2 ms
_MOST_POSITIONS = 5_000_000  # 0.3 to 0.5 µs each
_ROUNDING = 1e-9
_TESTS = 4
"""Of a copy with a p-table: its own decoys, its code, its code beside other copies, its marks."""
_FOR_GROUPS = 0.01
"""The part of the bound that no copy is accused by: groups are named by it."""


class Judged(NamedTuple):
    """What the evidence against a copy comes to, computed from its opened commitment: by its own decoys, by
    its code, by its marks, or by several."""

    own: OwnJudged | None
    code: CodeJudged | None
    marks: MarksJudged | None

    @property
    def log10_p(self) -> float:
        """That of the strongest evidence."""
        return min(each.log10_p for each in self if each)


class Checked(NamedTuple):
    """A proof that holds.

    accused      per copy what was computed
    entries      how many entries the signed log has
    any_number   the accusations would hold even if every entry of the log were a copy, each put to as many
                 tests
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
        judged[each.copy] = _judged(each, data_set, log10(bound))
        tests = 1 if bytes.fromhex(each.p_table) == NO_P_TABLE else _TESTS
        most = log10(bound) + log10(1 - _FOR_GROUPS) - log10(tests * entries)
        any_number &= judged[each.copy].log10_p <= most
    return Checked(judged, entries, any_number)


def compare(proof: Proof, seen: Recount) -> None:
    """The proof against the leak itself: the same files, as many candidates, every hit found again.

    Raises DoesNotHold.
    """
    if lacking := missing(proof, seen):
        claimed = len(proof.claims.leak)
        raise DoesNotHold(f"{lacking:,} of its leak's {claimed:,} texts are not in the files given")
    if more := (Counter(seen.files) - _texts_of(proof)).total():
        raise DoesNotHold(f"{more:,} of the texts given are not of its leak")
    for data_set in proof.claims.data_sets:
        for fields, candidates in tested(data_set).items():
            if candidates < seen.candidates[frozenset(fields)]:
                raise DoesNotHold(f"the leak shows more candidates ({' and '.join(fields)}) than it claims")
        for each in data_set.accused:
            hits = each.own.hits if each.own else ()
            lost = sum((each.copy, hit) not in seen.found for hit in hits)
            if lost:
                raise DoesNotHold(f"{lost} of the {len(hits)} hits of a copy cannot be found in the leak")


def missing(proof: Proof, seen: Recount) -> int:
    """How many of the leak's texts are not among those that were read."""
    return (_texts_of(proof) - Counter(seen.files)).total()


def _texts_of(proof: Proof) -> Counter[str]:
    return Counter(each.sha256 for each in proof.claims.leak)


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
    _shares(accused)
    for data_set in claims.data_sets:
        tested(data_set)
        own = [each.own for each in data_set.accused if each.own]
        decoys = sum(len(each.decoys) for each in own)
        if any(each.others < decoys - len(each.decoys) for each in own):
            raise DoesNotHold("other copies have more decoys than it claims")
    _bounded(claims.data_sets)
    for each, entry in zip(accused, log.copies, strict=True):
        if entry.index >= log.proof.index or each.issued > claims.time:
            raise DoesNotHold("an accused copy was fixed only after the proof")


def _bounded(data_sets: Sequence[DataSetClaims]) -> None:
    """What a hostile file may cost."""
    codes, positions, tables = 0, 0, 0
    for data_set in data_sets:
        by_code = [len(each.shown + each.hidden + each.rows) for each in data_set.positions]
        by_marks = [sum(len(each.ones + each.zeros) for each in part) for part in data_set.spellings]
        for accused in data_set.accused:
            for part, sizes in ((accused.code, by_code), (accused.marks, by_marks)):
                if part and part.at < len(sizes):
                    codes += 1
                    positions += sizes[part.at] // 8
                    tables += len(accused.p_table) // 2
    if codes > _MOST_CODES or positions > _MOST_POSITIONS or tables > _MOST_TABLES:
        raise DoesNotHold("it has too many codes to be computed")


def _shares(accused: Sequence[Accused]) -> None:
    if not all(map(_parts, accused)):
        raise DoesNotHold("a copy is accused without evidence")
    shares = [_number(part.share, "share of the bound") for each in accused for part in _parts(each)]
    if not all(0 < share <= 1 for share in shares):
        raise DoesNotHold("a share of the bound is none")
    if sum(shares) > 1 + _ROUNDING:
        raise DoesNotHold("the shares of the bound are more than the whole")


def _parts(accused: Accused) -> list[OwnDecoys | Code]:
    return [part for part in (accused.own, accused.code, accused.marks) if part]


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
    _on_record(
        copy_entry(each.copy, commitment_over(facts, bytes.fromhex(each.decoy_root)), each.issued),
        entry,
        size,
        root,
        "an accused copy, as it is opened here, is not",
    )


def _judged(each: Accused, data_set: DataSetClaims, log10_bound: float) -> Judged:
    """The evidence computed again, and held against what is claimed and against its share of the bound."""
    own = code = marks = None
    if each.own:
        own = judge_own(each, each.own, data_set)
        if each.own.of != own.of:
            raise DoesNotHold(f"a copy has {own.of} decoys with these fields, not {each.own.of}")
        if _number(each.own.chance, "chance") != own.stated_chance:
            raise DoesNotHold("the chance of a coincidence is not what the draws come to")
        _kept(each.own, own, log10_bound)
    if each.code:
        needed = log10_bound + log10(float(each.code.share))
        accused = {other.copy: other for other in data_set.accused}
        code = judge_code(each, each.code, data_set, needed, accused=accused)
        _kept(each.code, code, log10_bound)
    if each.marks:
        needed = log10_bound + log10(float(each.marks.share))
        marks = judge_marks(each, each.marks, data_set, needed)
        _kept(each.marks, marks, log10_bound)
    return Judged(own, code, marks)


def _kept(claimed: OwnDecoys | Code, found: OwnJudged | CodeJudged | MarksJudged, log10_bound: float) -> None:
    log10_p = _number(claimed.log10_p, "log10_p")
    if log10_p != found.stated:
        raise DoesNotHold(f"log10 p comes to {found.stated:.3f}, not to {log10_p:.3f}")
    if found.log10_p > log10_bound + log10(float(claimed.share)):
        raise DoesNotHold("the bound is not kept: the evidence is too weak for the copy's share of it")


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise DoesNotHold(f"its {what} is no number") from error
    if not isfinite(number) or repr(number) != text:
        raise DoesNotHold(f"its {what} is not a number in its one spelling")
    return number
