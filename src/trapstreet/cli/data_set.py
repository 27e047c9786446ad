"""`trapstreet data-set`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit
from trapstreet.cli.tables import table
from trapstreet.core.model.words import printable

if TYPE_CHECKING:
    from trapstreet.store.models import DataSet, Version

_COLUMNS = ("data_set", "versions", "records", "registered", "checked", "key", "source")


@click.group(epilog=example("trapstreet data-set list"))
def command() -> None:
    """The tables that are registered."""


@command.command("list", epilog=example("trapstreet data-set list", "trapstreet data-set list --json"))
@workspace_option
@json_option
def list_data_sets(workspace: Path | None, as_json: bool) -> None:
    """List every data set: versions, records of the latest, when that was registered and last found to hold,
    key, and where the table lies."""
    from trapstreet.app.workspace import Workspace

    Workspace.open(workspace)
    from trapstreet.store import catalogue

    rows = [_listed(each, catalogue.latest(each)) for each in catalogue.data_sets()]
    emit(as_json, {"data_sets": rows}, _table(rows))


def _listed(data_set: "DataSet", latest: "Version") -> dict[str, object]:
    from trapstreet.render.words import day

    return {
        "data_set": data_set.name,
        "versions": latest.number,
        "records": latest.rows,
        "registered": day(latest.registered_at),
        "checked": day(latest.checked_at),
        "key": data_set.key_columns,
        "source": data_set.source,
    }


def _table(rows: list[dict[str, object]]) -> str:
    if not rows:
        return "None. Register one: trapstreet register TABLE --name NAME"
    return table(_COLUMNS, [[printable(_text(row[name])) for name in _COLUMNS] for row in rows])


def _text(value: object) -> str:
    if isinstance(value, list):
        return " + ".join(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
