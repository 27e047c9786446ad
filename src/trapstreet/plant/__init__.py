"""Plant decoys in one's own tables: persons whom nobody can tell from customers, each known by its place."""

from trapstreet.plant.auditing import audit_decoys
from trapstreet.plant.domain.arranged import arranged
from trapstreet.plant.domain.coverage import Coverage, suggested_decoys
from trapstreet.plant.laying import lay
from trapstreet.plant.reconcile import Linked, Reconciled, Tested, reconcile
from trapstreet.plant.service import Here, Planted, Written, cover, inventory, plant

__all__ = [
    "Coverage",
    "Here",
    "Linked",
    "Planted",
    "Reconciled",
    "Tested",
    "Written",
    "arranged",
    "audit_decoys",
    "cover",
    "inventory",
    "lay",
    "plant",
    "reconcile",
    "suggested_decoys",
]
