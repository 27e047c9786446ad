"""Open the commitment of a copy: for a proof, and for the accused copy only."""

from trapstreet.core.model.commitment import CopyFacts, commitment
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.packing import unpack
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed
from trapstreet.share.domain.opening import BARE_NONCE, nonce_and_decoys
from trapstreet.store import catalogue, copies
from trapstreet.store.models import Copy


def open_copy(copy: str, ring: KeyRing) -> CopyFacts:
    """Everything that the commitment of a copy binds, held against it.

    Raises UnusableInput where an older version of trapstreet kept too little of the copy, or where its
    columns are read otherwise than when it was issued.
    """
    import cbor2

    row = Copy.objects.select_related("version", "data_set").get(id=copy)
    key = ring.storage_key(copy)
    kept = open_sealed(key, bytes(row.nonce), aad=b"nonce " + copy.encode())
    if len(kept) == BARE_NONCE:
        raise UnusableInput(
            f"copy {copy} was issued by an older trapstreet, which kept too little to open its commitment",
            hint="the verdict stands without a proof; copies issued from now on have one",
        )
    cells = cbor2.loads(open_sealed(key, bytes(row.cells), aad=b"cells " + copy.encode()))
    columns = {column.name: column for column in catalogue.columns_of(row.data_set)}
    nonce, decoys = nonce_and_decoys(
        kept, copies.record_ids_of(row), [tuple(map(unpack, each)) for each in cells], columns
    )
    facts = CopyFacts(
        nonce=nonce,
        copy_id=copy,
        code_key=ring.code_key(copy),
        decoys=decoys,
        data_set_id=row.data_set_id,
        version=row.version.number,
        issued_us=row.created_at,
        p_table=bytes(row.p_table),
    )
    if commitment(facts).hex() != row.commitment:
        raise UnusableInput(
            f"the commitment of copy {copy} does not open with what the registry keeps",
            hint="its columns are read otherwise than when it was issued, or the registry was changed: "
            "run trapstreet doctor",
        )
    return facts
