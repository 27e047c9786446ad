"""A database of a MariaDB server."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pymysql
import pytest

from servers import _mariadb, _present
from source_yards import WRONG
from source_yards._tables import Tables, numbers, pieces


class Here(Tables):
    marks: ClassVar[tuple[Any, ...]] = (pytest.mark.system,)
    awkward: ClassVar[tuple[str, ...]] = tuple(name for name in Tables.awkward if name == name.strip())
    many: ClassVar[int] = 50
    settles: ClassVar[float] = 2.1
    limits: ClassVar[Mapping[str, float]] = MappingProxyType(
        {
            "trapstreet.plugins.sources._database.CONNECT_SECONDS": 1,
            "trapstreet.plugins.sources._database.SILENT_SECONDS": 0.5,
        }
    )

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.port = urlsplit(_present(_mariadb)).port
        self.schema = f"yard{next(numbers)}"
        self.url = f"mariadb://tester@127.0.0.1:{self.port}/{self.schema}"
        self.connection = pymysql.connect(
            host="127.0.0.1", port=self.port or 0, user="tester", charset="utf8mb4", autocommit=True
        )
        self.run(f"CREATE DATABASE {self.schema}", f"USE {self.schema}")

    def run(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def put(self, path: str, content: bytes) -> None:
        self.put_many({path: content})

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        with self.connection.cursor() as cursor:
            for path, content in contents.items():
                table = _quoted(path)
                cursor.execute(f"DROP TABLE IF EXISTS {table}")
                cursor.execute(f"CREATE TABLE {table} (n int PRIMARY KEY, content blob)")
                cursor.executemany(
                    f"INSERT INTO {table.replace('%', '%%')} VALUES (%s, _binary %s)", pieces(content)
                )

    def remove(self, path: str) -> None:
        self.run(f"DROP TABLE {_quoted(path)}")

    def name(self, path: str) -> str:
        return f"mariadb://127.0.0.1:{self.port}/{self.schema}/{self.schema}.{path}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        wrong = {"password_file": self.secret("wrong", WRONG)}
        yield self.settings() | wrong | {"url": self.url.replace("tester@", "locked@")}

    def close(self) -> None:
        self.run(f"DROP DATABASE {self.schema}")
        self.connection.close()


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
