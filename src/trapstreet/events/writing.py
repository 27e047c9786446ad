"""Access events on their way into Parquet, without values."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from trapstreet.core.model.access_events import AccessEvent, Act, Doubt
from trapstreet.events.months import KeyOf, Month, Path_, What
from trapstreet.events.statements import Dialect, Shape, Shapes, Values

_DAY = 86_400_000_000
_NOTHING = (Act.OTHER, Act.EXPLAIN)
_LARGEST = (1 << 64) - 1
_PLANS = 100_000
_AT_ONCE = 200_000
"""Events in memory."""


class Writer:
    """Writes the events of one import: files of a folder, `<month>/<name>-<n>.<part>.parquet`.

    schema               where a table is that a statement names without one, "" where there are none
    databases            whether paths begin with one: it is taken from there where a log leaves it out
    events, first, last  how many, and the times of the first and the last
    unparsed             statements that nothing could parse, or that may not be what was asked
    cut                  statements whose end the log may have left out
    """

    def __init__(
        self, folder: Path, name: str, *, dialect: Dialect, schema: str, databases: bool, key_of: KeyOf
    ) -> None:
        self._folder, self._name, self._schema, self._key_of = folder, name, schema, key_of
        self._databases = databases
        self._shapes = Shapes(dialect)
        self._months: dict[int, Month] = {}
        self._month_of: dict[int, int] = {}
        self._plans: dict[object, _Plan] = {}
        self._held = self._parts = 0
        self._number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
        self.events = self.cut = 0
        self.first: int | None = None
        self.last: int | None = None

    @property
    def unparsed(self) -> int:
        return self._shapes.unparsed

    def add(self, event: AccessEvent) -> None:
        """One more event; one of no use to anybody (BEGIN, SET) is passed over."""
        if self._databases and not event.database:
            event = self._placed(event)
        shapes, literals = self._shapes.of(event.statement, event.doubt)
        self.cut += event.doubt == Doubt.CUT
        if len(shapes) > 1:  # the log tells of one of them a line, and gives the whole text with each
            used = {path[-1] for path in event.on}
            mine = [each for each in shapes if used & {name for _, name in each.tables}]
            shapes = tuple(mine or shapes)
        for shape in shapes or (Shape(act=event.act),):
            self._add(event, shape, literals)

    def finish(self) -> None:
        """All is on disk."""
        self._write()

    def _placed(self, event: AccessEvent) -> AccessEvent:
        """The event in the database of all that was used, where that is one."""
        whole = 3 if self._schema else 2
        within = {path[0] if len(path) == whole else "" for path in event.on}
        return msgspec.structs.replace(event, database=within.pop()) if len(within) == 1 else event

    def _add(self, event: AccessEvent, shape: Shape, literals: Sequence[str]) -> None:
        at = id(shape), event.on, event.database, event.act
        plan = self._plans.get(at)
        if plan is None:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            plan = self._plans[at] = self._planned(event, shape)
        if plan.act in _NOTHING and not plan.on and (shape.fingerprint or not event.statement):
            return
        part = self._part(event.time)
        part.add(event, plan.act, plan.what, plan.number)
        self.events += 1
        use = (self._number + self.events) & _LARGEST
        if event.records and plan.on:
            part.name(use, event.who, plan.on[0], event.records)
        for path, values in plan.values if _saw_any(event, plan) else ():
            if found := self._found(values, literals, event.parameters):
                part.name(use, event.who, path, [(values.column, value) for value in found])
        if self.first is None or self.last is None:
            self.first = self.last = event.time
        elif event.time > self.last:
            self.last = event.time
        elif event.time < self.first:
            self.first = event.time
        self._held += 1
        if self._held >= _AT_ONCE:
            self._write()

    def _planned(self, event: AccessEvent, shape: Shape) -> "_Plan":
        named = shape.tables if shape.fingerprint or event.on else ()  # else all of it may be hidden
        on = event.on + tuple(path for each in named if not _among(path := self._path(event, each), event.on))
        values = []
        for each in shape.values:
            path = next((p for p in on if _is(p, shape.tables[each.table])), ())
            if path:
                values.append((path, each))
        what = (event.database, shape.statement, shape.fingerprint, on)
        act = shape.act if event.act == Act.OTHER else event.act
        return _Plan(shape, act, on, tuple(values), what, _number(what))

    def _part(self, time: int) -> Month:
        """Where events of this time are held."""
        day = time // _DAY
        month = self._month_of.get(day)
        if month is None:
            date = datetime.fromtimestamp(time // 1_000_000, UTC)
            month = self._month_of[day] = date.year * 12 + date.month - 1
        part = self._months.get(month)
        if part is None:
            part = self._months[month] = Month()
        return part

    def _path(self, event: AccessEvent, table: tuple[str, str]) -> Path_:
        """The path of a table that a statement names, as it would be found."""
        schema, name = table
        if self._schema:  # database, schema, table
            return event.database, schema or self._schema, name
        return schema or event.database, name

    def _found(self, values: Values, literals: Sequence[str], parameters: Sequence[str | None]) -> list[str]:
        found = [self._shapes.value(literals[n]) for n in values.literals if n < len(literals)]
        given = [parameters[n - 1] for n in values.parameters if n <= len(parameters)]
        found += [text for text in given if text is not None]
        if len(found) != len(values.literals) + len(values.parameters):
            return []
        return [each for text in found for each in _members(text)] if values.array else found

    def _write(self) -> None:
        import pyarrow.parquet as pq

        for month, part in sorted(self._months.items()):
            folder = self._folder / f"{month // 12:04d}-{month % 12 + 1:02d}"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, table in part.tables(self._key_of):
                path = folder / f"{self._name}-{self._parts}.{name}.parquet"
                pq.write_table(table, path, compression="zstd")
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        self._months.clear()
        self._held = 0
        self._parts += 1


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be kept of each use of one shape that a log tells of in the same way.

    what, number  what the shapes' file has of it, and by which number
    """

    shape: Shape
    act: Act
    on: tuple[Path_, ...]
    values: tuple[tuple[Path_, Values], ...]
    what: What
    number: int


def _saw_any(event: AccessEvent, plan: _Plan) -> bool:
    """Whether a use may have seen records that its statement names: not where it only asked for a plan, or
    where no row came back of this one table."""
    return plan.act != Act.EXPLAIN and (event.rows != 0 or len(plan.on) > 1)


def _number(what: What) -> int:
    digest = hashlib.blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _among(path: Path_, on: tuple[Path_, ...]) -> bool:
    """Whether the log names a table itself, perhaps in another schema than where it would be looked for."""
    return any(each[-1] == path[-1] and each[0] == path[0] for each in on)


def _is(path: Path_, table: tuple[str, str]) -> bool:
    schema, name = table
    return path[-1] == name and schema in ("", path[-2] if len(path) > 1 else "")


def _members(text: str) -> list[str]:
    """The values of an array in text form, where none of them needs quotes."""
    body = text.strip()
    if not (body.startswith("{") and body.endswith("}")):
        return [text]
    if '"' in body or "\\" in body:
        return []
    return [each.strip() for each in body[1:-1].split(",") if each.strip()]
