"""`trapstreet share`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.expecting import Expected, expected_use, sender_option
from trapstreet.cli.options import end_of_day, example, json_option, refuse_unprintable, workspace_option
from trapstreet.cli.output import emit, note, progress
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import counted

if TYPE_CHECKING:
    from trapstreet.app.workspace import Workspace
    from trapstreet.share import Copied, Terms
    from trapstreet.store.copies import NewRecipient
    from trapstreet.store.models import DataSet


@click.command(
    epilog=example(
        'trapstreet share customers --to "Call centre Cork" --out cork.csv',
        'trapstreet share customers --to "Mailing house" --out mail.xlsx --decoys 50',
        "trapstreet share customers --plan --withhold 1%",
    )
)
@click.argument("name")
@click.option("--to", "recipient", metavar="RECIPIENT", help="Who gets the copy.")
@click.option(
    "--out",
    metavar="FILE|URL",
    help="The file to write, on this machine or sftp://, or a database's ?table=; it must not exist yet.",
)
@click.option(
    "--plan", is_flag=True, help="Make nothing; say what leaks of such copies would prove, and the cost."
)
@click.option(
    "--decoys", type=click.IntRange(min=1), help="How many decoys (1 % of the rows, between 3 and 300)."
)
@click.option(
    "--withhold",
    metavar="SHARE",
    help="Share of the rows that the copy goes without, like 1% (as in the settings; nothing unless they "
    "say so). Looking up a record by its key in your own systems still finds it.",
)
@click.option(
    "--mark",
    "marks",
    multiple=True,
    metavar="COLUMN=MARK",
    help="Spell this column in the copy's own way, like phone=phone-layout (as in the settings; nothing "
    "unless they say so). docs/marks.md lists the marks.",
)
@click.option("--expires", metavar="DATE", help="Until when the recipient may keep it, like 2027-03-31.")
@click.option(
    "--used-for",
    metavar="WHAT",
    help="What the recipient will honestly use it for, like campaign: until then its decoys are met.",
)
@click.option("--until", metavar="DATE", help="Until when that is, like 2027-01-31.")
@sender_option
@click.option("--new-version", is_flag=True, help="Register the source as it is now, and share that.")
@click.option(
    "--recipient-is-new", is_flag=True, help="Do not ask: RECIPIENT is none of those that are known."
)
@workspace_option
@json_option
def command(
    *,
    name: str,
    recipient: str | None,
    out: str | None,
    plan: bool,
    decoys: int | None,
    withhold: str | None,
    marks: Sequence[str],
    expires: str | None,
    used_for: str | None,
    until: str | None,
    senders: Sequence[str],
    new_version: bool,
    recipient_is_new: bool,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """Write a copy of the data set NAME for one recipient, with decoys by which a leak of it is traced.

    The source is read again; columns, order and formatting stay as they are. The format is that of the file's
    name: .csv, .tsv, .jsonl, .parquet, .xlsx.

    Copies of 250 decoys and more share some of these from the second copy on, by which people are named who
    compare what they got.
    """
    from trapstreet.app.sharing import share_copy
    from trapstreet.app.workspace import Workspace
    from trapstreet.store import catalogue

    terms = _terms(decoys, withhold, marks, expires)
    expected = expected_use(used_for, until, senders)
    opened = Workspace.open(workspace)
    data_set = catalogue.data_set_named(name)  # asked first, so that nobody is asked about recipients in vain
    if plan:
        _plan(opened, data_set, terms, new_version=new_version, as_json=as_json)
        return
    if recipient is None or out is None:
        raise UnusableInput("a copy needs --to and --out", hint="or pass --plan, which makes none")
    refuse_unprintable("--to", recipient)
    refuse_unprintable("--out", out)
    opened.require_confirmed_kit()
    meant = _recipient(opened, recipient, is_new=recipient_is_new)
    with opened.writing(), progress("sharing") as told:
        result = share_copy(
            opened,
            catalogue.data_set_named(name),
            recipient=meant,
            out=out,
            terms=terms,
            new_version=new_version,
            progress=told,
        )
        if expected is not None:
            _expect(opened, result.copy, expected)
    _tell(result, name, out, asked=decoys, expected=expected, as_json=as_json)


def _terms(decoys: int | None, withhold: str | None, marks: Sequence[str], expires: str | None) -> "Terms":
    from trapstreet.app.settings import read_marks, read_share
    from trapstreet.share import Terms

    return Terms(
        decoys,
        None if withhold is None else read_share(withhold, where="--withhold"),
        read_marks(marks, where="--mark") if marks else None,
        None if expires is None else end_of_day(expires),
    )


def _expect(opened: "Workspace", copy: str, expected: Expected) -> None:
    from trapstreet.app.clock import now
    from trapstreet.store import suppression

    suppression.expect_use(
        copy, expected.what, senders=expected.senders, until=expected.until, ring=opened.ring, at=now()
    )


def _plan(
    opened: "Workspace", data_set: "DataSet", terms: "Terms", *, new_version: bool, as_json: bool
) -> None:
    from trapstreet.app.sharing import plan_for
    from trapstreet.render.plans import plan_lines

    if new_version:
        raise UnusableInput(
            "--plan goes by what is registered", hint="register the source first, or leave out --new-version"
        )
    with progress("planning") as told:
        planned = plan_for(opened, data_set, terms=terms, progress=told)
    emit(as_json, planned, "\n".join(plan_lines(planned)))


def _recipient(opened: "Workspace", name: str, *, is_new: bool) -> "str | NewRecipient":
    """The pseudonym of a known recipient, or a new one. A name that is almost known is asked about."""
    from trapstreet.core.model.protected import Protected
    from trapstreet.share import Recipients
    from trapstreet.share.domain.recipients import masked
    from trapstreet.store import recipients
    from trapstreet.store.copies import NewRecipient

    new = NewRecipient(Protected(name))
    names = recipients.names(opened.ring)
    known = Recipients(names)
    same = known.same(name)
    almost = None if is_new else known.almost(name)
    if same is not None or almost is None:
        return same or new
    question = f"{almost} ({masked(names[almost])}) has almost this name"
    if not sys.stdin.isatty():
        raise UnusableInput(question, hint="spell it as before, or pass --recipient-is-new")
    return almost if click.confirm(f"{question}. Is it the same recipient?", err=True) else new


def _tell(
    result: "Copied", name: str, out: str, *, asked: int | None, expected: Expected | None, as_json: bool
) -> None:
    from trapstreet.render.words import day

    notes = [*result.notes, *_more_decoys_than_rows(result, asked)]
    document, lines = _document(result, name, out, notes), _lines(result, name, out, notes)
    if expected is not None:
        document["used_for"] = expected.shown()
        lines.append(f"Expected until {day(expected.until)}: {expected}.")
    emit(as_json, document, "\n".join(lines))
    note(expected.remark if expected else "")


def _more_decoys_than_rows(result: "Copied", asked: int | None) -> list[str]:
    if asked is None or result.decoys <= result.rows:
        return []
    size = f"{counted(result.decoys, 'decoy')} among {counted(result.rows, 'row')}"
    return [f"{size} stand out to whoever knows how many rows there should be: 1 % of the rows is usual."]


def _document(result: "Copied", name: str, out: str, notes: Sequence[str]) -> dict[str, object]:
    return {
        "copy": result.copy,
        "data_set": name,
        "version": result.version,
        "recipient": result.recipient,
        "out": without_password(out),
        "rows": result.rows,
        "decoys": result.decoys,
        "shared": result.shared,
        "withheld": result.withheld,
        "marked": result.marked,
        "strippable": bool(result.strippable),
        "notes": [*result.strippable, *notes],
        "proves": result.proves,
        "commitment": result.commitment,
    }


def _lines(result: "Copied", name: str, out: str, notes: Sequence[str]) -> list[str]:
    from trapstreet.render.words import percent
    from trapstreet.share.domain.power import proven_at

    size = f"{counted(result.rows, 'row')} and {counted(result.decoys, 'decoy')}"
    if result.shared:
        size += f", {result.shared:,} of which other copies may have too"
    if result.marked:
        size += f"; {counted(result.marked, 'row has', 'rows have')} a value spelled in its own way"
    if result.withheld:
        size += f"; {counted(result.withheld, 'row is', 'rows are')} withheld from it"
    lines = [
        f"Copy {result.copy} of {name!r} (version {result.version}) is in {without_password(out)}: {size}.",
        f"Recipient: {result.recipient}.",
    ]
    smallest = proven_at(result.proves)
    if smallest is None:
        lines.append(
            "These decoys are too few, or too easy to hit by chance, to prove where a leak came from."
        )
    else:
        rows = f"{smallest:,} or more of its rows ({percent(smallest, result.rows + result.decoys)})"
        lines.append(f"A leak of {rows}, taken at random with all columns, names it with 95 % probability.")
    if result.strippable:
        lines.append("STRIPPABLE: somebody who looks for them can pick the decoys out:")
        lines += [f"  {why}" for why in result.strippable]
    return lines + list(notes)
