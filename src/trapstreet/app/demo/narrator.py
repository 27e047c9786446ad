"""Tells the story while it happens, with the figures as they come."""

from collections.abc import Callable
from pathlib import Path
from textwrap import fill

from trapstreet.app.demo.story import COALITION, RECIPIENTS, SOLD, THIEF, WITHHELD, Story
from trapstreet.app.tracing import Traced
from trapstreet.core.model.words import counted
from trapstreet.core.ports import Progress
from trapstreet.register import Registration
from trapstreet.render.words import verdict_lines
from trapstreet.share import Copied
from trapstreet.share.domain.power import proven_at
from trapstreet.watch import Scan

Say = Callable[[str], None]


def play(story: Story, *, say: Say, progress: Progress) -> Traced:
    """The whole story; the trace it ends with."""
    say(
        _told(
            "In 2019 an employee of a security vendor copied 68,000 customers out of a support database and "
            "sold them to telephone scammers. The company heard of it from its customers. Here is the same "
            "story, with copies that can be told apart.",
            rest="",
        )
    )
    workspace = story.begin()
    registered = story.register(workspace, progress)
    say(_registered(registered))
    say(
        _told(
            f"2. {len(RECIPIENTS)} recipients get a copy each, with decoys: customers that do not exist. "
            f"Each copy goes without {WITHHELD.replace('%', ' %')} of the customers, and each without others."
        )
    )
    for recipient, copied in story.share(workspace, progress):
        say(_shared(recipient, copied))
    paste = story.leak()
    say(
        _told(
            f"3. Somebody at {RECIPIENTS[THIEF]!r} sells 3 % of its copy. It turns up in a paste, typed "
            "anew: capitals, family name first, national phone numbers, ticket numbers without their letters:"
        )
    )
    say(f"     {_first_row(paste)}")
    say(_scanned(story.scan(workspace, progress)))
    traced = story.trace(workspace, paste, story.dossier, progress)
    say("\n5. The trace:")
    _verdict(traced, rows=registered.rows, say=say)
    one, other = (RECIPIENTS[number] for number in COALITION)
    say(
        _told(
            f"6. Two who know of decoys, at {one!r} and {other!r}, compare their copies, keep what both "
            f"have, and sell {100 * SOLD:.0f} % of that. No decoy that one alone had is left. The trace:"
        )
    )
    _verdict(
        story.trace(workspace, story.coalition_leak(), story.coalition_dossier, progress),
        rows=registered.rows,
        say=say,
    )
    say(
        _told("Who got a copy shows only with --unmask --reason TEXT, and the asking is logged.", first="   ")
    )
    return traced


def _verdict(traced: Traced, *, rows: int, say: Say) -> None:
    for data_set in traced.trace.data_sets:
        for sentence in verdict_lines(data_set, rows=rows):
            say(fill(sentence, 100, initial_indent="     ", subsequent_indent="       "))
        for each in data_set.accused:
            number = int(each.copy.partition("-")[0])
            say(_told(f"{each.copy} is the copy that {RECIPIENTS[number - 1]!r} got.", first="   "))


def _told(text: str, *, first: str = "\n", rest: str = "   ") -> str:
    return fill(text, 100, initial_indent=first, subsequent_indent=rest)


def _registered(result: Registration) -> str:
    head = _told(
        f"1. The support database is registered: {result.rows:,} made-up customers, as "
        f"{result.fingerprints:,} keyed fingerprints. No name, address or number of theirs is kept."
    )
    columns = [
        f"     {column.name:7} {column.kind:10} {column.why}"
        for column in result.columns
        if column.kind != "text"
    ]
    return "\n".join([head, *columns])


def _shared(recipient: str, copied: Copied) -> str:
    smallest = proven_at(copied.proves)
    proof = f"a leak of {smallest:,} rows names it (95 %)" if smallest else "too few decoys to name it"
    return f"     {copied.copy:14} {recipient:24} {copied.decoys} decoys; {proof}"


def _scanned(result: Scan) -> str:
    size = f"{counted(result.scanned['objects'], 'text')} ({result.scanned['bytes'] / 1e6:,.1f} MB)"
    head = _told(f"4. {size} found on the web are scanned, another company's table among them:")
    found = [
        f"     {Path(each.path).name}: {counted(each.records, 'record')} of {each.data_set!r} "
        f"and {counted(each.decoys, 'decoy')}"
        for each in result.findings
    ]
    return "\n".join([head, *found, "   Nothing else is reported."])


def _first_row(paste: Path) -> str:
    return paste.read_text(encoding="utf-8").splitlines()[2]
