"""Rights of many that go to the few who used them: the names that others use."""

from trapstreet.access.domain.handover import STAGES, Handover, is_handed_over
from trapstreet.access.domain.hands import Hands

__all__ = ["STAGES", "Handover", "Hands", "is_handed_over"]
