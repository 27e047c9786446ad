"""The access logs that were taken in, by place. Times are Unix microseconds, UTC."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from trapstreet.core.model.errors import UnusableInput
from trapstreet.store.models import LogImport


def enter(row: LogImport) -> None:
    """The import counts from now on."""
    row.save(force_insert=True)


def of_place(place: str) -> list[LogImport]:
    """All imports of a place's logs, in their order."""
    return list(LogImport.objects.filter(place=place))


def names() -> set[str]:
    """The names of all imports."""
    return set(LogImport.objects.values_list("name", flat=True))


def places() -> Iterable[str]:
    """The places of which there are any."""
    return LogImport.objects.order_by("place").values_list("place", flat=True).distinct()


@dataclass(frozen=True, slots=True)
class TakenLog:
    """A log that was taken in, by one import or, as it grew, by several.

    number                    by which people name it
    label                     the file's name at the last import, safe to print;  digest  SHA-256 of its first
                              `size` bytes, unpacked;  lines  how many lines these are
    events, unparsed, unread  as in LogImport, of all imports
    first, last               times of the first and the last event, None where there is none
    imported_at               when the last import was
    """

    number: int
    place: str
    kind: str
    label: str
    digest: str
    size: int
    lines: int
    events: int
    unparsed: int
    unread: int
    first: int | None
    last: int | None
    imported_at: int


def logs(places: Collection[str] | None = None) -> list[TakenLog]:
    """The logs that were taken in, of some places or of all, in the order of their first imports."""
    rows = LogImport.objects.order_by("id")
    imports: dict[str, list[LogImport]] = {}
    for row in rows if places is None else rows.filter(place__in=places):
        imports.setdefault(row.log, []).append(row)
    return [_log(each) for each in imports.values()]


def log_numbered(number: int) -> TakenLog:
    """The log of a number. Raises UnusableInput where there is none."""
    row = LogImport.objects.filter(id=number).first()
    if row is None or row.log != row.name:
        raise UnusableInput(f"there is no log l{number}", hint="see: trapstreet access log list")
    return _log(list(LogImport.objects.filter(log=row.log).order_by("id")))


def number_of(log: str) -> int:
    """The number of a log, by the name of its first import."""
    return LogImport.objects.get(name=log).id


def forget(numbers: Collection[int]) -> None:
    """Logs count no longer, with all their imports: they can be taken in again."""
    names = LogImport.objects.filter(id__in=numbers).values_list("name", flat=True)
    LogImport.objects.filter(log__in=list(names)).delete()


def _log(rows: Sequence[LogImport]) -> TakenLog:
    newest = rows[-1]
    largest = max(rows, key=lambda row: row.size)
    return TakenLog(
        number=rows[0].id,
        place=newest.place,
        kind=newest.kind,
        label=newest.label,
        digest=largest.digest,
        size=largest.size,
        lines=largest.lines,
        events=sum(row.events for row in rows),
        unparsed=sum(row.unparsed for row in rows),
        unread=sum(row.unread for row in rows),
        first=min((row.first for row in rows if row.first is not None), default=None),
        last=max((row.last for row in rows if row.last is not None), default=None),
        imported_at=newest.imported_at,
    )
