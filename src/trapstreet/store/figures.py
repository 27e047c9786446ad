"""How many alerts, messages and hits there are, for those who watch the worker."""

from collections.abc import Mapping

import msgspec
from django.db.models import Count, Min

from trapstreet.store import controls, sightings
from trapstreet.store.models import Alert, Delivery


class Figures(msgspec.Struct, frozen=True):
    """Counts of the registry.

    alerts      by severity and whether somebody looks after them
    deliveries  by state: "waiting", "sent", "dead"
    oldest      when the oldest waiting one was entered, Unix microseconds; None: none waits
    background  hits with nobody's names, by channel;  damaged  records of traps that were kept aside
    watched     sources by how they are proven: "proven", "failing", "awaited", "silent", "none"
    """

    alerts: dict[tuple[int, bool], int]
    deliveries: dict[str, int]
    oldest: int | None
    background: dict[str, int]
    damaged: int
    watched: Mapping[str, int]


def figures() -> Figures:
    """The counts as they are now."""
    severities = Alert.objects.order_by().values_list("severity")
    alerts = {
        (severity, known): number
        for severity, every, looked_after in severities.annotate(Count("id"), Count("acknowledged_at"))
        for known, number in ((False, every - looked_after), (True, looked_after))
    }
    deliveries = Delivery.objects.order_by()
    waiting = deliveries.filter(state="waiting")
    return Figures(
        alerts=alerts,
        deliveries=dict(deliveries.values_list("state").annotate(Count("id"))),
        oldest=waiting.aggregate(oldest=Min("created_at"))["oldest"],
        background=sightings.background(),
        damaged=sightings.count_damaged(),
        watched=controls.counts(),
    )
