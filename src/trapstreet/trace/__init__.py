"""Who: from a leak to the data set, the time and the copy, with a bound on accusing the innocent."""

from trapstreet.trace.domain.dating import Dating, Step
from trapstreet.trace.domain.observed import Observed
from trapstreet.trace.domain.verdict import Accusation, Evidence
from trapstreet.trace.service import DataSetTrace, Trace, trace

__all__ = ["Accusation", "DataSetTrace", "Dating", "Evidence", "Observed", "Step", "Trace", "trace"]
