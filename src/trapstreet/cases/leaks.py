"""Leaks raised: one alert for the same data wherever it lies, with all of its places."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from trapstreet.cases.domain.alerts import NewAlert
from trapstreet.cases.domain.leaks import NAMED, Leak, Spot, of_leak
from trapstreet.cases.domain.routes import Route
from trapstreet.cases.service import raise_alert
from trapstreet.core.maths.likeness import Shape, is_again, lowest
from trapstreet.keys.ring import KeyRing
from trapstreet.store import cases, leaks, shapes
from trapstreet.store.leaks import Marks
from trapstreet.store.models import Alert, Found


class Raised(NamedTuple):
    """What became of a leak: whether it is told, and the alert in an open case that it is in, if any."""

    told: bool
    alert: Alert | None


class Shapes:
    """What the newest leaks of data sets show: read once for all that are raised in one transaction."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._known: dict[str, _Leaks] = {}

    def as_known(self, leak: Leak) -> Leak:
        """The leak, under the digest of a known one where it is that again, packed otherwise or with some
        lines more or less. One that is new is known from then on."""
        if leak.shape is None or not leak.which:
            return leak
        if leak.data_set not in self._known:
            self._known[leak.data_set] = _Leaks(shapes.shapes_of(leak.data_set, self._ring))
        known = self._known[leak.data_set]
        if leak.which in known.shapes:
            return leak
        for which in known.near(leak.shape):
            if is_again(leak.shape, known.shapes[which]):
                return msgspec.structs.replace(leak, which=which)
        shapes.remember(leak.data_set, leak.which, leak.shape, self._ring)
        known.add(leak.which, leak.shape)
        return leak


class _Leaks:
    """The known leaks of a data set, found by their lowest RecordIds: of two that share nine records in ten,
    all eight of the lowest are others once in 10^8."""

    def __init__(self, known: Mapping[str, Shape]) -> None:
        self.shapes: dict[str, Shape] = {}
        self._with: dict[bytes, list[str]] = {}
        for which, shape in known.items():
            self.add(which, shape)

    def add(self, which: str, shape: Shape) -> None:
        """One more."""
        self.shapes[which] = shape
        for each in lowest(shape):
            self._with.setdefault(each, []).append(which)

    def near(self, shape: Shape) -> Iterable[str]:
        """Those that may be the same leak."""
        return dict.fromkeys(which for each in lowest(shape) for which in self._with.get(each, ()))


def raise_leak(
    leak: Leak, routes: Sequence[Route], *, ring: KeyRing, at: int, known: Shapes | None = None
) -> Raised:
    """Enter where a leak was seen; whether it is told: it is new, or worse than before. Within
    `cases.raising`.

    known  of those raised in the same transaction
    A place that comes later is added to the alert that the leak has in an open case, and tells nothing. Where
    that case was closed, what lies where it lay tells nothing, and a further place opens another case.
    """
    leak = (known or Shapes(ring)).as_known(leak)
    marker = leaks.Marker(leak.data_set, ring)
    marked = [(marker.marks(each.where, sha256=each.sha256, which=leak.which), each) for each in leak.spots]
    spots = {marks.place: (marks, spot) for marks, spot in marked}
    same = [marks for marks, _ in spots.values()]
    before = leaks.known(same)
    leaks.see_again(before.values(), at=at)
    alert = leaks.alert_in_open_case(same)
    if len(before) == len(spots) and leak.severity <= max(row.alert.severity for row in before.values()):
        return Raised(False, alert)
    new = [each for place, each in spots.items() if not _is_in(alert, before.get(place))]
    listed = spots_of(alert, NAMED, ring=ring) if alert else []
    said = of_leak(
        leak,
        _source(same[0], alert, before),
        places=len(new) + (leaks.count(alert) if alert else 0),
        spots=[*listed, *(spot for _, spot in new)],
        begun=max(before[place].first_at if place in before else at for place in spots),
        at=at,
    )
    if alert:
        said = msgspec.structs.replace(said, subject=alert.case.subject)
    told = raise_alert(said, routes, ring=ring, at=at)
    if entered := alert or _entered(said):
        content = [(marks, msgspec.msgpack.encode(spot)) for marks, spot in new]
        first = {place: row.first_at for place, row in before.items()}
        leaks.enter(entered, content, first=first, ring=ring, at=at)
    return Raised(told, entered)


def spots_of(alert: Alert, most: int, *, ring: KeyRing) -> list[Spot]:
    """The first places where an alert's leak was seen."""
    return [msgspec.msgpack.decode(each.content, type=Spot) for each in leaks.seen(alert, most, ring=ring)]


def _is_in(alert: Alert | None, row: Found | None) -> bool:
    """Whether the place stands in the alert."""
    return alert is not None and row is not None and row.alert_id == alert.id


def _source(marks: Marks, alert: Alert | None, before: Mapping[str, Found]) -> str:
    """What the alert is raised for: as before, in whatever case, where the leak had one."""
    known = alert or next((row.alert for row in before.values()), None)
    return known.source.partition(" ")[2] if known else f"finding {marks.records or marks.text}"


def _entered(said: NewAlert) -> Alert | None:
    """The alert that was raised; None where its case was closed, and stays so."""
    case = cases.open_case(said.subject)
    return cases.alert_of(f"k{case.id} {said.source}") if case else None
