"""Access events on their way into Parquet, without values."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.access_events import AccessEvent, Act
from trapstreet.core.model.record_id import record_ids
from trapstreet.events.statements import Dialect, Shape, Shapes, Values

if TYPE_CHECKING:
    import pyarrow as pa

Path_ = tuple[str, ...]
KeyOf = Callable[[Path_, str], bytes]
"""The key of the RecordIds of a column of a table."""

_DAY = 86_400_000_000
_NOTHING = (Act.OTHER, Act.EXPLAIN)
_LARGEST = (1 << 64) - 1
_PLANS = 100_000
_AT_ONCE = 200_000
"""Events in memory."""


class Writer:
    """Writes the events of one import: files of a folder, `<month>/<name>-<n>.<part>.parquet`.

    events, first, last  how many, and the times of the first and the last
    unparsed             statements that nothing could parse
    """

    def __init__(self, folder: Path, name: str, *, dialect: Dialect, schema: str, key_of: KeyOf) -> None:
        self._folder, self._name, self._schema, self._key_of = folder, name, schema, key_of
        self._shapes = Shapes(dialect)
        self._months: dict[int, _Part] = {}
        self._month_of: dict[int, int] = {}
        self._plans: dict[object, _Plan] = {}
        self._held = self._parts = 0
        self._number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
        self.events = 0
        self.first: int | None = None
        self.last: int | None = None

    @property
    def unparsed(self) -> int:
        return self._shapes.unparsed

    def add(self, event: AccessEvent) -> None:
        """One more event; one of no use to anybody (BEGIN, SET) is passed over."""
        shapes, literals = self._shapes.of(event.statement)
        if len(shapes) > 1:  # the log tells of one of them a line, and gives the whole text with each
            used = {path[-1] for path in event.on}
            mine = [each for each in shapes if used & {name for _, name in each.tables}]
            shapes = tuple(mine or shapes)
        for shape in shapes or (Shape(act=event.act),):
            self._add(event, shape, literals)

    def finish(self) -> None:
        """All is on disk."""
        self._write()

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
        part.add(event, plan)
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
        on = event.on + tuple(
            path for each in shape.tables if not _among(path := self._path(event, each), event.on)
        )
        values = []
        for each in shape.values:
            path = next((p for p in on if _is(p, shape.tables[each.table])), ())
            if path:
                values.append((path, each))
        what = (event.database, shape.statement, shape.fingerprint, on)
        act = shape.act if event.act == Act.OTHER else event.act
        return _Plan(shape, act, on, tuple(values), what, _number(what))

    def _part(self, time: int) -> "_Part":
        """Where events of this time are held."""
        day = time // _DAY
        month = self._month_of.get(day)
        if month is None:
            date = datetime.fromtimestamp(time // 1_000_000, UTC)
            month = self._month_of[day] = date.year * 12 + date.month - 1
        part = self._months.get(month)
        if part is None:
            part = self._months[month] = _Part()
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
    what: tuple[str, str, str, tuple[Path_, ...]]
    number: int


class _Part:
    """The events of one month."""

    def __init__(self) -> None:
        self._uses: list[tuple[int, str, str, str, str, int, int | None]] = []
        self._shapes: dict[int, tuple[str, str, str, tuple[Path_, ...]]] = {}
        self._named: list[tuple[int, str, Path_, str, list[str]]] = []

    def add(self, event: AccessEvent, plan: _Plan) -> None:
        self._shapes[plan.number] = plan.what
        self._uses.append(
            (event.time, event.who, plan.act.value, event.client, event.program, plan.number, event.rows)
        )

    def name(self, use: int, who: str, path: Path_, records: Sequence[tuple[str, str]]) -> None:
        columns: dict[str, list[str]] = {}
        for column, value in records:
            columns.setdefault(column, []).append(value)
        self._named += [(use, who, path, column, values) for column, values in columns.items()]

    def tables(self, key_of: KeyOf) -> Iterator[tuple[str, "pa.Table"]]:
        import pyarrow as pa

        time, who, act, client, program, shape, rows = zip(*self._uses, strict=True)
        text = pa.dictionary(pa.int32(), pa.string())
        columns: dict[str, Any] = {
            "time": pa.array(time, pa.int64()),
            "who": pa.array(who, pa.string()).dictionary_encode(),
            "act": pa.array(act, pa.string()).dictionary_encode(),
            "client": pa.array(client, pa.string()).dictionary_encode(),
            "program": pa.array(program, pa.string()).dictionary_encode(),
            "shape": pa.array(shape, pa.uint64()),
            "rows": pa.array(rows, pa.int64()),
        }
        yield "uses", pa.table(columns)
        paths = pa.list_(pa.list_(pa.string()))
        database, statement, fingerprint, on = zip(*self._shapes.values(), strict=True)
        yield (
            "shapes",
            pa.table(
                {
                    "shape": pa.array(self._shapes, pa.uint64()),
                    "database": pa.array(database, pa.string()),
                    "statement": pa.array(statement, pa.string()),
                    "fingerprint": pa.array(fingerprint, pa.string()),
                    "on": pa.array([list(map(list, each)) for each in on], paths),
                }
            ),
        )
        if self._named:
            yield "records", self._records(key_of, text)

    def _records(self, key_of: KeyOf, text: "pa.DataType") -> "pa.Table":
        """Who named which records, as keyed RecordIds: one row for each use and column."""
        import numpy as np
        import pyarrow as pa

        columns: dict[tuple[Path_, str], list[int]] = {}
        for n, (_, _, path, column, _) in enumerate(self._named):
            columns.setdefault((path, column), []).append(n)
        ids: list[Any] = [None] * len(self._named)
        for (path, column), rows in columns.items():
            values = [self._named[n][4] for n in rows]
            found = record_ids(key_of(path, column), [(value,) for each in values for value in each])
            ends = np.cumsum([len(each) for each in values])[:-1]
            for n, part in zip(rows, np.split(found, ends), strict=True):
                ids[n] = part
        return pa.table(
            {
                "use": pa.array([each[0] for each in self._named], pa.uint64()),
                "who": pa.array([each[1] for each in self._named], pa.string()).cast(text),
                "path": pa.array([list(each[2]) for each in self._named], pa.list_(pa.string())),
                "column": pa.array([each[3] for each in self._named], pa.string()).cast(text),
                "ids": pa.array(ids, pa.list_(pa.uint64())),
            }
        )


def _saw_any(event: AccessEvent, plan: _Plan) -> bool:
    """Whether a use may have seen records that its statement names: not where it only asked for a plan, or
    where no row came back of this one table."""
    return plan.act != Act.EXPLAIN and (event.rows != 0 or len(plan.on) > 1)


def _number(what: tuple[str, str, str, tuple[Path_, ...]]) -> int:
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
