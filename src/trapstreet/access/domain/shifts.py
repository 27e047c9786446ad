"""How the reach of one thing changed: who came nearer to it, and who further away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trapstreet.access.domain.reached import Degree, Files, Side, Unit, union
from trapstreet.access.domain.telling import is_everybody
from trapstreet.core.model.rights import Bits


@dataclass(frozen=True, slots=True)
class Shift:
    """Some people can read something more nearly than before, or less.

    degree   how nearly now; where it is less, how nearly before
    wholly   before it was out of their reach, or now is;  less  it is the other way round
    columns  where these alone became readable;  files  of how many of them, in a folder
    to_all   all can read so many of them more at once, and not all could
    """

    degree: Degree
    who: Bits
    wholly: bool
    less: bool = False
    columns: tuple[str, ...] = ()
    files: int = 0
    to_all: bool = False


def shifts(before: Side, now: Side, unit: Unit, people: Bits) -> Iterator[Shift]:
    """What changed for some people about something that is there at both times."""
    for less, here, there in ((False, now, before), (True, before, now)):
        if here.of_files(unit) or there.of_files(unit):
            to_all = 0 if less else _of_all(here, unit) - _of_all(there, unit)
            yield from _of_files(here.files(unit), there.files(unit), people, less=less, to_all=to_all)
        else:
            yield from _of_table(here, there, unit, people, less=less)


def _of_table(here: Side, there: Side, unit: Unit, people: Bits, *, less: bool) -> Iterator[Shift]:
    can, could = here.reach(unit), there.reach(unit)
    moved = 0
    for degree in reversed(Degree):
        nearer = can[degree - 1] & ~could[degree - 1] & people & ~moved
        moved |= nearer
        for wholly in (True, False):
            out = ~could[Degree.COULD - 1] if degree >= Degree.COULD else ~could[0]
            if who := nearer & (out if wholly else ~out):
                yield Shift(degree, who, wholly, less)
    yield from _of_columns(here, there, unit, people & could[Degree.COULD - 1] & ~moved, less=less)


def _of_columns(here: Side, there: Side, unit: Unit, people: Bits, *, less: bool) -> Iterator[Shift]:
    """Columns that some reach at once, or in some way, and did not: neither alone nor with all others."""
    before, whole = there.columns(unit), there.all_columns(unit)
    together: dict[tuple[Degree, Bits], list[str]] = {}
    for column, those in here.columns(unit).items():
        told: Bits = 0
        for degree, can, could in zip(
            (Degree.PART, Degree.COULD), those, before.get(column, (0, 0)), strict=True
        ):
            reached = could | whole[degree == Degree.COULD]
            if who := can & ~reached & people & ~told:
                together.setdefault((degree, who), []).append(column)
                told |= who
    for (degree, who), columns in together.items():
        yield Shift(degree, who, False, less, tuple(columns))


def _of_all(side: Side, unit: Unit) -> int:
    """How many files all can read at once."""
    return sum(each.count for each in side.files(unit) if is_everybody(side, each.reach))


def _of_files(
    here: Sequence[Files], there: Sequence[Files], people: Bits, *, less: bool, to_all: int
) -> Iterator[Shift]:
    """By their numbers, since files have no names in a map: somebody reads more of them, and fewer are out of
    reach; or reads some where none could be read.

    to_all  how many more all can read: told once, and then who can read others beside
    """
    shifted: Bits = 0
    for degree in (Degree.WHOLE, Degree.COULD):
        together: dict[int, Bits] = {}
        for who in _alike(here, there, people & ~shifted, degree):
            can, out = _counts(here, who, degree)
            could, out_before = _counts(there, who, degree)
            more = can if not could else min(can - could, out_before - out)
            if more > 0:
                together[more] = together.get(more, 0) | who
        if to_all > 0 and together and degree == Degree.WHOLE:
            everybody, most = union(together.values()), min(to_all, max(together))
            shifted |= everybody
            yield Shift(degree, everybody, True, less, files=most, to_all=True)
            together = {files - most: who for files, who in together.items() if files > most}
        for files, who in together.items():
            shifted |= who
            yield Shift(degree, who, True, less, files=files)


def _alike(here: Sequence[Files], there: Sequence[Files], people: Bits, degree: Degree) -> list[Bits]:
    """The people, those together who read the same of both."""
    parts = [people] if people else []
    for each in (*here, *there):
        those = each.reach[degree - 1]
        parts = [part for whole in parts for part in (whole & those, whole & ~those) if part]
    return parts


def _counts(files: Sequence[Files], who: Bits, degree: Degree) -> tuple[int, int]:
    """How many files they can read, and how many not."""
    can = sum(each.count for each in files if each.reach[degree - 1] & who)
    return can, sum(each.count for each in files) - can
