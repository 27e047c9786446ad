"""`trapstreet discover`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trapstreet.cli.options import example, json_option, workspace_option
from trapstreet.cli.output import emit, progress
from trapstreet.core.model.words import printable

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace
    from trapstreet.discover import Stock

SOMETHING_UNREAD = 6


@click.command(
    epilog=example(
        "trapstreet discover postgresql://trapstreet_discover@db.internal/",
        "trapstreet discover mariadb://trapstreet_discover@db.internal/crm /srv/share smb://fs.internal/",
        "trapstreet discover --grants postgresql://admin@db.internal/",
        "trapstreet discover --write-policy",
    )
)
@click.argument("target", nargs=-1)
@click.option("--all", "whole", is_flag=True, help="List everything, not only what is most sensitive.")
@click.option("--grants", is_flag=True, help="Only say what a login has to be granted at TARGET.")
@click.option(
    "--write-policy", "writes", is_flag=True, help="Write policy.toml into the workspace, to be edited."
)
@click.option(
    "--per-second",
    type=click.FloatRange(min=0.01, max=10_000),
    default=10.0,
    show_default=True,
    metavar="NUMBER",
    help="Statements that a database is asked in a second, at most.",
)
@workspace_option
@json_option
def command(
    *,
    target: Sequence[str],
    whole: bool,
    grants: bool,
    writes: bool,
    per_second: float,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Find where data about people lies at each TARGET, and how sensitive it is.

    TARGET is the URL of a PostgreSQL or MariaDB server or of one database there, a folder, a file (of
    SQLite, too), an SMB share, or whatever else scan reads. Up to 500 rows of a table are sampled in memory;
    nothing is changed, and no value is kept. What did not change since the last time is not looked at again.
    Exit status 6 if something could not be looked at.
    """
    from trapstreet.core.model.errors import UnusableInput

    if not target and not writes:
        raise UnusableInput("no TARGET is given", hint="give a URL or a folder")
    if grants:
        return _say_grants(target, as_json)
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    if writes:
        from trapstreet.app.discovering import write_policy

        path = write_policy(opened)
        emit(as_json, {"policy": str(path)}, f"{path} says how sensitive which kind is: edit it.")
        return 0
    stocks, unreached = _looked_at(opened, target, per_second)
    return _tell(stocks, unreached, whole=whole, as_json=as_json)


def _looked_at(
    workspace: "Workspace", targets: Sequence[str], per_second: float
) -> "tuple[list[Stock], list[str]]":
    """What each target came to, and those that could not be asked. Raises where none could."""
    from trapstreet.app.clock import now
    from trapstreet.app.discovering import discover
    from trapstreet.core.model.errors import TrapstreetError
    from trapstreet.plugins.sources import shown_location

    stocks: list[Stock] = []
    failures: list[TrapstreetError] = []
    for each in targets:
        with progress(f"looking at {printable(shown_location(each))}") as told:
            try:
                stocks.append(discover(workspace, each, per_second=per_second, clock=now, told=told))
            except TrapstreetError as error:
                failures.append(error)
    if failures and not stocks:
        raise failures[0]
    return stocks, [each.message for each in failures]


def _tell(stocks: "Sequence[Stock]", unreached: Sequence[str], *, whole: bool, as_json: bool) -> int:
    from trapstreet.app.discovered import holdings_in
    from trapstreet.cli.tables import table
    from trapstreet.render import holdings as render

    lines: list[str] = []
    answers: list[dict[str, Any]] = []
    unknown = [*unreached]
    for stock in stocks:
        held = holdings_in(stock)
        sensitive = [each for each in held if each.sensitivity]
        listed = sensitive if not whole else [*sensitive, *(each for each in held if not each.sensitivity)]
        shown = listed if whole else listed[: render.MOST]
        lines.append(render.summary(stock, len(sensitive)))
        if shown:
            lines += ["", table(*render.holding_rows(shown))]
        if len(shown) < len(listed):
            lines.append(f"… and {len(listed) - len(shown):,} more: --all")
        lines.append("")
        unknown += stock.unknown
        answers.append(render.stock_object(stock, held))
    lines += [f"NOT KNOWN {printable(each)}" for each in unknown]
    emit(as_json, {"places": answers, "unknown": unknown}, "\n".join(lines).rstrip("\n"))
    return SOMETHING_UNREAD if unknown else 0


def _say_grants(targets: Sequence[str], as_json: bool) -> int:
    from trapstreet.app.discovering import grants_for

    said = {each: [*grants_for(each)] for each in targets}
    emit(as_json, {"grants": [*said.values()]}, "\n\n".join("\n".join(each) for each in said.values()))
    return 0
