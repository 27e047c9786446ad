"""What is kept of access events, asked by DuckDB."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.access_events import CONNECTED, Named, PastUse, RecordsUsed, TableUse
from trapstreet.core.model.errors import Unreachable
from trapstreet.events.names import kept, known

if TYPE_CHECKING:
    import duckdb

_DAY = 86_400_000_000
_HOUR = 3_600_000_000
_UNREADABLE = "run it again if a log was taken away meanwhile, or restore a backup"
_TOUCHES = "act IN ('read', 'write')"


def _as_root(columns: Sequence[str]) -> str:
    """All columns of uses: those of older imports have no `as_root`."""
    if "as_root" not in columns:
        return "*, false AS as_root"
    return "* REPLACE (coalesce(as_root, false) AS as_root)"


class Events:
    """The events of one place: files of the imports that are named, below some folders.

    scratch  a folder for what does not fit into memory
    """

    def __init__(self, folders: Iterable[Path], imports: Sequence[str], *, scratch: Path) -> None:
        names = set(imports)
        self._files: dict[str, list[str]] = {"uses": [], "shapes": [], "records": []}
        for path in sorted(each for folder in folders for each in folder.glob("*/*.parquet")):
            name, _, part = path.name.removesuffix(".parquet").partition(".")
            if name.rpartition("-")[0] in names and part in self._files:
                self._files[part].append(str(path))
        self._scratch = scratch

    def past_uses(self) -> list[PastUse]:
        """All uses, by account and statement; the most frequent first. What cannot be parsed is among them:
        it may be one."""
        rows = self._asked(
            f"""
            SELECT u.who, s.database, s."on", s.statement, s.fingerprint,
                list_sort(list(DISTINCT u.program)), count(*), min(u.time), max(u.time), sum(u.rows),
                list_sort(list(DISTINCT u.client)), u.as_root
            FROM uses u JOIN (SELECT DISTINCT ON (shape) * FROM shapes) s USING (shape)
            WHERE {_TOUCHES} OR u.act IN ('become', 'explain', 'manage')
                OR (u.act = 'other' AND s.fingerprint = '')
            GROUP BY 1, 2, 3, 4, 5, 12 ORDER BY 7 DESC, 1, 2, 3, 4, 5, 12
            """  # noqa: S608 - nothing in it comes from outside
        )
        return [
            PastUse(
                who, database, tuple(map(known, on)), statement, fingerprint, tuple(filter(None, programs)),
                times, first, last, None if count is None else int(count), tuple(clients), as_root,
            )
            for (
                who, database, on, statement, fingerprint, programs, times, first, last, count, clients,
                as_root,
            ) in rows
        ]  # fmt: skip

    def connections(self) -> list[PastUse]:
        """That accounts came in, by account and database: `CONNECTED` is the statement."""
        rows = self._asked(
            """
            SELECT u.who, s.database, list_sort(list(DISTINCT u.program)), count(*), min(u.time), max(u.time),
                list_sort(list(DISTINCT u.client))
            FROM uses u JOIN (SELECT DISTINCT ON (shape) * FROM shapes) s USING (shape)
            WHERE u.act = 'connect' GROUP BY 1, 2 ORDER BY 1, 2
            """
        )
        return [
            PastUse(
                who, database, (), CONNECTED, CONNECTED, tuple(filter(None, programs)), times, first, last,
                None, tuple(clients),
            )
            for who, database, programs, times, first, last, clients in rows
        ]  # fmt: skip

    def records_used(self, path: tuple[str, ...], key: str) -> dict[str, RecordsUsed]:
        """By account: which records of a table it named, and how often it did not.

        key  the column that is the table's key; "" none is. A use that names it AND others names by it alone
        """
        import numpy as np

        uses = self._asked(
            f"""
            SELECT u.who, count(*), count(*) FILTER (u.rows = 0 AND len(s."on") = 1)
            FROM uses u JOIN (SELECT DISTINCT ON (shape) * FROM shapes) s USING (shape)
            WHERE {_TOUCHES} AND list_contains(s."on", $path) GROUP BY 1
            """,  # noqa: S608 - nothing in it comes from outside
            path=kept(path),
        )
        named: dict[str, dict[str, Named]] = {}
        if self._files["records"]:
            for who, column, count, ids in self._asked(
                """
                WITH here AS (SELECT * FROM records WHERE path = $path),
                keyed AS (SELECT use FROM here WHERE "column" IN ('', $key))
                SELECT who, "column", count(DISTINCT use), list_distinct(flatten(list(ids))) FROM here
                WHERE "column" IN ('', $key) OR use NOT IN (SELECT use FROM keyed) GROUP BY 1, 2
                """,
                path=kept(path),
                key=key,
            ):
                distinct = np.sort(np.array(ids, dtype=np.uint64))
                named.setdefault(who, {})[column] = Named(count, distinct)
        return {who: RecordsUsed(count, empty, named.get(who, {})) for who, count, empty in uses}

    def uses(self) -> list[TableUse]:
        """All uses of tables by account, table, client and program."""
        rows = self._asked(
            f"""
            SELECT who, path, client, program, count(*), count(DISTINCT time // {_DAY}), min(time), max(time),
                max(time % {_DAY}) - min(time % {_DAY}), max(time % {_HOUR}) - min(time % {_HOUR}), as_root
            FROM (
                SELECT u.*, unnest(s."on") AS path
                FROM uses u JOIN (SELECT DISTINCT ON (shape) * FROM shapes) s USING (shape)
                WHERE {_TOUCHES}
            ) GROUP BY 1, 2, 3, 4, 11 ORDER BY 1, 2, 3, 4, 11
            """  # noqa: S608 - nothing in it comes from outside
        )
        return [TableUse(who, known(path), *rest) for who, path, *rest in rows]

    def last_seen(self) -> dict[str, int]:
        """By account: the time of its latest event of any kind."""
        return dict(self._asked("SELECT who, max(time) FROM uses GROUP BY who ORDER BY who"))

    def days(self) -> list[int]:
        """The days (UTC, counted from 1970) that have any event, ascending."""
        asked = f"SELECT DISTINCT time // {_DAY} AS day FROM uses ORDER BY day"  # noqa: S608
        return [day for (day,) in self._asked(asked)]

    def has_all_of(self, folder: Path, *, by: str) -> bool:
        """Whether each use whose files lie in the months of a folder is among these, as often, by some
        columns, and the records that it names."""
        columns = {"uses": by, "records": 'who, path, "column", ids'}
        return all(self._has_all(name, each, folder) for name, each in columns.items())

    def _has_all(self, name: str, columns: str, folder: Path) -> bool:
        files = [str(each) for each in folder.glob(f"*/*.{name}.parquet")]
        query = f"""
            SELECT 1 FROM (SELECT {columns} FROM read_parquet($files) EXCEPT ALL SELECT {columns} FROM {name})
            LIMIT 1
            """  # noqa: S608 - nothing in it comes from outside
        return not files or (bool(self._files[name]) and not self._asked(query, files=files))

    def _asked(self, query: str, **parameters: object) -> list[tuple[Any, ...]]:
        if not self._files["uses"]:
            return []
        import duckdb

        try:
            with self._connected() as connection:
                return connection.execute(query, parameters or None).fetchall()
        except RuntimeError as error:  # DuckDB swallows Ctrl-C, and says so in these words alone
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            raise
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise Unreachable("the workspace's events cannot be read", hint=_UNREADABLE) from error

    @contextmanager
    def _connected(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        import duckdb

        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(self._scratch / "duckdb"),
        }
        connection = duckdb.connect(":memory:", config=settings)
        try:
            for name, files in self._files.items():
                if files:
                    found = connection.read_parquet(files, union_by_name=name == "uses")
                    if name == "uses":
                        found = found.project(_as_root(found.columns))
                    found.create_view(name)
            yield connection
        finally:
            connection.close()
