"""A persona over linked tables: the rows that belong to a decoy, made after those of its donor."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Row, cell_text
from trapstreet.core.ports import Ground
from trapstreet.decoys.kin.cells import Sprout, Writer
from trapstreet.decoys.kin.lanes import ADJUSTED, When
from trapstreet.decoys.kin.model import KinModel, as_number, learn_kin
from trapstreet.decoys.kin.person import Person
from trapstreet.decoys.kin.times import TimeColumn, between, time_column
from trapstreet.decoys.kin.urls import KinUrls
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.numbering import retyped
from trapstreet.decoys.url_cells import not_live
from trapstreet.decoys.urls import NOWHERE, OwnedHosts, read_url

MOST_KIN = 1000
"""Rows of one table that belong to one row of its parent, at most: of more, the last in the table's order."""

_ROUNDS = 3  # of numbering rows whose times had to move


@dataclass(frozen=True, slots=True)
class Family:
    """Decoys with all that belongs to them: one sequence of rows for each table, parents before children.

    rows        the root's first, as many as there are decoys, in their order
    strippable  in plain words, by what the rows can be picked out
    notes       in plain words, what else the owner should know
    """

    rows: Sequence[Sequence[Row]] = field(repr=False)
    strippable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def grow(
    ground: Ground,
    root: TableModel,
    donors: Sequence[Row],
    decoys: Sequence[Row],
    *,
    draws: KeyedDraws,
    region: str | None = None,
    owned: OwnedHosts = NOWHERE,
) -> Family:
    """The decoys' rows in all tables of the ground, made after those of their donors.

    donors, decoys  rows of the root, one donor for each decoy
    owned           where a visit of a web address is heard
    As many rows as the donor has, with numbers of their own in the order of time, the donor's identity
    replaced by the decoy's wherever it stands, and no value that only the donor has. A history moves to the
    decoy's start (times.moved), and shrinks where it would not fit between that and the newest rows. Times of
    the root that tell of the history, like that of the last order, follow it.
    One pass over each linked table, about 6 µs a row, and about 0.2 ms for a new row.
    Raises UnusableInput for an unknown region, and what reading the ground raises.
    """
    kin = _kin(ground, donors)
    if not any(kin):
        return Family([list(decoys), *([] for _ in kin)])
    models = [
        learn_kin(table, ground.table(number).batches(), region=region)
        for number, table in enumerate(ground.tables)
        if number
    ]
    layouts = {
        at: layout
        for at, column in enumerate(root.columns)
        if (layout := time_column(column, [row[at] for row in root.sample]))
    }
    tables = _sprouts(models, kin, root, donors, decoys)
    _live(models, tables, layouts, draws)
    tables = [[each for each in rows if not each.left_out] for rows in tables]
    for model, rows in zip(models, tables[1:], strict=True):
        _number(model, rows, draws)
    _refer_further(models, tables)
    made = [[_with_history(each, layouts) for each in tables[0]]]
    names = _names(root)
    told: list[str] = []
    visited, unheard = _visited(decoys), dict[str, Counter[str]]()
    for model, rows in zip(models, tables[1:], strict=True):
        urls = KinUrls(model, owned, draws, used=visited)
        writer = Writer(model, names, urls, draws)
        made.append([row for own in _by_person(rows) for row in writer.rows(own)])
        told += _strippable(model, writer)
        visited, unheard = urls.used, unheard | urls.unheard
    return Family(made, tuple(told), (*_shortened(models, kin), *not_live(unheard)))


def _visited(rows: Sequence[Row]) -> set[str]:
    """By what the web addresses in the rows are visited."""
    return {url.visited for row in rows for cell in row if (url := read_url(cell))}


def _kin(ground: Ground, donors: Sequence[Row]) -> list[list[Row]]:
    """For each linked table the rows that belong to the donors, directly or through others."""
    found: list[list[Row]] = [list(dict.fromkeys(donors))]
    for number, table in enumerate(ground.tables):
        if table.parent is not None:
            keys = dict.fromkeys(tuple(row[at] for at in table.referred) for row in found[table.parent])
            stated = [key for key in keys if None not in key]
            found.append(
                [row for batch in ground.kin(number, stated) for row in batch.rows] if stated else []
            )
    return found[1:]


def _sprouts(
    models: Sequence[KinModel],
    kin: Sequence[Sequence[Row]],
    root: TableModel,
    donors: Sequence[Row],
    decoys: Sequence[Row],
) -> list[list[Sprout]]:
    """The rows to be made in each table, those of a person one after the other."""
    tables = [
        [
            Sprout(donor, Person(root.columns, donor, decoy), None, dict(enumerate(decoy)))
            for donor, decoy in zip(donors, decoys, strict=True)
        ]
    ]
    for model, rows in zip(models, kin, strict=True):
        belonging: dict[tuple[str | None, ...], deque[Row]] = {}
        for row in rows:
            belonging.setdefault(_texts(row, model.table.refers), deque(maxlen=MOST_KIN)).append(row)
        tables.append(
            [
                Sprout(row, parent.person, parent)
                for parent in tables[model.table.parent or 0]
                for row in belonging.get(_texts(parent.old, model.table.referred), ())
            ]
        )
    return tables


def _texts(row: Row, positions: Sequence[int]) -> tuple[str | None, ...]:
    return tuple(cell_text(row[at]) for at in positions)


def _live(
    models: Sequence[KinModel],
    tables: Sequence[Sequence[Sprout]],
    layouts: Mapping[int, TimeColumn],
    draws: KeyedDraws,
) -> None:
    """Gives every person a history, and leaves out the rows that have no room in it."""
    for model, rows in zip(models, tables[1:], strict=True):
        for each in rows:
            for at, layout in model.times.items():
                each.person.met(layout.read(each.old[at]), layout, told=True)
    for each in tables[0]:
        dated = [
            (moment, at)
            for at, layout in layouts.items()
            if (moment := layout.read(each.old[at])) is not None
        ]
        for moment, at in dated:
            each.person.met(moment, layouts[at], told=False)
        began, first = min(dated, default=(0, None))
        begins = None if first is None else layouts[first].read(each.fresh[first])
        each.person.live(None if begins is None else (began, begins), draws)
    for model, rows in zip(models, tables[1:], strict=True):
        for each in rows:
            moments = [layout.read(each.old[at]) for at, layout in model.times.items()]
            each.left_out = (
                not model.repeatable
                or (each.parent is not None and each.parent.left_out)
                or any(moment is not None and each.person.history[moment] is None for moment in moments)
            )


def _number(model: KinModel, rows: Sequence[Sprout], draws: KeyedDraws) -> None:
    """References to the decoys' own rows, and numbers in the order of the clock."""
    table = model.table
    for each in rows:
        if each.parent is not None:
            _refer(each, table.refers, each.parent, table.referred)
    astray = list(rows)
    for _ in range(_ROUNDS):
        ordered = sorted(((_clock(model, each), at) for at, each in enumerate(astray)), key=_clocked)
        reached: dict[tuple[int, int], int] = {}
        ahead: dict[int, int] = {}
        for (clock, _), group in groupby(ordered, key=lambda pair: (pair[0], id(astray[pair[1]].parent))):
            together = [astray[at] for _, at in group]
            for batch in [together] if clock is not None else [[each] for each in together]:
                _number_batch(model, batch, clock, reached=reached, ahead=ahead, draws=draws)
        astray = [each for each in rows if _astray(model, each)]


def _refer_further(models: Sequence[KinModel], tables: Sequence[Sequence[Sprout]]) -> None:
    """References to other rows of the same person."""
    for model, rows in zip(models, tables[1:], strict=True):
        for also in model.table.also:
            own = {(id(each.person), _texts(each.old, also.referred)): each for each in tables[also.parent]}
            for each in rows:
                other = own.get((id(each.person), _texts(each.old, also.refers)))
                if other is not None:
                    _refer(each, also.refers, other, also.referred)


def _refer(each: Sprout, refers: Sequence[int], other: Sprout, referred: Sequence[int]) -> None:
    for at, there in zip(refers, referred, strict=True):
        each.fresh[at] = retyped(cell_text(other.fresh.get(there, other.old[there])) or "", each.old[at])


def _number_batch(
    model: KinModel,
    batch: Sequence[Sprout],
    clock: int | None,
    *,
    reached: dict[tuple[int, int], int],
    ahead: dict[int, int],
    draws: KeyedDraws,
) -> None:
    """Numbers for rows of one parent and clock.

    reached  by the clocks on both sides of a gap, how far the rows in it have come
    ahead    by person, the time of its last row
    """
    timed = model.clock in model.times
    lead: list[int] = []
    after = ahead.get(id(batch[0].person), batch[0].person.start) if timed else None
    for at, numbers in model.numbers.items():
        old = [each.old[at] for each in batch]
        if all(cell is None or cell == "" for cell in old):
            continue
        first = not lead
        if lead and at in model.apart:
            placed = numbers.at([number + model.apart[at] for number in lead], old)
        else:
            movable = first and timed and not _piled(model, clock)
            placed = numbers.place(old, When(clock, after, movable), draws)
        lead = lead or numbers.read(placed)
        for each, one in zip(batch, placed, strict=True):
            cell = one.cell if numbers.lanes else _named(each, at) or one.cell
            each.fresh[at] = cell
            each.person.replace(each.old[at], cell)
            if one.clocks and first and timed:
                each.clocks = one.clocks
                low, high = one.clocks
                low = max(reached.get(one.clocks, low), min(high, low if after is None else after + 1))
                reached[one.clocks] = _adjust(model, each, (low, high), one.share)
        if first and timed:
            clock = _clock(model, batch[0])
            ahead[id(batch[0].person)] = max(_clock(model, each) or 0 for each in batch)


def _piled(model: KinModel, clock: int | None) -> bool:
    """Whether so many rows have the clock that one more must have it, too."""
    return any(clock in layout.piles for at, layout in model.times.items() if at == model.clock)


def _named(each: Sprout, at: int) -> str | None:
    """A code that is made of the donor's name or address, like a login, made of the decoy's."""
    old = each.old[at]
    new = each.person.swapped([old])[old] if isinstance(old, str) else None
    return None if new == old else new


def _adjust(model: KinModel, each: Sprout, clocks: tuple[int, int], share: float) -> int:
    """Moves the row's time a little, to between those of the rows on both sides of its number: to where."""
    now = _clock(model, each)
    if model.clock is None or now is None:
        return clocks[0]
    column = model.times[model.clock]
    moment = column.read(each.old[model.clock])
    fitting = between(now, *clocks, quantum=column.quantum, share=share, days=column.days)
    if moment is not None and fitting != now and abs(fitting - now) <= ADJUSTED:
        each.person.adjust(moment, fitting)
    return max(clocks[0], min(fitting, clocks[1]))


def _astray(model: KinModel, each: Sprout) -> bool:
    """Whether a row's time moved away from its number with another of its person's times."""
    now = _clock(model, each) if each.clocks else None
    return now is not None and each.clocks is not None and not each.clocks[0] <= now <= each.clocks[1]


def _clock(model: KinModel, each: Sprout) -> int | None:
    if model.clock is None:
        return None
    if model.clock in model.times:
        moment = model.times[model.clock].read(each.old[model.clock])
        return None if moment is None else each.person.history[moment]
    return as_number(each.fresh[model.clock])


def _clocked(pair: tuple[int | None, int]) -> tuple[bool, int, int]:
    return pair[0] is None, pair[0] or 0, pair[1]


def _with_history(each: Sprout, layouts: Mapping[int, TimeColumn]) -> Row:
    """The decoy's row of the root; times that its history tells are the history's."""
    cells = list(each.fresh.values())
    told, last = each.person.told()
    for at, layout in layouts.items():
        moment, stated = layout.read(each.old[at]), layout.read(cells[at])
        if moment is None or stated is None or stated == moment:
            continue
        new = each.person.history[moment]
        after_all = moment >= max(told, default=moment + 1) and stated < last
        if new is not None and (moment in told or after_all):
            cells[at] = layout.write(new, cells[at])
    return tuple(cells)


def _names(root: TableModel) -> frozenset[str]:
    """Words that people of the root are called, in lower case."""
    places = [at for kind in (Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME) for at in root.positions(kind)]
    return frozenset(
        word.strip(".,").casefold()
        for row in root.sample
        for at in places
        for word in str(row[at] or "").split()
    )


def _by_person(rows: Sequence[Sprout]) -> Iterator[list[Sprout]]:
    for _, group in groupby(rows, key=lambda each: id(each.person)):
        yield list(group)


def _shortened(models: Sequence[KinModel], kin: Sequence[Sequence[Row]]) -> Iterator[str]:
    for model, rows in zip(models, kin, strict=True):
        most = max(Counter(_texts(row, model.table.refers) for row in rows).values(), default=0)
        if most and not model.repeatable:
            yield f"decoys have no rows in {model.table.name}: no cell of one of its keys can be made up"
        if most > MOST_KIN:
            yield f"a donor has {most:,} rows in {model.table.name}: its decoy got the last {MOST_KIN:,}"


def _strippable(model: KinModel, writer: Writer) -> Iterator[str]:
    name = model.table.name
    for at, numbers in model.numbers.items():
        if numbers.beyond:
            yield (
                f"{name} has too few free numbers in {model.columns[at].name} between the existing ones: "
                f"{numbers.beyond:,} rows of decoys were put beyond the end"
            )
    if writer.emptied:
        yield f"{', '.join(sorted(writer.emptied))} in {name}: empty in rows of decoys only"
