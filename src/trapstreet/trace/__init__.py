"""Who: from a leak to the data set, the time and the copy, with a bound on accusing the innocent."""

from trapstreet.trace.domain.code import CodeEvidence, LayerShown, MarkShown
from trapstreet.trace.domain.dating import Dating, Step
from trapstreet.trace.domain.observed import Observed
from trapstreet.trace.domain.verdict import Accusation, DecoyEvidence
from trapstreet.trace.service import DataSetTrace, Trace, trace

__all__ = [
    "Accusation",
    "CodeEvidence",
    "DataSetTrace",
    "Dating",
    "DecoyEvidence",
    "LayerShown",
    "MarkShown",
    "Observed",
    "Step",
    "Trace",
    "trace",
]
