"""The dossier: one HTML file that explains a trace to people and holds nothing from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10

from trapstreet.core.fields import kinds
from trapstreet.render import dossier_timeline
from trapstreet.render.dossier_timeline import timeline
from trapstreet.render.words import chance, counted, dating_line, day, ranges, verdict_lines
from trapstreet.trace import Accusation, Trace


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
    """The dossier as HTML; everything that came from a leak or a person is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("trapstreet.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": day,
        "chance": chance,
        "log_bar": _bar,
        "needed": _needed,
        "in_words": dating_line,
        "ranges": ranges,
    }
    environment.globals |= {"counted": counted, "timeline": timeline, "plot": dossier_timeline}
    return environment.get_template("dossier.html").render(
        trace=trace,
        about=circumstances,
        sentences={
            each.data_set: list(verdict_lines(each, rows=circumstances.rows.get(each.data_set, 0)))
            for each in trace.data_sets
        },
        title_of=lambda kind: kinds()[kind].title,
    )


def _needed(share: float, bound: float) -> float:
    """log10 of the p that evidence with this share of the bound must not exceed."""
    return log10(bound) + log10(share)


def _bar(accusation: Accusation, needed: float) -> tuple[float, float]:
    """Lengths in per cent of the evidence's bar and of the line it has to pass, on a common scale."""
    longest = max(-accusation.log10_p, needed) * 1.1
    return round(100 * -accusation.log10_p / longest, 1), round(100 * needed / longest, 1)
