"""What columns hold: precision and recall on columns of public schemas that were labelled by hand.

`bench/columns/` has two halves. On the open one the recogniser was tuned, and its mistakes may be looked at
(`--open`). The frozen one was set aside before that: it ends here if a byte of it changed. So it does for a
second frozen set (`--second`), of kinds that both halves have too few columns of.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

from measuring import SEED, Cost, Desk, desk, timed
from trapstreet.core.maths.intervals import wilson
from trapstreet.core.model.holdings import HeldColumn
from trapstreet.discover.domain.policy import default_policy
from trapstreet.discover.domain.recognise import SampledColumn, recognise

FROZEN = {
    "frozen": "b3e0cfea196be8fea4ce640cf380be4b6b5ca2d0c16a8a077da07e4b6a8ccb47",
    "second": "5515b5d711027764c5361e8305e34d2d4a1776628e03a608b3bf4acceccfca9b",
}
"""SHA-256 of the frozen sets, written down before the recogniser was first run on them: of the frozen half on
either half."""

FOLDER = Path(__file__).parent / "columns"
NOTHING = ""
COLUMNS, VALUES = 1_000, 500
_ENGLISH = re.compile(
    r"name|e-?mail|phone|address|zip|postal|birth|dob|gender|ssn|passw|user|account|credit|card|salary|\bip",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Table:
    """A labelled table: `holds` has a kind by column, "" for nothing about a person, None for not scored."""

    source: str
    name: str
    columns: Sequence[SampledColumn]
    holds: Sequence[str | None]


def main() -> None:
    half = next((each for each in ("open", "second") if f"--{each}" in sys.argv[1:]), "frozen")
    sys.argv = [each for each in sys.argv if each != f"--{half}"]
    tables = list(read(half))
    scored = sum(holds is not None for table in tables for holds in table.holds)
    sources = len({table.source for table in tables})
    named = {"open": "open half", "frozen": "frozen half", "second": "second frozen set"}[half]
    print(f"{named}: {scored} columns of {len(tables)} tables from {sources} repositories")
    answers = [(table, recognise(table.columns, table=table.name)) for table in tables]
    kinds = [
        (label, found.kind)
        for table, held in answers
        for label, found in zip(table.holds, held, strict=True)
        if label is not None
    ]
    report("kind", kinds)
    classes = default_policy().classes
    report("class", [(classes.get(label, NOTHING), classes.get(found, NOTHING)) for label, found in kinds])
    for way, change in (
        ("header and values", _as_it_is),
        ("header alone", _no_values),
        ("values alone", _no_headers),
    ):
        summary(way, tables, change)
    baseline(tables)
    if half == "open":
        mistakes(answers)
    with desk() as at:
        speed(at, tables)


def read(half: str) -> Iterator[Table]:
    """The tables of a half, in the file's order."""
    content = (FOLDER / f"{half}.jsonl").read_bytes()
    if half in FROZEN and sha256(content).hexdigest() != FROZEN[half]:
        raise SystemExit(f"what is frozen in {half}.jsonl has changed: what it would show means nothing")
    for line in content.splitlines()[1:]:
        table = json.loads(line)
        yield Table(
            table["repository"],
            table["table"],
            [SampledColumn(each["name"], each["type"], each["values"]) for each in table["columns"]],
            [each["holds"] for each in table["columns"]],
        )


def report(what: str, answers: Sequence[tuple[str, str]]) -> None:
    """Precision and recall of each kind or class, with intervals of 95 %."""
    labels, found, both = Counter(), Counter(), Counter()
    for label, answer in answers:
        labels[label] += 1
        found[answer] += 1
        both[label] += label == answer
    print(f"\n| {what} | columns | precision | recall |\n|---|---:|---|---|")
    for name in sorted((set(labels) | set(found)) - {NOTHING}):
        precision, recall = _share(both[name], found[name]), _share(both[name], labels[name])
        print(f"| {name} | {labels[name]} | {precision} | {recall} |")


def summary(
    way: str, tables: Iterable[Table], change: Callable[[Table], tuple[Sequence[SampledColumn], str]]
) -> None:
    """Of all columns: the right kind, the right class, and anything about a person seen at all."""
    classes = default_policy().classes
    right, answered, labelled = Counter(), 0, 0
    for table in tables:
        columns, name = change(table)
        for label, found in zip(table.holds, recognise(columns, table=name), strict=True):
            if label is None:
                continue
            labelled += bool(label)
            answered += bool(found.kind)
            right["kind"] += bool(label) and label == found.kind
            right["class"] += bool(label) and classes[label] == found.sensitivity
            right["about a person"] += bool(label) and bool(found.kind)
    print(f"\n| {way} | precision | recall |\n|---|---|---|")
    for what, hits in right.items():
        print(f"| {what} | {_share(hits, answered)} | {_share(hits, labelled)} |")


def baseline(tables: Iterable[Table]) -> None:
    """What a dozen English words in headers find by themselves, as simple scanners look for them."""
    pairs = [
        (bool(label), bool(_ENGLISH.search(column.name)))
        for table in tables
        for label, column in zip(table.holds, table.columns, strict=True)
        if label is not None
    ]
    both = sum(label and found for label, found in pairs)
    precision = _share(both, sum(found for _, found in pairs))
    recall = _share(both, sum(label for label, _ in pairs))
    print("\n| English words in headers | precision | recall |\n|---|---|---|")
    print(f"| about a person | {precision} | {recall} |")


def mistakes(answers: Iterable[tuple[Table, Sequence[HeldColumn]]]) -> None:
    print()
    for table, held in answers:
        for label, column, found in zip(table.holds, table.columns, held, strict=True):
            if label is not None and label != found.kind:
                print(f"{table.source} {table.name}.{column.name}: {label or 'nothing'}, taken for {found}")


def speed(at: Desk, tables: Sequence[Table]) -> None:
    """A thousand columns of 500 values, as they come, in tables of ten."""
    random = Random(SEED)
    known = [column for table in tables for column in table.columns if len(column.values) > 1]
    columns = [_stretched(random.choice(known), random) for _ in range(COLUMNS)]
    cost = timed(lambda: [recognise(columns[at : at + 10]) for at in range(0, COLUMNS, 10)])
    at.say(
        f"{COLUMNS:,} columns of {VALUES} values, in CPU", Cost(cost.cpu, cost.cpu), items=COLUMNS, seconds=20
    )


def _stretched(column: SampledColumn, random: Random) -> SampledColumn:
    """The column with 500 values, each with the digits of another."""
    values = [
        "".join(
            random.choice("0123456789") if each.isdigit() else each for each in random.choice(column.values)
        )
        for _ in range(VALUES)
    ]
    return SampledColumn(column.name, column.declared, values)


def _as_it_is(table: Table) -> tuple[Sequence[SampledColumn], str]:
    return table.columns, table.name


def _no_values(table: Table) -> tuple[Sequence[SampledColumn], str]:
    return [SampledColumn(each.name, each.declared, ()) for each in table.columns], table.name


def _no_headers(table: Table) -> tuple[Sequence[SampledColumn], str]:
    return [
        SampledColumn(f"column{n}", each.declared, each.values) for n, each in enumerate(table.columns)
    ], ""


def _share(hits: int, trials: int) -> str:
    if not trials:
        return "–"
    low, high = wilson(hits, trials)
    return f"{hits / trials:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
