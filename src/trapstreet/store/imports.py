"""The access logs that were taken in, by place. Times are Unix microseconds, UTC."""

from collections.abc import Iterable

from trapstreet.store.models import LogImport


def beginning(place: str, head: str) -> list[LogImport]:
    """The imports of a place's logs that begin with a line of this hash, the longest first."""
    return list(LogImport.objects.filter(place=place, head=head).order_by("-size", "-id"))


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
