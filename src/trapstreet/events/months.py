"""The events of a month as tables, without values."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.access_events import AccessEvent, Act
from trapstreet.core.model.record_id import record_ids
from trapstreet.events.names import kept

if TYPE_CHECKING:
    import pyarrow as pa

Path_ = tuple[str, ...]
What = tuple[str, str, str, tuple[Path_, ...]]
"""What was asked: in which database, the statement and its fingerprint, and of which tables."""
KeyOf = Callable[[Path_, str], bytes]
"""The key of the RecordIds of a column of a table."""


class Month:
    """The events of one month, on their way into Parquet."""

    def __init__(self) -> None:
        self._uses: list[tuple[int, str, Act, str, str, int, int | None, bool]] = []
        self._shapes: dict[int, What] = {}
        self._named: list[tuple[int, str, Path_, str, list[str]]] = []

    def add(self, event: AccessEvent, act: Act, what: What, number: int) -> None:
        """One use more, and what it did: `what` of the shape that has this number."""
        self._shapes[number] = what
        self._uses.append(
            (event.time, event.who, act, event.client, event.program, number, event.rows, event.as_root)
        )

    def name(self, use: int, who: str, path: Path_, records: Sequence[tuple[str, str]]) -> None:
        """The records that a use named, each by a column and its value."""
        columns: dict[str, list[str]] = {}
        for column, value in records:
            columns.setdefault(column, []).append(value)
        self._named += [(use, who, path, column, values) for column, values in columns.items()]

    def tables(self, key_of: KeyOf) -> Iterator[tuple[str, "pa.Table"]]:
        """All of it, by the names of the files' parts."""
        import pyarrow as pa

        time, who, act, client, program, shape, rows, as_root = zip(*self._uses, strict=True)
        text = pa.dictionary(pa.int32(), pa.string())
        columns: dict[str, Any] = {
            "time": pa.array(time, pa.int64()),
            "who": pa.array(who, pa.string()).dictionary_encode(),
            "act": pa.array(act, pa.string()).dictionary_encode(),
            "client": pa.array(client, pa.string()).dictionary_encode(),
            "program": pa.array(program, pa.string()).dictionary_encode(),
            "shape": pa.array(shape, pa.uint64()),
            "rows": pa.array(rows, pa.int64()),
            "as_root": pa.array(as_root, pa.bool_()),
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
                    "on": pa.array([list(map(kept, each)) for each in on], paths),
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
        found = [
            record_ids(
                key_of(tuple(kept(path)), column), [(value,) for n in rows for value in self._named[n][4]]
            )
            for (path, column), rows in columns.items()
        ]
        order = [n for rows in columns.values() for n in rows]
        ends = np.cumsum([0, *(len(self._named[n][4]) for n in order)], dtype=np.int32)
        ids = pa.ListArray.from_arrays(ends, np.concatenate(found)).take(pa.array(np.argsort(order)))
        return pa.table(
            {
                "use": pa.array([each[0] for each in self._named], pa.uint64()),
                "who": pa.array([each[1] for each in self._named], pa.string()).cast(text),
                "path": pa.array([kept(each[2]) for each in self._named], pa.list_(pa.string())),
                "column": pa.array([each[3] for each in self._named], pa.string()).cast(text),
                "ids": ids,
            }
        )
