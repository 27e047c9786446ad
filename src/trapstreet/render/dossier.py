"""The dossier: one HTML file that explains a trace to people and holds nothing from outside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Literal

from msgspec.structs import replace

from trapstreet.core.fields import kinds
from trapstreet.core.model.objects import printable
from trapstreet.core.model.words import counted
from trapstreet.render import dossier_evidence, dossier_timeline
from trapstreet.render.dossier_evidence import charts
from trapstreet.render.dossier_timeline import timeline
from trapstreet.render.words import (
    about,
    chance,
    copy_list,
    dating_line,
    day,
    ranges,
    verdict_lines,
)
from trapstreet.trace import Accusation, DataSetTrace, DecoyEvidence, LayerShown, Trace
from trapstreet.trace.bench import GROUPS

TOLD = 10
"""Accused copies of a data set that are told of in sentences and charts, the surest; others are in the
appendix."""

TABLED, LISTED = 100, 1_000
"""Accused copies in the table of the appendix, and copies in its list of those that cannot be the only
source; of others it says how many they are."""

Ground = Literal["own decoys", "shared decoys", "rows", "marks", "beside", "group"]


@dataclass(frozen=True, slots=True)
class Leak:
    """One of the traced files: its name as given, its SHA-256, its size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the dossier says beside the verdict.

    made_at     Unix µs
    rows        size of the latest version of each data set
    recipients  names of recipients by copy: only those that were asked for, with a reason that is in the log
    """

    made_at: int
    leaks: Sequence[Leak]
    unread: Sequence[tuple[str, str]]
    rows: Mapping[str, int]
    recipients: Mapping[str, str] = field(default_factory=dict)


def dossier(trace: Trace, circumstances: Circumstances) -> str:
    """The dossier as HTML; everything that came from a leak or a person is escaped.

    5 kB without an accusation; the first copy adds up to 8 kB, others that are told of 4 kB, those in the
    table alone 0.5 kB.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("trapstreet.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "about": about,
        "chance": chance,
        "copy_list": copy_list,
        "day": day,
        "in_words": dating_line,
        "log_bar": _bar,
        "needed": _needed,
        "odds": _odds,
        "printable": printable,
        "ranges": ranges,
        "sentence": _sentence,
    }
    environment.globals |= {
        "charts": charts,
        "counted": counted,
        "drawn": dossier_evidence,
        "grounds": grounds,
        "listed": LISTED,
        "tabled": TABLED,
        "plot": dossier_timeline,
        "timeline": timeline,
        "told": TOLD,
    }
    return environment.get_template("dossier.html").render(
        trace=trace,
        about=circumstances,
        sentences={
            each.data_set: _sentences(each, circumstances.rows.get(each.data_set, 0))
            for each in trace.data_sets
        },
        title_of=lambda kind: kinds()[kind].title,
    )


def grounds(result: DataSetTrace) -> set[Ground]:
    """What the verdict on a data set rests on; nothing where there is none."""
    found: set[Ground] = {"group"} if result.group else set()
    for each in result.accused:
        found.update(_grounds(each))
    return found


def _grounds(accusation: Accusation) -> Iterator[Ground]:
    for evidence in accusation.evidence:
        if isinstance(evidence, DecoyEvidence):
            yield "own decoys"
        elif evidence.kind == "marks":
            yield "marks"
        else:
            if evidence.beside:
                yield "beside"
            yield from (
                layer.kind for layer in evidence.layers if isinstance(layer, LayerShown) and layer.shown
            )


def _sentences(result: DataSetTrace, rows: int) -> list[str]:
    """The verdict, with the surest of many accused copies."""
    brief = replace(result, accused=result.accused[:TOLD])
    return list(verdict_lines(brief, rows=rows))


def _sentence(words: str) -> str:
    """With a capital and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def _odds(probability: float) -> str:
    return chance(log10(probability))


def _needed(share: float, bound: float) -> float:
    """log10 of the p that evidence with this share of the bound must not exceed."""
    return log10(bound) + log10(1 - GROUPS) + log10(share)


def _bar(accusation: Accusation, needed: float) -> tuple[float, float]:
    """Lengths in per cent of the evidence's bar and of the line it has to pass, on a common scale."""
    longest = max(-accusation.log10_p, needed) * 1.1
    return round(100 * -accusation.log10_p / longest, 1), round(100 * needed / longest, 1)
