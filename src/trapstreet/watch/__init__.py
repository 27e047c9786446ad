"""Look where the data should not be: texts in, findings out."""

from trapstreet.watch.domain.findings import Finding
from trapstreet.watch.domain.public import Public
from trapstreet.watch.service import Scan, SetAside, scan

__all__ = ["Finding", "Public", "Scan", "SetAside", "scan"]
