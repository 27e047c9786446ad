"""What the capabilities found becomes alerts, alerts of one subject one case, and people are told.

    with store.cases.raising():
        told = raise_alert(alerts.of_sighting(use, owner, party=party, begun=begun), routes, ring=ring, at=at)

`alerts` has what an alert says, `awareness` the 72 hours, `retry` when a message is tried again.
"""

from trapstreet.cases.domain import alerts, awareness, drift, retry
from trapstreet.cases.domain.drafts import Draft, Known, drafts
from trapstreet.cases.domain.leaks import KNOWN_LEAK, Leak, Spot
from trapstreet.cases.domain.routes import Route, read_route
from trapstreet.cases.domain.runbook import Runbook, joined, runbook
from trapstreet.cases.domain.severity import Use
from trapstreet.cases.leaks import Shapes, raise_leak
from trapstreet.cases.service import Tellings, escalate, raise_alert

__all__ = [
    "KNOWN_LEAK",
    "Draft",
    "Known",
    "Leak",
    "Route",
    "Runbook",
    "Shapes",
    "Spot",
    "Tellings",
    "Use",
    "alerts",
    "awareness",
    "drafts",
    "drift",
    "escalate",
    "joined",
    "raise_alert",
    "raise_leak",
    "read_route",
    "retry",
    "runbook",
]
