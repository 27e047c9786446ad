"""`trapstreet bait`."""

from pathlib import Path
from typing import Any

import click

from trapstreet.cli.options import example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit
from trapstreet.cli.particulars import particulars, particulars_options


class Kinds(click.Group):
    """A command for each kind of breadcrumb that is there, made of its settings."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from trapstreet.plugins.breadcrumbs import kinds

        return list(kinds())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from trapstreet.plugins.breadcrumbs import kinds

        return _command(cmd_name) if cmd_name in kinds() else None


@click.group(
    cls=Kinds,
    epilog=example(
        'trapstreet bait word --template offer.docx --place "finance share" --out "Offer 2026.docx"',
        'trapstreet bait email --place "CRM export job" --name "Maria Keller"',
        'trapstreet bait dblogin --place "build server" --out .pgpass',
    ),
)
def command() -> None:
    """Make a breadcrumb that is no table row: an address, a link, a document, a login.

    Nobody has honest use for it. Whoever uses it has been where it lay; what hears of that is yours (domains
    under [decoys], urls and zones under [trap] in trapstreet.toml). docs/breadcrumbs.md has more.
    """


def _command(kind: str) -> click.Command:
    """The command of a kind."""
    from trapstreet.cli.manifest import manifest_options
    from trapstreet.plugins.breadcrumbs import kind_named

    found = kind_named(kind)

    @click.command(kind, help=f"Make a breadcrumb: {found.title}.\n\nWhat it reveals: {found.reveals}")
    @manifest_options(found.settings)
    @click.option("--place", required=True, metavar="TEXT", help="Where it will lie: a use of it says so.")
    @click.option("--out", type=click.Path(path_type=Path), metavar="PATH", help="Its file, or folder.")
    @particulars_options
    @workspace_option
    @json_option
    def run(**given: Any) -> None:
        _run(kind, given)

    return run


def _run(kind: str, given: dict[str, Any]) -> None:
    common = {name: given.pop(name) for name in ("place", "out", "owner", "purpose", "tags", "expires")}
    workspace, as_json = given.pop("workspace"), given.pop("as_json")
    refuse_unprintable("--place", common["place"])
    said = particulars(common["owner"], common["purpose"], common["tags"], common["expires"])
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app.baiting import bait

    opened.require_confirmed_kit()
    with opened.writing():
        made = bait(opened, kind, given, place=common["place"], out=common["out"], particulars=said)
    lines = [made.text.rstrip(), ""]
    lines += [f"Written: {path}" for path in made.files]
    lines += [f"For you alone, never to be placed: {path}" for path in made.owner]
    lines.append(f"It is registered as {made.planting}, in {made.place!r}.")
    document = {
        "planting": made.planting,
        "kind": kind,
        "place": made.place,
        "files": [str(path) for path in made.files],
        "owner_files": [str(path) for path in made.owner],
        "text": made.text,
    }
    emit(as_json, document, "\n".join(lines))
