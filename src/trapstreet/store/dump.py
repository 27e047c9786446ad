"""Every row of every table, in a form that SQLite and PostgreSQL both take back.

One CBOR sequence per table, one item per row: [values in the order of `columns`].
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction

from trapstreet import __version__
from trapstreet.core.model.errors import UnusableInput
from trapstreet.store.database import bring_up_to_date, schemas

_AT_ONCE = 1_000


def write_tables(folder: Path) -> dict[str, list[str]]:
    """One file per table in the folder, all of one moment; the columns of each table by its name."""
    import cbor2

    columns = {}
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for model in apps.get_app_config("store").get_models():
            name = str(model._meta.model_name)
            columns[name] = [field.attname for field in model._meta.concrete_fields]
            with (folder / name).open("wb") as file:
                rows = model._base_manager.order_by("pk").values_list(*columns[name])
                for row in rows.iterator(chunk_size=_AT_ONCE):
                    cbor2.dump([bytes(v) if isinstance(v, memoryview) else v for v in row], file)
    return columns


def read_tables(folder: Path, columns: dict[str, list[str]], *, schema: str) -> None:
    """The connected, empty database holds the rows of the folder and has this version's tables.

    schema  the newest migration of the program that wrote them: the rows enter its tables, which are then
            brought up to date
    Raises UnusableInput if this version does not know that schema.
    """
    from django.db.migrations.executor import MigrationExecutor

    if schema not in schemas():
        raise UnusableInput(
            "a newer trapstreet wrote this backup", hint=f"this is {__version__}; restore it with that"
        )
    state = MigrationExecutor(connection).migrate([("store", schema)])
    then = [state.apps.get_model("store", name) for name in columns]
    with transaction.atomic():
        for model in then:
            names = columns[str(model._meta.model_name)]
            with (folder / str(model._meta.model_name)).open("rb") as file:
                _enter(model, names, file)
        _reset_numbering(then)
    bring_up_to_date()


def _enter(model: type[models.Model], columns: list[str], file: BinaryIO) -> None:
    batch = []
    for row in _rows(file):
        batch.append(model(**dict(zip(columns, row, strict=True))))
        if len(batch) == _AT_ONCE:
            model._base_manager.bulk_create(batch)
            batch = []
    model._base_manager.bulk_create(batch)


def _rows(file: BinaryIO) -> Iterator[list[Any]]:
    import cbor2

    decoder = cbor2.CBORDecoder(file)
    while file.peek(1):  # type: ignore[attr-defined]
        yield decoder.decode()


def _reset_numbering(tables: list[type[models.Model]]) -> None:
    """PostgreSQL counts on from the largest number that came in."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
