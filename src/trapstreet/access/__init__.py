"""Who can read what, and what of that nobody needs."""

from trapstreet.access.domain.effective import EffectiveAccess, Exposure, Reading

__all__ = ["EffectiveAccess", "Exposure", "Reading"]
