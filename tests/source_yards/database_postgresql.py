"""A schema of a PostgreSQL server."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from servers import _postgres, _present
from source_yards import WRONG
from source_yards._tables import Tables, numbers, pieces


class Here(Tables):
    limits: ClassVar[Mapping[str, float]] = MappingProxyType(
        {"trapstreet.plugins.sources._database.CONNECT_SECONDS": 1}
    )

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.url = _present(_postgres)
        self.schema = f"yard{next(numbers)}"
        self.options = {"schema": [self.schema]}
        self.run(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.schema)))

    def run(self, *statements: sql.Composable) -> None:
        with psycopg.connect(self.url) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.execute("SELECT pg_stat_force_next_flush()")

    def put(self, path: str, content: bytes) -> None:
        self.put_many({path: content})

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        with psycopg.connect(self.url) as connection:
            for path, content in contents.items():
                table = self.table(path)
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
                connection.execute(sql.SQL("CREATE TABLE {} (n int, content bytea)").format(table))
                into = sql.SQL("COPY {} FROM STDIN").format(table)
                with connection.cursor() as cursor, cursor.copy(into) as copy:
                    for row in pieces(content):
                        copy.write_row(row)
            connection.execute("SELECT pg_stat_force_next_flush()")

    def remove(self, path: str) -> None:
        self.run(sql.SQL("DROP TABLE {}").format(self.table(path)))

    def table(self, path: str) -> sql.Identifier:
        return sql.Identifier(self.schema, path)

    def name(self, path: str) -> str:
        return f"postgresql://127.0.0.1:{urlsplit(self.url).port}/postgres/{self.schema}.{path}"

    def cell(self, piece: bytes) -> str:
        return f"\\x{piece.hex()}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        wrong = {"password_file": self.secret("wrong", WRONG)}
        yield self.settings() | wrong | {"url": self.url.replace("postgres@", "locked@")}

    def close(self) -> None:
        self.run(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(self.schema)))
