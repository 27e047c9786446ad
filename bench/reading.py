"""What free text says: precision and recall of reading it, by kinds, and what it costs.

    .venv/bin/python bench/reading.py PIPELINE [--mistakes]

PIPELINE is a pipeline of spaCy's, installed or in a folder, or a language such as `en`: names of people are
left out then. Needs the extra `texts`. A text counts as right for a kind if it mentions one and is taken to.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from columns import read as labelled
from measuring import SEED
from tickets import Ticket, tickets
from trapstreet.core.maths.intervals import wilson
from trapstreet.core.model.mentions import Mention
from trapstreet.discover.domain.entities import kinds_in, recognisers
from trapstreet.discover.domain.policy import default_policy
from trapstreet.discover.domain.recognise import recognise
from trapstreet.discover.domain.spoken import cells_to_read, said_in
from trapstreet.plugins.readers.presidio import Presidio

TICKETS = 3_000
AT_ONCE = 300


def main() -> None:
    arguments = [each for each in sys.argv[1:] if each != "--mistakes"]
    reader = Presidio(arguments[0], recognisers(), beside=Path())
    print(reader.name)
    began = perf_counter()
    reader.read(["nothing is said here"])
    print(f"begins in {perf_counter() - began:.1f} s")
    made = [*tickets(TICKETS, SEED)]
    began = perf_counter()
    mentions = read(reader, [each.text for each in made])
    took = perf_counter() - began
    characters = sum(len(each.text) for each in made)
    print(
        f"{TICKETS:,} tickets of {characters / TICKETS:.0f} characters in {took:.1f} s,"
        f" {took / TICKETS * 1e3:.1f} ms each"
    )
    found = [kinds_in(ticket.text, met) for ticket, met in zip(made, mentions, strict=True)]
    report(made, found, {kind for each in made for kind in each.says})
    if "--mistakes" in sys.argv:
        mistakes(made, mentions, found)
    columns(reader)


def read(reader: Presidio, texts: Sequence[str]) -> list[Sequence[Mention]]:
    mentions: list[Sequence[Mention]] = []
    for at in range(0, len(texts), AT_ONCE):
        reading = reader.read(texts[at : at + AT_ONCE])
        assert not reading.why, reading.why
        mentions += reading.mentions
    return mentions


def report(made: Sequence[Ticket], found: Sequence[set[str]], kinds: set[str]) -> None:
    print("\n| kind | tickets | precision | recall |\n|---|---:|---|---|")
    for kind in sorted(kinds | {kind for each in found for kind in each}):
        labels = sum(kind in each.says for each in made)
        answers = sum(kind in each for each in found)
        both = sum(kind in ticket.says and kind in each for ticket, each in zip(made, found, strict=True))
        print(f"| {kind} | {labels:,} | {_share(both, answers)} | {_share(both, labels)} |")


def mistakes(
    made: Sequence[Ticket], mentions: Sequence[Sequence[Mention]], found: Sequence[set[str]]
) -> None:
    for ticket, met, each in zip(made, mentions, found, strict=True):
        if each != ticket.says:
            spans = [(one.entity, ticket.text[one.start : one.end], one.score) for one in met]
            wrong = f"{sorted(ticket.says - each)} missed, {sorted(each - ticket.says)} too many"
            print(f"{wrong}: {ticket.text}\n    {spans}")


def columns(reader: Presidio) -> None:
    """Columns of public schemas: what is said of those that hold texts, whose sample values name nobody."""
    policy = default_policy()
    said, texts = Counter(), 0
    for half in ("open", "frozen"):
        for table in labelled(half):
            for held, column in zip(recognise(table.columns, table=table.name), table.columns, strict=True):
                values = cells_to_read(held, column.values)
                if values:
                    texts += 1
                    more = said_in(column.name, values, read(reader, values), policy, but={held.kind})
                    said.update((each.kind,) for each in more)
                    if more and "--mistakes" in sys.argv:
                        print(f"{table.source} {table.name}.{column.name}: {more}")
    print(
        f"\n{texts} labelled columns were read: "
        + (", ".join(f"{n} take {kind}" for (kind,), n in said.items()) or "none takes a kind")
    )


def _share(hits: int, trials: int) -> str:
    if not trials:
        return "–"
    low, high = wilson(hits, trials)
    return f"{hits / trials:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
