"""Look where the data should not be: texts in, findings out."""

from trapstreet.watch.domain.findings import Finding
from trapstreet.watch.domain.parts import Part
from trapstreet.watch.domain.public import Public
from trapstreet.watch.service import Scan, SetAside, TextSearch, scan, search, told

__all__ = ["Finding", "Part", "Public", "Scan", "SetAside", "TextSearch", "scan", "search", "told"]
