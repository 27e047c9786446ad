"""Open the commitment of a copy: for a proof, and for the accused copy only."""

from trapstreet.core.model.commitment import CopyFacts, commitment
from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed
from trapstreet.share.domain.opening import BARE_NONCE, nonce_and_decoys, opened_columns
from trapstreet.store import catalogue, copies
from trapstreet.store.models import Copy, Edition


def open_copy(copy: str, ring: KeyRing) -> CopyFacts:
    """Everything that the commitment to the first edition of a copy binds, held against it.

    Raises UnusableInput where an older version of trapstreet kept too little of the copy, or where its
    columns are read otherwise than when it was issued.
    """
    row = Copy.objects.select_related("data_set").get(id=copy)
    edition = row.editions.select_related("version").earliest("version__number")
    kept = _kept(edition, ring)
    if len(kept) == BARE_NONCE:
        raise UnusableInput(
            f"copy {copy} was issued by an older trapstreet, which kept too little to open its commitment",
            hint="the verdict stands without a proof; copies issued from now on have one",
        )
    columns = {column.name: column for column in catalogue.columns_of(row.data_set)}
    nonce, decoys = nonce_and_decoys(
        kept, copies.record_ids_of(row).tolist(), copies.rows_of(row, ring), columns
    )
    facts = CopyFacts(
        nonce=nonce,
        copy_id=copy,
        code_key=ring.code_key(copy),
        decoys=decoys,
        data_set_id=row.data_set_id,
        version=edition.version.number,
        issued_us=edition.issued_at,
        p_table=bytes(row.p_table),
    )
    if commitment(facts).hex() != edition.commitment:
        raise UnusableInput(
            f"the commitment of copy {copy} does not open with what the registry keeps",
            hint="its columns are read otherwise than when it was issued, or the registry was changed: "
            "run trapstreet doctor",
        )
    return facts


def columns_of(copy: Copy, ring: KeyRing) -> tuple[str, ...]:
    """The names of the columns that the cells of a copy's decoys are in, in their order: those that the table
    had when the copy was made."""
    return opened_columns(_kept(copy.editions.earliest("version__number"), ring))


def _kept(edition: Edition, ring: KeyRing) -> bytes:
    copy = edition.copy_id
    return open_sealed(ring.storage_key(copy), bytes(edition.opening), aad=b"nonce " + copy.encode())
