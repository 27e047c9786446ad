"""Who: from a leak to the data set, the time and the copy, with a bound on accusing the innocent."""

from trapstreet.trace.domain.verdict import Accusation, Evidence
from trapstreet.trace.service import DataSetTrace, Trace, trace

__all__ = ["Accusation", "DataSetTrace", "Evidence", "Trace", "trace"]
