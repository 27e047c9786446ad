"""A SQLite file, in which each table that is changed changes the file."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from source_yards._tables import Tables, pieces


class Here(Tables):
    remote: ClassVar[bool] = False
    apart: ClassVar[bool] = False

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.file = folder / "yard.db"
        self.file.touch()
        self.url = f"sqlite:///{self.file}"

    def put(self, path: str, content: bytes) -> None:
        self.put_many({path: content})

    def put_many(self, contents: Mapping[str, bytes]) -> None:
        with self.changed() as connection:
            for path, content in contents.items():
                connection.execute(f"DROP TABLE IF EXISTS {_quoted(path)}")
                connection.execute(f"CREATE TABLE {_quoted(path)} (n, content)")
                connection.executemany(f"INSERT INTO {_quoted(path)} VALUES (?, ?)", pieces(content))

    def remove(self, path: str) -> None:
        with self.changed() as connection:
            connection.execute(f"DROP TABLE {_quoted(path)}")

    def name(self, path: str) -> str:
        return f"sqlite:///{self.file}/{path}"

    @contextmanager
    def changed(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            yield connection


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
