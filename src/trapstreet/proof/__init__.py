"""Proofs: what an accusation rests on in one file, and its check by somebody who has nothing else."""

from trapstreet.proof.check import Checked, Judged, check, compare, missing
from trapstreet.proof.code import CodeJudged, LayerJudged, judge_code
from trapstreet.proof.format import (
    MOST_BYTES,
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
    digest,
    read,
    write,
)
from trapstreet.proof.marks import MarkJudged, MarksJudged, judge_marks
from trapstreet.proof.own import OwnJudged, judge_own
from trapstreet.proof.recount import Recount, recount

__all__ = [
    "MOST_BYTES",
    "Accused",
    "Checked",
    "Claims",
    "Code",
    "CodeJudged",
    "DataSetClaims",
    "DoesNotHold",
    "Judged",
    "LayerJudged",
    "Log",
    "MarkJudged",
    "MarksJudged",
    "OwnDecoys",
    "OwnJudged",
    "Positions",
    "Proof",
    "Recount",
    "Spelled",
    "check",
    "compare",
    "digest",
    "judge_code",
    "judge_marks",
    "judge_own",
    "missing",
    "read",
    "recount",
    "write",
]
