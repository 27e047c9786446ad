"""Proofs made: accused copies opened, the claims entered in the log, the file checked and written."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import log10
from operator import attrgetter
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from trapstreet import __version__
from trapstreet.app.clock import now
from trapstreet.app.tracing import Traced
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind
from trapstreet.core.maths.merkle import inclusion_proof, leaf_hash
from trapstreet.core.model.commitment import CommittedDecoy, CopyFacts, cell_hash, commitment, decoy_root
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.p_table import decoded
from trapstreet.index import DataSetIndex, Lookup
from trapstreet.keys.files import write_private
from trapstreet.proof import (
    Accused,
    Claims,
    Code,
    DataSetClaims,
    DoesNotHold,
    Log,
    OwnDecoys,
    Positions,
    Proof,
    Spelled,
    check,
    digest,
    judge_code,
    judge_marks,
    judge_own,
    read,
    write,
)
from trapstreet.proof.format import (
    DECODER,
    FORMAT,
    Cell,
    ColumnKind,
    Decoy,
    Entry,
    FieldsTested,
    LeakText,
    Reading,
    Search,
    copy_entry,
    proof_entry,
    step,
)
from trapstreet.share import open_copy
from trapstreet.store import log
from trapstreet.trace import Accusation, CodeEvidence, DataSetTrace, DecoyEvidence, Observed
from trapstreet.trace.domain import marks, observed


def write_proof(path: Path, workspace: Workspace, traced: Traced) -> str:
    """The proof of all accusations of a trace, in a new file that only its owner may read; "" if it was
    written, else why there is none.

    The log gets an entry with the hash of what is claimed. Only a proof that holds is written.
    """
    results = [
        (result, seen)
        for result, seen in zip(traced.trace.data_sets, traced.trace.observed, strict=True)
        if result.accused
    ]
    if not results:
        return "no copy is accused"
    try:
        opened = {
            each.copy: open_copy(each.copy, workspace.ring)
            for result, _ in results
            for each in result.accused
        }
        claims = _claims(traced, results, opened)
        with workspace.writing():
            proof = Proof(FORMAT, claims, _on_record(workspace, claims, list(opened.values())))
            data = write(proof)
            check(read(data), log_key=workspace.settings.keys.log)
            write_private(path, data)
    except UnusableInput as error:
        return error.message
    except DoesNotHold as error:
        return f"what the commitments bind does not bear out the verdict: {error}"
    return ""


def _claims(
    traced: Traced, results: Sequence[tuple[DataSetTrace, Observed]], opened: Mapping[str, CopyFacts]
) -> Claims:
    first, _ = results[0]
    indexes = {index.data_set: index for index in traced.lookup.data_sets}
    data_sets = [_data_set(indexes[seen.data_set], result, seen, opened) for result, seen in results]
    kinds = sorted({kind for each in data_sets for tested in each.tested for kind in tested.fields})
    return Claims(
        by=f"trapstreet {__version__}",
        decoder=DECODER,
        time=now(),
        bound=repr(first.bound),
        copies=first.copies + first.plantings,
        leak=tuple(LeakText(each.path.rpartition("/")[2], each.sha256, each.size) for each in traced.leaks),
        search=_search(traced.lookup, kinds),
        data_sets=tuple(data_sets),
    )


def _search(lookup: Lookup, kinds: Sequence[Kind]) -> Search:
    readings = (
        Reading(kind, column.region, column.grammar) for kind in kinds for column in lookup.columns(kind)
    )
    return Search(tuple(dict.fromkeys(readings)), tuple(sorted(lookup.phone_lengths)), lookup.unicode_emails)


def _data_set(
    index: DataSetIndex, result: DataSetTrace, seen: Observed, opened: Mapping[str, CopyFacts]
) -> DataSetClaims:
    columns = tuple(ColumnKind(each.name, each.kind) for each in index.columns if each.kind != Kind.TEXT)
    groups = {id(shown): (shown, opened[copy]) for copy, shown in seen.positions.items()}
    numbers = {group: number for number, group in enumerate(groups)}
    spellings = {copy: tuple(_spelled(shown)) for copy, shown in seen.spellings.items()}
    claims = DataSetClaims(
        id=seen.data_set,
        columns=columns,
        records=seen.records,
        tested=tuple(
            FieldsTested(tuple(sorted(each.kinds)), each.candidates, each.records) for each in seen.tested
        ),
        positions=tuple(_positions(shown, facts) for shown, facts in groups.values()),
        spellings=tuple(dict.fromkeys(spellings.values())),
        accused=(),
    )
    accused: dict[str, Accused] = {}
    for each in sorted(result.accused, key=_is_beside):
        copy = _opened(opened[each.copy])
        for evidence in each.evidence:
            if isinstance(evidence, DecoyEvidence):
                copy = replace(copy, own=_own(copy, evidence, opened[each.copy], seen, claims))
            elif evidence.kind == "marks":
                at = claims.spellings.index(spellings[each.copy])
                code = Code(at, "0.0", repr(evidence.share))
                needed = log10(result.bound) + log10(float(code.share))
                marked = judge_marks(copy, code, claims, needed)
                copy = replace(copy, marks=replace(code, log10_p=repr(marked.stated)))
            else:
                at = numbers[id(seen.positions[each.copy])]
                code = Code(at, "0.0", repr(evidence.share), evidence.beside)
                needed = log10(result.bound) + log10(float(code.share))
                judged = judge_code(copy, code, claims, needed, accused=accused)
                copy = replace(copy, code=replace(code, log10_p=repr(judged.stated)))
        accused[each.copy] = copy
    return replace(claims, accused=tuple(accused[each.copy] for each in result.accused))


def _is_beside(each: Accusation) -> bool:
    """Whether all of a copy's evidence rests on copies that are accused before it."""
    return all(isinstance(found, CodeEvidence) and found.beside for found in each.evidence)


def _opened(facts: CopyFacts) -> Accused:
    return Accused(
        copy=facts.copy_id,
        version=facts.version,
        issued=facts.issued_us,
        nonce=facts.nonce.hex(),
        code_key=facts.code_key.hex(),
        p_table=facts.p_table.hex(),
        decoy_root=decoy_root(facts.code_key, facts.decoys).hex(),
    )


def _own(
    copy: Accused, evidence: DecoyEvidence, facts: CopyFacts, seen: Observed, claims: DataSetClaims
) -> OwnDecoys:
    hit = set(seen.hits[copy.copy])
    fields = {column.name for column in claims.columns if column.kind in evidence.fields}
    decoys = [
        _decoy(decoy, facts.code_key, fields, hit)
        for decoy in sorted(facts.decoys, key=attrgetter("record_id"))
    ]
    own = OwnDecoys(
        decoys=tuple(decoys),
        fields=tuple(sorted(evidence.fields)),
        hits=tuple(f"{record_id:016x}" for record_id in sorted(hit)),
        others=seen.decoys - len(decoys),
        of=0,
        chance="0.0",
        log10_p="0.0",
        share=repr(evidence.share),
    )
    found = judge_own(copy, own, claims)
    return replace(own, of=found.of, chance=repr(found.stated_chance), log10_p=repr(found.stated))


def _positions(shown: observed.Positions, facts: CopyFacts) -> Positions:
    """What the leak shows of the layers that the copy's p-table names, and of nothing else."""
    table = decoded(facts.p_table)
    pool = shown.pool if table.pool else shown.pool[:0]
    is_shown = shown.pool_shown[: len(pool)]
    leaked, alive = (len(shown.rows), shown.alive) if table.withholds else (0, 0)
    return Positions(
        shown=_packed(pool[is_shown]),
        hidden=_packed(pool[~is_shown]),
        rows=_packed(shown.rows[: leaked : step(leaked)]),
        leaked=leaked,
        alive=alive,
        hits=shown.unique.hits,
        decoys=shown.unique.decoys,
    )


def _spelled(shown: Sequence[marks.Spelled]) -> Iterator[Spelled]:
    """How the leak spells cells, the classes of a mark together."""
    for slot in dict.fromkeys(each.code.slot for each in shown):
        parts = [each for each in shown if each.code.slot == slot]
        ones, zeros = (
            np.concatenate(ids) for ids in zip(*((each.ones, each.zeros) for each in parts), strict=True)
        )
        yield Spelled(slot, _packed(ones), _packed(zeros))


def _packed(record_ids: NDArray[np.uint64]) -> bytes:
    return np.sort(record_ids).astype(">u8").tobytes()


def _decoy(decoy: CommittedDecoy, key: bytes, fields: Collection[str], hit: Collection[int]) -> Decoy:
    """A decoy with the values opened that the evidence counts: those of the tested fields where it is a hit,
    and those that say that a column repeats another."""
    opened = fields if decoy.record_id in hit else _repeated(decoy, fields)
    return Decoy(
        f"{decoy.record_id:016x}",
        tuple(
            Cell(
                cell.column,
                cell_hash(key, cell.column, cell.form).hex(),
                cell.draws,
                cell.form.hex() if cell.form is not None and cell.column in opened else None,
            )
            for cell in decoy.cells
        ),
        decoy.draw_bits,
    )


def _repeated(decoy: CommittedDecoy, fields: Collection[str]) -> set[str]:
    """The columns among `fields` that show no draw of their own but repeat one that does, and that one."""
    cells = [cell for cell in decoy.cells if cell.column in fields and cell.form is not None]
    repeated = {cell.form for cell in cells if not cell.draws} & {cell.form for cell in cells if cell.draws}
    return {cell.column for cell in cells if cell.form in repeated}


def _on_record(workspace: Workspace, claims: Claims, opened: Sequence[CopyFacts]) -> Log:
    """The claims' hash is in the signed log; where it is, and where the commitments of the copies are."""
    index = workspace.record({"event": "proof", "digest": digest(claims), "time": claims.time})
    entries = log.entries(index + 1)
    hashes = [leaf_hash(entry) for entry in entries]

    def entry(leaf: bytes) -> Entry:
        at = entries.index(leaf)
        return Entry(at, tuple(each.hex() for each in inclusion_proof(hashes, at)))

    return Log(
        key=workspace.settings.keys.log,
        checkpoint=log.checkpoint_at(index + 1),
        proof=entry(proof_entry(claims)),
        copies=tuple(entry(copy_entry(each.copy_id, commitment(each), each.issued_us)) for each in opened),
    )
