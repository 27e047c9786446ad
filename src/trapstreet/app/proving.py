"""Proofs made: accused copies opened, the claims entered in the log, the file checked and written."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from pathlib import Path

from msgspec.structs import replace

from trapstreet import __version__
from trapstreet.app.clock import now
from trapstreet.app.tracing import Traced
from trapstreet.app.workspace import Workspace
from trapstreet.core.fields import Kind
from trapstreet.core.maths.merkle import inclusion_proof, leaf_hash
from trapstreet.core.model.commitment import CommittedDecoy, CopyFacts, cell_hash, commitment
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import DataSetIndex, Lookup
from trapstreet.keys.files import write_private
from trapstreet.proof import (
    Accused,
    Claims,
    DataSetClaims,
    DoesNotHold,
    Log,
    Proof,
    check,
    digest,
    judge,
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
)
from trapstreet.share import open_copy
from trapstreet.store import log
from trapstreet.trace import Accusation, DataSetTrace, Observed


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
        copies=first.copies,
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
    claims = DataSetClaims(
        id=seen.data_set,
        columns=columns,
        records=seen.records,
        tested=tuple(
            FieldsTested(tuple(sorted(each.kinds)), each.candidates, each.records) for each in seen.tested
        ),
        accused=(),
    )
    kind_of = {column.name: column.kind for column in columns}
    accused = []
    for each in result.accused:
        shown = _accused(each, opened[each.copy], seen, kind_of)
        found = judge(shown, claims)
        figures = {"of": found.of, "chance": repr(found.stated_chance), "log10_p": repr(found.stated)}
        accused.append(replace(shown, **figures))
    return replace(claims, accused=tuple(accused))


def _accused(each: Accusation, facts: CopyFacts, seen: Observed, kind_of: Mapping[str, Kind]) -> Accused:
    (evidence,) = each.evidence
    hit = set(seen.hits[each.copy])
    fields = {name for name, kind in kind_of.items() if kind in evidence.fields}
    decoys = [
        _decoy(decoy, facts.code_key, fields, hit)
        for decoy in sorted(facts.decoys, key=attrgetter("record_id"))
    ]
    return Accused(
        copy=each.copy,
        version=facts.version,
        issued=facts.issued_us,
        nonce=facts.nonce.hex(),
        code_key=facts.code_key.hex(),
        p_table=facts.p_table.hex(),
        decoys=tuple(decoys),
        fields=tuple(sorted(evidence.fields)),
        hits=tuple(f"{record_id:016x}" for record_id in sorted(hit)),
        others=seen.decoys - len(decoys),
        of=0,
        chance="0.0",
        log10_p="0.0",
        share=repr(each.weight),
    )


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
