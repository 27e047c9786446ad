"""`trapstreet scan`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trapstreet.cli.options import FILE, example, json_option, password_file_option, workspace_option
from trapstreet.cli.output import emit, note, progress
from trapstreet.core.model.errors import UnusableInput

if TYPE_CHECKING:
    from trapstreet.app.passwords import Passwords
    from trapstreet.app.scale.running import Asked
    from trapstreet.app.stopping import Stop
    from trapstreet.app.workspace import Workspace
    from trapstreet.watch import Scan

FOUND = 1
STOPPED = 130
SOMETHING_UNREAD = 6


@click.command(
    epilog=example(
        "trapstreet scan /srv/shares",
        "zcat dump.sql.gz | trapstreet scan -",
        "trapstreet scan sftp://files.example/exports --json",
        "trapstreet scan /mnt/archive --engine ray --address 10.0.0.5:6379 --resume archive.scan",
    )
)
@click.argument("source", nargs=-1, required=True)
@password_file_option
@click.option(
    "--ocr", is_flag=True, help="Read pictures and scanned pages, too: some 2 s a page (tesseract-ocr)."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    help="Who searches: this machine, or the nodes of a Ray cluster (docs/scale.md).",
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="The head of the Ray cluster that this machine belongs to; else Ray is started here.",
)
@click.option(
    "--resume",
    type=FILE,
    metavar="FILE",
    help="Note there what is finished; the same scan goes on with it when it was interrupted.",
)
@workspace_option
@json_option
def command(
    source: Sequence[str],
    *,
    password_file: Path | None,
    ocr: bool,
    engine: str,
    address: str | None,
    resume: Path | None,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Look for your data at each SOURCE: a file, a directory, an address, or - for standard input.

    An address is like smb://HOST/SHARE, s3://BUCKET or https://HOST/FOLDER/ (docs/sources.md).
    Formatting does not matter: letter case, accents, separators, country codes, the order of names, how it is
    packed. What was not found before is an alert (docs/alerts.md). Ctrl-C ends the scan in order: what was
    found until then is told. Exit status 1 if something was found, 6 if nothing was found but something could
    not be read, 130 if the scan was stopped.
    """
    from trapstreet.app.passwords import passwords_in
    from trapstreet.app.stopping import Stop
    from trapstreet.app.workspace import Workspace

    if address is not None and engine != "ray":
        raise UnusableInput("--address is for --engine ray", hint="leave it out, or add --engine ray")
    passwords = passwords_in(password_file)
    opened = Workspace.open(workspace)
    stop = Stop()
    with stop.by_signal():
        if engine == "local" and resume is None:
            result = _scanned(opened, source, passwords, ocr=ocr, stop=stop)
        else:
            from trapstreet.app.scale.running import Asked

            cluster = (address or "") if engine == "ray" else None
            result = _by_units(opened, Asked(source, passwords, ocr, cluster, resume), stop=stop)
        emit(as_json, _document(result), "\n".join(_lines(result)))
        if result.findings:
            from trapstreet.app.leaks import alarm_findings

            note(_alarm_line(alarm_findings(opened, result.findings)))
    if resume is not None and not result.stopped:
        resume.unlink(missing_ok=True)  # told and alarmed: the next scan begins anew
    if result.stopped:
        return STOPPED
    return FOUND if result.findings else SOMETHING_UNREAD if result.unread else 0


def _scanned(
    opened: "Workspace", source: Sequence[str], passwords: "Passwords", *, ocr: bool, stop: "Stop"
) -> "Scan":
    import msgspec

    from trapstreet.app.search import matcher_of, matcher_remark, processors, public_of, texts
    from trapstreet.watch import scan

    note(matcher_remark())
    lookup, matcher = matcher_of(opened)
    public = public_of(opened, lookup)
    with progress("scanning", in_bytes=True) as told:

        def so_far(count: int) -> None:
            told.label = f"scanning, {count:,} found so far"

        found = texts(source, told, passwords=passwords, ocr=ocr, stop=stop)
        result = scan(
            found, lookup=lookup, matcher=matcher, public=public, threads=processors(), so_far=so_far
        )
    return msgspec.structs.replace(result, stopped=stop.early)


def _by_units(opened: "Workspace", asked: "Asked", *, stop: "Stop") -> "Scan":
    from trapstreet.app.scale.running import scan_by_units
    from trapstreet.app.search import matcher_remark

    note(matcher_remark())
    with progress("scanning", in_bytes=True) as told:

        def so_far(count: int) -> None:
            told.label = f"scanning, {count:,} found so far"

        return scan_by_units(opened, asked, progress=told, so_far=so_far, stop=stop)


def _document(result: "Scan") -> "Scan":
    """The answer, without what findings are only compared by."""
    import msgspec

    told = [msgspec.structs.replace(each, shape=None) for each in result.findings]
    return msgspec.structs.replace(result, findings=told)


def _alarm_line(alerts: int) -> str:
    from trapstreet.core.model.words import counted

    return f"{counted(alerts, 'new alert')}: trapstreet case list" if alerts else ""


def _lines(result: "Scan") -> Iterator[str]:
    from trapstreet.core.model.words import counted
    from trapstreet.render.findings import finding_lines, set_aside_lines
    from trapstreet.store.plantings import elsewhere

    planted = {planting for finding in result.findings for planting in finding.planted}
    lies = elsewhere(planted) if planted else {}
    for finding in result.findings:
        yield from finding_lines(finding, lies)
    for each in result.unread:
        yield each.line
    yield from set_aside_lines(result.set_aside)
    texts = counted(result.scanned["objects"], "text")
    size = f"{texts}, {result.scanned['bytes'] / 1e6:,.1f} MB read"
    if result.findings:
        paths = {finding.path for finding in result.findings}
        yield (
            f"{len(paths):,} of them hold your data ({size})."
            if len(paths) > 1
            else f"One of them holds your data ({size})."
        )
    else:
        yield f"None of your data found ({size})." + (
            " Not everything could be read." if result.unread else ""
        )
    if result.stopped:
        were = "was" if result.scanned["objects"] == 1 else "were"
        yield f"Stopped: {texts} of the source {were} read, the rest was not looked at."
