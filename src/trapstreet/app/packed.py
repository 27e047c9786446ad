"""Tables wherever they lie, also in containers: in a packed file, an archive, attached to a mail.

`customers.csv.gz`, or `dump.zip!/a/customers.csv`: what follows "!/" is the way in as `scan` names it, where
steps before the last may be left out. A container with one table in it needs no way in. Options follow a
question mark: `dump.zip!/list.xlsx?sheet=Kunden`. Such a table is read, and never written to.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread, printable
from trapstreet.plugins.formats._inside import Inside, inside
from trapstreet.plugins.sources import objects
from trapstreet.plugins.tables import (
    HEAD,
    Fit,
    Table,
    container_of,
    fit_of,
    fit_of_file,
    formats,
    located,
    open_located,
)

_STEP = "!/"
_SHOWN = 5


def open_table(location: str) -> Table:
    """The table at a path or URL, or in a container there. Raises as `plugins.tables.open_table` does.

    A packed table is unpacked, each time it is opened, to a temporary file without a name. Its container is
    gone through once where the whole way in is given, else twice.
    """
    where = located(location)
    if where.scheme:
        return open_located(where)
    outer, path = container_of(where.place), where.place
    held = _taken(outer, path) if outer else None
    if held is None:
        if not outer and fit_of_file(where) >= Fit.NAMED:
            return open_located(where)
        path = _Search(outer or path, path).only_table()
        if path == where.place:
            return open_located(where)
        held = _taken(outer or where.place, path)
    if held is None:
        raise UnusableInput(f"{where.place}: it changed while it was read", hint="try again")
    return open_located(replace(where, place=printable(path), held=held))


def _taken(outer: str, path: str) -> IO[bytes] | None:
    """The file at this way in, None if there is none."""

    def this(each: Inside | Unread) -> bool:
        return path in (each.path, printable(each.path))

    for each in _files(outer, this):
        if isinstance(each, Inside) and this(each):
            return each.file()
    return None


@dataclass
class _Search:
    """What is in the file `outer`, looked through for the table that `wanted` means.

    sure, possible  tables beyond doubt, and texts that could be some: they count where there are no others
    """

    outer: str
    wanted: str
    sure: list[str] = field(default_factory=list)
    possible: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def only_table(self) -> str:
        """The way in to it; `outer` if that is no container, or a text after all."""
        for each in _files(self.outer, lambda each: _fit(each) >= Fit.NAMED):
            if isinstance(each, Unread):
                self.unread.append(each)
            elif each.path == self.outer == self.wanted:
                return self.outer
            elif fit := _fit(each):
                (self.possible if fit < Fit.NAMED else self.sure).append(each.path)
        meant = self._meant(self.sure) or self._meant(self.possible)
        if len(meant) == 1:
            return meant[0]
        if self.outer == self.wanted and not self.unread and fit_of_file(located(self.outer)) and not meant:
            return self.outer
        raise self._unclear(meant)

    def _meant(self, tables: Sequence[str]) -> list[str]:
        return [path for path in tables if self._leads_to(path)]

    def _leads_to(self, path: str) -> bool:
        """Whether the steps that are wanted are among those of the path, in order, and its last the last."""
        wanted, way = self._steps(self.wanted), self._steps(path)
        for steps in (way, list(map(printable, way))):
            rest = iter(steps)
            if all(step in rest for step in wanted) and wanted[-1:] in ([], steps[-1:]):
                return True
        return False

    def _steps(self, path: str) -> list[str]:
        return path.removeprefix(self.outer).split(_STEP)[1:]

    def _unclear(self, meant: Sequence[str]) -> UnusableInput:
        if meant:
            return UnusableInput(f"{self.wanted}: {len(meant)} tables are there", hint=_choice(meant))
        closed = [each for each in self.unread if self._leads_to(each.path)]
        if closed:
            why = f"{printable(closed[0].path)}: {closed[0].why.partition(': ')[0]}"
            return UnusableInput(f"no table can be read there: {why}", hint="pass the table itself, unpacked")
        if tables := self.sure or self.possible:
            return UnusableInput(f"{self.wanted}: there is no such table", hint=_choice(tables))
        return UnusableInput(f"{self.wanted}: there is no table in it", hint=f"tables are {_titles()}")


def _choice(tables: Sequence[str]) -> str:
    more = f" and {len(tables) - _SHOWN:,} more" if len(tables) > _SHOWN else ""
    one_of = "one of: " if len(tables) > 1 else ""
    return f"pass {one_of}{', '.join(map(printable, tables[:_SHOWN]))}{more}"


def _files(outer: str, whole: Callable[[Inside], bool]) -> Iterator[Inside | Unread]:
    for each in objects(outer):
        yield from [each] if isinstance(each, Unread) else inside(each, whole=whole)


def _fit(found: Inside) -> Fit:
    """How sure it is that a file is a table."""
    if found.kind in _kinds():
        return Fit.CERTAIN
    fit = fit_of(found.head(HEAD), found.path)
    return fit if found.kind == "text" or fit >= Fit.NAMED else Fit.NO


def _kinds() -> set[str]:
    """The formats of texts that are tables as well: the two families call them alike."""
    return {known.name for known in formats()}


def _titles() -> str:
    return ", ".join(known.title for known in formats() if known.suffixes)
