"""Look where the data should not be: texts in, findings out."""

from trapstreet.watch.domain.findings import Finding
from trapstreet.watch.service import Scan, scan

__all__ = ["Finding", "Scan", "scan"]
