"""Everything about a place on one page: the names that others use."""

from trapstreet.access.domain.heat import Cell, HeatMap
from trapstreet.access.domain.overview import Basis, Fix, Overview, Wide, overview

__all__ = ["Basis", "Cell", "Fix", "HeatMap", "Overview", "Wide", "overview"]
