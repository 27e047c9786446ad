"""Findings of a scan in plain words."""

from collections.abc import Iterator, Mapping
from math import log10
from types import MappingProxyType

from trapstreet.core.fields import kinds
from trapstreet.core.model.objects import printable
from trapstreet.core.model.words import counted
from trapstreet.render.words import chance, kind_counts, percent
from trapstreet.watch import Finding, SetAside


def finding_lines(finding: Finding, lies: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """What one text shows of a data set.

    lies  where those plantings lie that are in no table, but a watched source's control record
    """
    yield f"FOUND  {finding.path}"
    yield f"  {finding.data_set}: {'; '.join(_found(finding))}"
    if max(finding.histogram, default=0) > 1 and len(finding.histogram) > 1:
        yield f"    {_histogram(finding.histogram)}"
    yield from _decoys(finding, lies)
    if not finding.certain and finding.p_value > 0:
        yield f"    foreign data shows as much with a chance of at most {chance(log10(finding.p_value))}"
    for excerpt in finding.excerpts:
        yield f"    {printable(excerpt)}"


def set_aside_lines(aside: SetAside) -> Iterator[str]:
    """What was not counted, and why; nothing where there was nothing."""
    if aside.public:
        yield f"SET ASIDE  public values and common examples: {kind_counts(aside.public)}"
    for data_set, counts in aside.shared.items():
        yield f"SET ASIDE  of {data_set}, because many records share them: {kind_counts(counts)}"


def _decoys(finding: Finding, lies: Mapping[str, str]) -> Iterator[str]:
    of_copies = finding.decoys - sum(finding.planted.values())
    if of_copies:
        sure = "that is certain, and " if of_copies == 1 else "those are certain, and "
        said = f"{sure if finding.certain else ''}this left through a copy"
        yield f"    {counted(of_copies, 'decoy')} of copies: {said}"
    for planting, number in finding.planted.items():
        place = lies.get(planting)
        left = "this left through the table itself"
        if place:
            left = f"they lie nowhere but in {printable(place)}"
        yield f"    {counted(number, 'decoy')} of planting {planting}: {left}"


def _found(finding: Finding) -> Iterator[str]:
    if finding.records:
        yield f"{_of_all(finding.records, finding.of)}: {kind_counts(finding.fields)}"
    if finding.by_column:
        yield f"column by column, {_of_all(finding.by_column, finding.of)}"
    if finding.singles:
        yield f"on their own: {', '.join(_singles(finding))}"
    if not (finding.records or finding.by_column or finding.singles):
        yield "nothing but decoys"


def _of_all(records: int, of: int) -> str:
    """`1,204 of 68,000 records (1.8 %)`; records that are gone may make them more than all."""
    return f"{records:,} of {counted(of, 'record')} ({percent(min(records, of), of)})"


def _singles(finding: Finding) -> Iterator[str]:
    for kind, number in finding.singles.items():
        by_chance = finding.expected.get(kind)
        explained = "" if by_chance is None else f" (chance explains {_few(by_chance)})"
        yield f"{kinds()[kind].title} {number:,}{explained}"


def _few(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}" if number >= 0.01 else "less than 0.01"


def _histogram(histogram: Mapping[int, int]) -> str:
    shown = ", ".join(f"{size} of {counted(number, 'record')}" for size, number in histogram.items())
    return f"fields shown: {shown}"
