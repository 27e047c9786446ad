"""Value marks: harmless differences in real values, by which copies are told apart (docs/marks.md)."""

from trapstreet.core.marks.mark import Mark
from trapstreet.core.marks.registry import allowed_on, mark_named, marks

__all__ = ["Mark", "allowed_on", "mark_named", "marks"]
