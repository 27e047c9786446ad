"""`trapstreet baseline`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import (
    example,
    json_option,
    password_file_option,
    refuse_unprintable,
    workspace_option,
)
from trapstreet.cli.output import emit, note, progress
from trapstreet.core.model.words import counted

if TYPE_CHECKING:
    from trapstreet.store.baselines import Known

_LONGEST = 64


@click.group(
    epilog=example(
        "trapstreet baseline add dump-of-2019 /evidence/dump.zip",
        "trapstreet baseline add website https://www.your.domain/ --public",
        "trapstreet baseline list",
    )
)
def command() -> None:
    """What is out already, so that it is not taken for news where it is found again."""


@command.command(
    epilog=example(
        "trapstreet baseline add dump-of-2019 /evidence/dump.zip",
        "trapstreet baseline add website https://www.your.domain/ --public",
    )
)
@click.argument("name")
@click.argument("location", nargs=-1, required=True)
@click.option(
    "--public",
    is_flag=True,
    help="Anybody may have these values: they are set aside wherever they are found.",
)
@password_file_option
@workspace_option
@json_option
def add(
    *,
    name: str,
    location: Sequence[str],
    public: bool,
    password_file: Path | None,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Remember under NAME what each LOCATION shows of your data: a file, a folder or an address, as for scan.

    It is an old leak: what shows nothing beyond it is told as that leak, found again, of low severity, and
    never as a new one. Kept are keyed hashes, sealed; the location itself is not needed any more.
    """
    refuse_unprintable("NAME", name)
    if len(name) > _LONGEST:
        raise click.BadParameter(f"a name has at most {_LONGEST} characters", param_hint="NAME")
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.app import baselines
    from trapstreet.app.passwords import passwords_in

    with progress("reading", in_bytes=True) as told:
        made = baselines.add(
            opened,
            name,
            location,
            public=public,
            passwords=passwords_in(password_file),
            progress=told,
        )
    for each in made.unread:
        note(each.line)
    emit(as_json, made, "\n".join(_lines(made.baseline)))


@command.command("list", epilog=example("trapstreet baseline list --json"))
@workspace_option
@json_option
def list_baselines(*, workspace: Path | None, as_json: bool) -> None:
    """List the baselines: what each is, and how much it shows."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.store import baselines

    known = baselines.every(opened.ring)
    lines = [line for each in known for line in _lines(each)] or ["No baselines."]
    emit(as_json, {"baselines": known}, "\n".join(lines))


@command.command(epilog=example("trapstreet baseline remove website"))
@click.argument("name")
@workspace_option
@json_option
def remove(*, name: str, workspace: Path | None, as_json: bool) -> None:
    """Forget the baseline NAME: what it shows is news again."""
    from trapstreet.app.workspace import Workspace

    opened = Workspace.open(workspace)
    from trapstreet.store import baselines

    with opened.writing():
        baselines.remove(name)
    emit(as_json, {"removed": name}, f"The baseline {name} is removed.")


def _lines(known: "Known") -> Iterator[str]:
    from trapstreet.render.words import day

    about = known.about
    of = ", ".join(f"{counted(number, 'record')} of {name}" for name, number in about.records.items())
    what = f"{counted(about.values, 'value')} set aside" if known.public else "an old leak"
    yield f"{known.name}  {what}: {of}; read {day(known.made_at)}"
    shown = ", ".join(about.locations[:3]) + (", …" if len(about.locations) > 3 else "")
    unread = f"; {counted(about.unread, 'part')} could not be read" if about.unread else ""
    yield f"    {shown}{unread}"
