"""How well decoys can be told from real rows: an attacker with labels, attacks without, the attainable."""

from trapstreet.decoys.audit.attacker import Betrayal
from trapstreet.decoys.audit.attacks import Attack, Loss
from trapstreet.decoys.audit.auc import Auc
from trapstreet.decoys.audit.audit import VALID, Audit, audit
from trapstreet.decoys.audit.seen import LinkedRows, Seen

__all__ = ["VALID", "Attack", "Auc", "Audit", "Betrayal", "LinkedRows", "Loss", "Seen", "audit"]
