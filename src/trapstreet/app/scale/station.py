"""Where units are searched: an index in memory, and the sources that their objects are opened at."""

from collections.abc import Callable, Iterator, Sequence

from trapstreet.app.passwords import Passwords
from trapstreet.app.scale.units import Unit
from trapstreet.app.search import texts_in
from trapstreet.app.stopping import Stop
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import object_at
from trapstreet.watch import Part, TextSearch, search

SourceAt = Callable[[int], tuple[str, Source]]
"""A location as it may be printed, and its source, by its number; raises TrapstreetError."""


class Station:
    """search     for texts;  threads  how many search side by side
    source_at  the sources, asked once for each location
    """

    def __init__(
        self,
        search: TextSearch,
        source_at: SourceAt,
        *,
        passwords: Passwords = (),
        ocr: bool = False,
        threads: int = 1,
    ) -> None:
        self.search, self.threads = search, threads
        self.passwords, self.ocr = passwords, ocr
        self._source_at = source_at
        self._sources: dict[int, tuple[str, Source]] = {}

    @classmethod
    def beside(
        cls,
        sources: Sequence[tuple[str, Source]],
        search: TextSearch,
        *,
        passwords: Passwords,
        ocr: bool,
        threads: int,
    ) -> "Station":
        """One that opens objects at the very sources that listed them."""
        return cls(search, sources.__getitem__, passwords=passwords, ocr=ocr, threads=threads)

    def objects(self, unit: Unit) -> Iterator[SourceObject | Unread]:
        """The unit's objects in turn; all of them Unread where their source cannot be had here."""
        try:
            source = self._source(unit.location)
        except TrapstreetError as error:
            for each in unit.items:
                yield each if isinstance(each, Unread) else Unread(each.path, error.message)
            return
        for each in unit.items:
            yield each if isinstance(each, Unread) else object_at(*source, each)

    def _source(self, number: int) -> tuple[str, Source]:
        if number not in self._sources:
            self._sources[number] = self._source_at(number)
        return self._sources[number]


def scan_unit(unit: Unit, station: Station, stop: Stop | None = None) -> Part:
    """What the unit shows. The same unit at another station with the same index gives the same.

    stop  ends it early, as it ends `texts`
    """
    texts = texts_in(station.objects(unit), passwords=station.passwords, ocr=station.ocr, stop=stop)
    return search(texts, station.search, threads=station.threads)
