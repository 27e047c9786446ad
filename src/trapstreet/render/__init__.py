"""What people read: findings and verdicts in plain words, and the dossier."""

from trapstreet.render.dossier import dossier
from trapstreet.render.words import chance, counted, day, kind_counts, verdict_lines

__all__ = ["chance", "counted", "day", "dossier", "kind_counts", "verdict_lines"]
