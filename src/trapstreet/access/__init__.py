"""Who can read what, and what of that nobody needs."""

from trapstreet.access.domain.drift_words import sentence
from trapstreet.access.domain.drifted import Drifted, Sort
from trapstreet.access.domain.effective import EffectiveAccess, Exposure, Reading
from trapstreet.access.domain.people import Post, staff
from trapstreet.access.domain.unused import UsedAccess
from trapstreet.access.domain.usage import Window

__all__ = [
    "Drifted",
    "EffectiveAccess",
    "Exposure",
    "Post",
    "Reading",
    "Sort",
    "UsedAccess",
    "Window",
    "sentence",
    "staff",
]
