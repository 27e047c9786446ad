"""What a table's rows look like, learnt in one pass: enough to make rows that fit in."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Cell, Row, cell_text
from trapstreet.decoys.census import Census, RowsOfNumbers
from trapstreet.decoys.clock import Clock, learn_clock
from trapstreet.decoys.emails import EmailStyle, learn_email_style, name_like_parts
from trapstreet.decoys.local_parts import taken_apart
from trapstreet.decoys.measures import NOTHING, Measure, Moments, learn_measure
from trapstreet.decoys.name_law import NameLaw, name_law
from trapstreet.decoys.names import NameCounts, NamePool, NameStyle, parse_name
from trapstreet.decoys.numbering import Numbering, NumberingBuilder, joined
from trapstreet.decoys.order import SortOrder, SortProbe, as_stored, case_folded
from trapstreet.decoys.phones import PhoneStyle, learn_phone_style
from trapstreet.decoys.urls import UrlColumn, UrlProbe

_SAMPLE = 16_000  # rows
_LONGEST = 24  # characters of a reference number that may tell the order of the rows
_FIRST = 1024  # rows that tell what its columns measure
_SAMPLE_KEY = b"rows to learn by"  # public: the choice of the sample is no secret
_NAMES_PARSED = 1_000_000  # rows whose full names are counted
_SINGLE = 0.2  # share of filled cells that nobody else has, above which a column is no category
_ALMOST = 0.02  # share of rows that may stand out of order in a file sorted by a running number
_PERSONAL = (Kind.EMAIL, Kind.PHONE, Kind.NAME)  # kinds of which a decoy has a value of its own
_NAMING = (Kind.EMAIL, Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME)
_UNFIT_FOR_KEYS = (Kind.IBAN, Kind.CARD, Kind.NATIONAL_ID)


@dataclass(frozen=True)
class TableModel:
    """One table as the generator sees it. Holds plaintext of a sample of rows: it lives in memory only.

    key         positions of the key columns
    sample      up to 16,000 rows drawn uniformly, in the order of the table; `ordinals` are their positions
    given, family  the names of the table, or the name-like parts of its addresses
    numberings  of reference columns (and key columns of no kind) whose values do not repeat
    order       how the file is sorted; `almost` if only nearly, by a running number
    followers   positions of the columns that are sorted like the file without being drawn anew
    blanks      per column, what an empty cell looks like
    laws        how often names occur, by what they are: "given", "family", and "word" for letters of local
                parts that show no name
    census      how often values occur, together with what
    measures    of the columns of nobody's identity that hold moments or amounts
    numbers     per measured or numbered column, the number of each row that the census keeps
    categories  positions of the columns of nobody's identity whose values repeat
    urls        of the columns that hold web addresses, one for each person or firm
    """

    columns: tuple[Column, ...]
    key: tuple[int, ...]
    rows: int
    sample: tuple[Row, ...] = field(repr=False)
    ordinals: NDArray[np.int64] = field(repr=False)
    given: NamePool | None
    family: NamePool | None
    email: EmailStyle
    name_style: NameStyle
    phones: Mapping[int, PhoneStyle]
    numberings: Mapping[int, Numbering]
    order: SortOrder | None
    almost: bool
    followers: tuple[int, ...]
    blanks: tuple[Cell, ...]
    laws: Mapping[str, NameLaw] = field(repr=False)
    census: Census = field(repr=False)
    measures: Mapping[int, Measure]
    numbers: Mapping[int, NDArray[np.int64]] = field(repr=False)
    categories: tuple[int, ...]
    urls: Mapping[int, UrlColumn] = field(repr=False)

    def positions(self, kind: Kind) -> list[int]:
        return [at for at, column in enumerate(self.columns) if column.kind is kind]

    def first(self, kind: Kind) -> int | None:
        """The column of a kind that is a key, else the first."""
        found = self.positions(kind)
        return next((at for at in found if at in self.key), found[0] if found else None)

    @property
    def placing(self) -> SortOrder | None:
        """The order that a decoy's own cells give its place by; None where it stands after so many rows."""
        return None if self.almost else self.order

    @cached_property
    def clocks(self) -> dict[int, tuple[int, Clock]]:
        """Of the moments that follow a number: the number's column, and how."""
        return {
            at: (counter, clock)
            for at, measure in self.measures.items()
            if isinstance(measure, Moments)
            for counter in list(self.numberings)[::-1]
            if (clock := learn_clock(self.numbers[counter], self.numbers[at])) is not None
        }

    @property
    def domain_position(self) -> int:
        """Where the census has the mail domain of a row, in small letters."""
        return len(self.columns)


class TableModelBuilder:
    """Learns a `TableModel` from batches, about 14 µs a row of six columns.

    Memory: 16,000 rows, capped counters, 8 bytes a row for each reference column.
    Raises UnusableInput if a key column is unknown or cannot be made up.
    """

    def __init__(self, columns: Sequence[Column], key_columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._key = _key_positions(self._columns, key_columns)
        self._rows = 0
        self._first: list[Row] | None = []
        self._sample = _Reservoir()
        self._given, self._family = NameCounts(), NameCounts()
        self._probes = [(SortProbe(), SortProbe()) for _ in self._columns]
        self._numbers = {at: _Numbers(at) for at in self._numbered()}
        self._urls = {
            at: UrlProbe(column.name)
            for at, column in enumerate(self._columns)
            if column.kind is Kind.TEXT and at not in self._key
        }
        self._measures: dict[int, Measure] = {}
        self._kept = RowsOfNumbers(0)

    def _numbered(self) -> list[int]:
        """Reference columns, and key columns of no kind where the key may need them."""
        needed = not any(self._columns[at].kind in _PERSONAL for at in self._key)
        return [
            at
            for at, column in enumerate(self._columns)
            if column.kind is Kind.REFERENCE or (needed and at in self._key and column.kind is Kind.TEXT)
        ]

    def observe(self, batch: Batch) -> None:
        """Take in the next rows of the table."""
        if self._first is None:
            self._take(batch.rows)
        else:
            self._first += batch.rows
            if len(self._first) >= _FIRST:
                self._begin()

    def _begin(self) -> None:
        """Look at the first rows, then take them in."""
        rows, self._first = self._first or [], None
        for at, column in enumerate(self._columns):
            if column.kind is Kind.TEXT and at not in self._key:
                measure = learn_measure(_column(rows[:_FIRST], at))
                if measure is not None:
                    self._measures[at] = measure
        self._kept = RowsOfNumbers(len(self._columns) + 1 + len(self._measures) + len(self._numbers))
        self._take(rows)

    def _take(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        self._sample.observe(rows)
        by_column = list(zip(*rows, strict=True))
        for cells, (stored, folded) in zip(by_column, self._probes, strict=True):
            stored.observe(cells)
            folded.observe(map(case_folded, cells))
        for at, numbers in self._numbers.items():
            numbers.observe(by_column[at])
        for at, probe in self._urls.items():
            probe.observe(by_column[at])
        self._keep(by_column, len(rows))
        self._count_names(by_column)
        self._rows += len(rows)

    def _keep(self, by_column: Sequence[Sequence[Cell]], rows: int) -> None:
        mails = _first_of(self._columns, Kind.EMAIL)
        domains = map(domain_of, by_column[mails]) if mails is not None else [""] * rows
        columns: list[Iterable[int]] = [map(hash, cells) for cells in (*by_column, domains)]
        columns += [map(measure.number, by_column[at]) for at, measure in self._measures.items()]
        columns += [map(number_of, by_column[at]) for at in self._numbers]
        self._kept.add(columns, rows)

    def _count_names(self, by_column: Sequence[Sequence[Cell]]) -> None:
        kinds = [column.kind for column in self._columns]
        if Kind.FAMILY_NAME in kinds or Kind.GIVEN_NAME in kinds:
            for kind, counts in ((Kind.GIVEN_NAME, self._given), (Kind.FAMILY_NAME, self._family)):
                if kind in kinds:
                    counts.add(_texts(by_column[kinds.index(kind)]))
        elif self._rows < _NAMES_PARSED:
            kind = Kind.NAME if Kind.NAME in kinds else Kind.EMAIL
            if kind in kinds:
                names = _names_in(_texts(by_column[kinds.index(kind)]), kind)
                self._given.add(given for given, _ in names if given)
                self._family.add(family for _, family in names if family)

    def finish(self) -> TableModel:
        """The model. Raises UnusableInput for a table without rows or without a key that can be made up."""
        if self._first is not None:
            self._begin()
        if not self._rows:
            raise UnusableInput("the table has no rows", hint="register it again when it has some")
        ordinals, sample = self._sample.finish()
        given = self._given.pool()
        family = self._family.pool(without=given.slugs[0] if given else ())
        numberings = self._numberings(sample)
        order, almost = self._order(numberings)
        kept = self._kept.finish()
        census = Census(kept[: len(self._columns) + 1])
        blanks = tuple(_blank(_column(sample, at)) for at in range(len(self._columns)))
        owners = _owners(self._columns, sample)
        email = learn_email_style(owners)
        urls = self._url_columns(sample)
        return TableModel(
            columns=self._columns,
            key=self._key,
            rows=self._rows,
            sample=sample,
            ordinals=ordinals,
            given=given,
            family=family,
            email=email,
            name_style=_commonest_style(self._columns, sample),
            phones=_phone_styles(self._columns, sample),
            numberings=numberings,
            order=order,
            almost=almost,
            followers=self._followers() if order and order.column in numberings else (),
            blanks=blanks,
            laws=self._laws(owners, spelt_out=email.spelt_out),
            census=census,
            measures=self._measures,
            numbers=dict(zip((*self._measures, *self._numbers), kept[len(self._columns) + 1 :], strict=True)),
            categories=tuple(at for at in self._categories(census, blanks) if at not in urls),
            urls=urls,
        )

    def _url_columns(self, sample: Sequence[Row]) -> dict[int, UrlColumn]:
        mails = _first_of(self._columns, Kind.EMAIL)
        domains = ["" if mails is None else domain_of(row[mails]) for row in sample]
        found = {
            at: probe.finish(list(zip(_column(sample, at), domains, strict=True)))
            for at, probe in self._urls.items()
        }
        return {at: column for at, column in found.items() if column}

    def _laws(self, owners: Sequence[tuple[str, str, str]], *, spelt_out: bool) -> dict[str, NameLaw]:
        words = NameCounts()
        for local, given, family in owners:
            words.add(taken_apart(local, given, family, spelt_out=spelt_out).words())
        counted = (("given", self._given), ("family", self._family), ("word", words))
        return {what: law for what, counts in counted if (law := name_law(counts.written()))}

    def _categories(self, census: Census, blanks: Sequence[Cell]) -> tuple[int, ...]:
        return tuple(
            at
            for at, column in enumerate(self._columns)
            if column.kind in (Kind.TEXT, Kind.POSTCODE)
            and at not in self._key
            and census.single_share(at, (blanks[at],)) <= _SINGLE
        )

    def _numberings(self, sample: Sequence[Row]) -> dict[int, Numbering]:
        found = {
            at: numbering
            for at, numbers in self._numbers.items()
            if (numbering := numbers.numbering.finish(_column(sample, at)))
        }
        if any(at in found and self._columns[at].kind is Kind.REFERENCE for at in self._key):
            found = {at: n for at, n in found.items() if self._columns[at].kind is Kind.REFERENCE}
        self._refuse_borrowed_key(found)
        return found

    def _refuse_borrowed_key(self, numberings: Mapping[int, Numbering]) -> None:
        own = [at for at in self._key if at in numberings or self._columns[at].kind in _PERSONAL]
        if not own:
            names = ", ".join(self._columns[at].name for at in self._key)
            raise UnusableInput(
                f"no decoy can have a key of its own in {names}", hint="register with another --key"
            )

    def _order(self, numberings: Mapping[int, Numbering]) -> tuple[SortOrder | None, bool]:
        """The column that the rows are sorted by, a running number before anything else."""
        for allowed in (0.0, _ALMOST):
            for at, numbers in self._numbers.items():
                if at not in numberings:
                    continue
                views = (numberings[at].number, numberings[at].place)
                for probe, view in zip((numbers.by_number, numbers.by_place), views, strict=True):
                    if _sorts(probe, self._rows, allowed):
                        return SortOrder(at, view, probe.descending), allowed > 0
        places = [
            at for at, column in enumerate(self._columns) if column.kind not in (Kind.PHONE, *_UNFIT_FOR_KEYS)
        ]
        found = [
            (probe.steps, -at, SortOrder(at, view, probe.descending))
            for at in places
            for probe, view in zip(self._probes[at], (as_stored, case_folded), strict=True)
            if _sorts(probe, self._rows, 0.0)
        ]
        return (max(found, key=lambda item: item[:2])[2], False) if found else (None, False)

    def _followers(self) -> tuple[int, ...]:
        """Columns that hold nobody's identity and never step back."""
        return tuple(
            at
            for at, (probe, _) in enumerate(self._probes)
            if self._columns[at].kind is Kind.TEXT
            and at not in (*self._key, *self._measures)
            and probe.steps
            and not probe.stray
        )


class _Numbers:
    """The numbering of one column, and how far the rows follow it: by number, or by what precedes it too."""

    def __init__(self, column: int) -> None:
        self.numbering = NumberingBuilder(column)
        self.by_number = SortProbe()
        self.by_place = SortProbe()

    def observe(self, cells: Sequence[Cell]) -> None:
        places = self.numbering.observe(cells)
        self.by_number.observe(place and place[1] for place in places)
        self.by_place.observe(places)


class _Reservoir:
    """A uniform sample of a stream of rows.

    Source: Li, "Reservoir-Sampling Algorithms of Time Complexity O(n(1 + log(N/n)))", 1994, algorithm L.
    """

    def __init__(self) -> None:
        self._draws = KeyedDraws(_SAMPLE_KEY, 0)
        self._kept: list[tuple[int, Row]] = []
        self._passed = 0
        self._weight = 1.0
        self._next = 0

    def observe(self, rows: Sequence[Row]) -> None:
        while self._next < self._passed + len(rows):
            kept = (self._next, rows[self._next - self._passed])
            if len(self._kept) < _SAMPLE:
                self._kept.append(kept)
            else:
                self._kept[self._draws.below(_SAMPLE)] = kept
            self._next += 1
            if len(self._kept) == _SAMPLE:
                self._weight *= exp(log(self._unit()) / _SAMPLE)
                self._next += int(log(self._unit()) / log(1 - self._weight))
        self._passed += len(rows)

    def _unit(self) -> float:
        return (self._draws.word() + 1) / (2.0**64 + 1)

    def finish(self) -> tuple[NDArray[np.int64], tuple[Row, ...]]:
        self._kept.sort(key=lambda pair: pair[0])
        return np.array([at for at, _ in self._kept], dtype=np.int64), tuple(row for _, row in self._kept)


def _key_positions(columns: Sequence[Column], key_columns: Sequence[str]) -> tuple[int, ...]:
    names = [column.name for column in columns]
    for name in key_columns:
        if name not in names:
            raise UnusableInput(
                f"the key column {name} is not in the table", hint="its columns have changed: register it"
            )
    key = tuple(names.index(name) for name in key_columns)
    for at in key:
        if columns[at].kind in _UNFIT_FOR_KEYS:
            raise UnusableInput(
                f"the key column {columns[at].name} holds numbers of people or accounts",
                hint="no decoy may have one: register with another --key",
            )
    return key


def _sorts(probe: SortProbe, rows: int, allowed: float) -> bool:
    """Whether enough rows differ from their neighbours, and few enough stand out of order."""
    return rows >= 3 and probe.steps * 5 >= rows and probe.stray <= allowed * rows


def domain_of(cell: Cell) -> str:
    """The mail domain of an address, in small letters; "" for what is none."""
    return cell.rpartition("@")[2].strip().lower() if isinstance(cell, str) and "@" in cell else ""


def number_of(cell: Cell) -> int:
    """All digits of a reference number as one number."""
    if isinstance(cell, str):
        return number if len(cell) <= _LONGEST and (number := joined(cell)) < 1 << 62 else NOTHING
    return cell if isinstance(cell, int) and abs(cell) < 1 << 62 else NOTHING


def _first_of(columns: Sequence[Column], kind: Kind) -> int | None:
    return next((at for at, column in enumerate(columns) if column.kind is kind), None)


def _texts(cells: Iterable[Cell]) -> list[str]:
    return [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]


def _column(sample: Sequence[Row], at: int) -> list[Cell]:
    return [row[at] for row in sample]


def _names_in(texts: Iterable[str], kind: Kind) -> list[tuple[str, str]]:
    if kind is Kind.EMAIL:
        return [name_like_parts(text.partition("@")[0].lower()) for text in texts]
    return [parsed[:2] for text in texts if (parsed := parse_name(text))]


def _owners(columns: Sequence[Column], sample: Sequence[Row]) -> list[tuple[str, str, str]]:
    """Local part, given name and family name of each sampled row that has an e-mail address."""
    found = (owner_of(columns, row) for row in sample)
    return [owner for owner in found if owner[0]]


def owner_of(columns: Sequence[Column], row: Row) -> tuple[str, str, str]:
    """Local part, given name and family name of a row; "" for what it does not show."""
    cells: dict[Kind, str] = {}
    for column, cell in zip(columns, row, strict=True):
        if column.kind in _NAMING:
            cells.setdefault(column.kind, _text(cell))
    local, at, _ = cells.get(Kind.EMAIL, "").partition("@")
    local = local if at else ""
    if Kind.GIVEN_NAME in cells or Kind.FAMILY_NAME in cells:
        return local, cells.get(Kind.GIVEN_NAME, ""), cells.get(Kind.FAMILY_NAME, "")
    if Kind.NAME in cells:
        given, family, _ = parse_name(cells[Kind.NAME]) or ("", "", None)
        return local, given, family
    return local, *name_like_parts(local)


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def _commonest_style(columns: Sequence[Column], sample: Sequence[Row]) -> NameStyle:
    styles = Counter(
        parsed[2]
        for at, column in enumerate(columns)
        if column.kind is Kind.NAME
        for text in _texts(_column(sample, at))
        if (parsed := parse_name(text))
    )
    return styles.most_common(1)[0][0] if styles else NameStyle()


def _phone_styles(columns: Sequence[Column], sample: Sequence[Row]) -> dict[int, PhoneStyle]:
    return {
        at: learn_phone_style(_texts(map(cell_text, _column(sample, at))), column.region)
        for at, column in enumerate(columns)
        if column.kind is Kind.PHONE
    }


def _blank(cells: Sequence[Cell]) -> Cell:
    empty = Counter(cell for cell in cells if cell is None or cell == "")
    if empty:
        return empty.most_common(1)[0][0]
    return "" if all(isinstance(cell, str) for cell in cells) else None
