"""Proofs: what an accusation rests on in one file, and its check by somebody who has nothing else."""

from trapstreet.proof.check import Checked, Judged, check, compare, judge
from trapstreet.proof.format import (
    MOST_BYTES,
    Accused,
    Claims,
    DataSetClaims,
    DoesNotHold,
    Log,
    Proof,
    digest,
    read,
    write,
)
from trapstreet.proof.recount import Recount, recount

__all__ = [
    "MOST_BYTES",
    "Accused",
    "Checked",
    "Claims",
    "DataSetClaims",
    "DoesNotHold",
    "Judged",
    "Log",
    "Proof",
    "Recount",
    "check",
    "compare",
    "digest",
    "judge",
    "read",
    "recount",
    "write",
]
