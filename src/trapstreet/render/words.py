"""Plain words for numbers, times and verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import floor, log10

from trapstreet.core.fields import Kind, kinds
from trapstreet.core.model.words import counted
from trapstreet.index import is_planting
from trapstreet.trace import (
    Accusation,
    CodeEvidence,
    DataSetTrace,
    Dating,
    DecoyEvidence,
    LayerShown,
    MarkShown,
)

_SCALES = [(12, "trillion"), (9, "billion"), (6, "million"), (3, "thousand")]
_WHOLE = 15


def copy_list(copies: Sequence[str]) -> str:
    """`copy a`, `copies a, b and c`; at least one."""
    *most, last = copies
    return f"copies {', '.join(most)} and {last}" if most else f"copy {last}"


def owner_words(owner: str) -> str:
    """Whose decoys these are, by the id of a copy, a pool or a planting."""
    if owner.startswith("pool-"):
        return "several copies"
    return f"planting {owner}" if is_planting(owner) else f"copy {owner}"


def percent(part: int, whole: int) -> str:
    """`3.0 %`, `0.04 %`, `100 %`."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def chance(log10_p: float) -> str:
    """A probability as people say it, never smaller than it is: `1 in 40 million`, `1 in 10^21`."""
    exponent = -log10_p
    if exponent >= _WHOLE:
        return f"1 in 10^{floor(exponent)}"
    for digits, word in _SCALES:
        if exponent >= digits:
            number = floor(10 ** (exponent - digits) * (1 + 1e-12))
            return f"1 in a {word}" if number == 1 else f"1 in {number:,} {word}"
    return f"1 in {max(1, floor(10**exponent * (1 + 1e-12))):,}"


def day(microseconds: int) -> str:
    """A time to the minute, UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC")


def minute(time: datetime) -> str:
    """The same of a time."""
    return day(int(time.timestamp() * 1e6))


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers, those in a row together: `1, 3 to 7, 9`."""
    there = set(numbers)
    firsts = [number for number in numbers if number - 1 not in there]
    lasts = [number for number in numbers if number + 1 not in there]
    return ", ".join(
        f"{first}" if first == last else f"{first} to {last}"
        for first, last in zip(firsts, lasts, strict=True)
    )


def kind_counts(counts: Mapping[Kind, int]) -> str:
    """`2,040 e-mail addresses, 1,998 names`."""
    return ", ".join(f"{kinds()[kind].title} {number:,}" for kind, number in counts.items())


def verdict_lines(result: DataSetTrace, *, rows: int) -> Iterator[str]:
    """What a trace says of one data set, in sentences; rows is the size of its latest version."""
    share = percent(result.records.matched, rows)
    beside = (
        f", beside {counted(result.records.foreign, 'other')} that are not yours"
        if result.records.foreign
        else ""
    )
    matched = counted(result.records.matched, "record")
    yield f"{matched} of {result.data_set!r} ({share} of it) are in this leak{beside}."
    if result.fields:
        yield f"It shows: {kind_counts(result.fields)}."
    if result.dating.times != "unknown":
        yield dating_line(result.dating)
    yield from _places(result)
    if result.group:
        yield from _group(result)
        return
    if not result.accused:
        if not result.places:
            yield from _no_verdict(result)
        yield from _not_only_source(result)
        return
    for each in result.accused:
        yield from _accusation(each)
    yield (
        f"Over all {_sources(result)} together, the chance that any innocent one is accused like this is at "
        f"most {chance(log10(result.bound))}."
    )
    if result.copies_then:
        then = counted(result.copies_then, "copy that can show", "copies that can show")
        yield f"Nine tenths of that chance are kept for the {then} the data of that time."
    yield from _not_only_source(result)


def _sources(result: DataSetTrace) -> str:
    copies = counted(result.copies, "copy", "copies")
    return f"{copies} and {counted(result.plantings, 'planting')}" if result.plantings else copies


def _places(result: DataSetTrace) -> Iterator[str]:
    """That the table itself leaked, or something made from it."""
    for each in result.places:
        came = (
            f"It was taken from {each.lies}"
            if each.lies
            else "It came out of the table itself, or of what was made from it (a backup, a staging database)"
        )
        yield (
            f"{came}: it shows {each.decoys:,} of the {counted(each.of, 'decoy')} of planting "
            f"{each.planting}, which no copy has."
        )
        if each.log10_p is None:
            yield (
                "Chance is held off by their addresses and numbers being nobody else's, not by a bound: too "
                "much of what the leak shows is as common as they are."
            )
        else:
            yield f"That is chance with a probability of at most {chance(each.log10_p)}."


def _not_only_source(result: DataSetTrace) -> Iterator[str]:
    if result.not_only_source:
        others = counted(len(result.not_only_source), "copy", "copies")
        yield f"{others} cannot be the only source of it."


def _accusation(each: Accusation) -> Iterator[str]:
    first, *more = [_shown(evidence) for evidence in each.evidence]
    yield f"Copy {each.copy} took part{first}."
    yield from (f"And{also.removeprefix(':')}." for also in more)
    what = "the first of these" if more else "as much"
    yield f"An innocent copy would show {what} with a chance of at most {chance(each.log10_p)}."


def _shown(evidence: DecoyEvidence | CodeEvidence) -> str:
    """What goes behind "took part"."""
    if isinstance(evidence, DecoyEvidence):
        own = counted(evidence.of, "decoy")
        return f": {evidence.hits:,} of the {own} that it alone has {_are(evidence.hits)} in the leak"
    shown = "; ".join(filter(None, map(layer_words, evidence.layers)))
    if not evidence.beside:
        return f": {shown}"
    return (
        f" beside {copy_list(evidence.beside)}: it agrees with what of the leak they do not explain; in all "
        f"{shown}"
    )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def layer_words(layer: LayerShown | MarkShown) -> str:
    """What a copy has of what the leak shows, beside what an innocent one would have; "" for nothing."""
    if isinstance(layer, MarkShown):
        return (
            f"it spells {layer.agree:,} of {counted(layer.cells, 'cell')} in {layer.column!r} as the leak "
            f"does, where an innocent copy does about {about(layer.expected)}"
        )
    if not layer.shown:
        return ""
    expected = layer.shown * layer.chance
    if layer.kind == "shared decoys":
        return (
            f"it has {layer.held:,} of the {counted(layer.shown, 'shared decoy')} in the leak, "
            f"where an innocent copy has about {about(expected)}"
        )
    return (
        f"it lacks {layer.shown - layer.held:,} of the {counted(layer.shown, 'leaked row')}, "
        f"where an innocent copy lacks about {about(layer.shown - expected)}"
    )


def about(expected: float) -> str:
    """`0.04`, `6.7`, `67`."""
    return f"{expected:,.0f}" if expected >= 9.95 else f"{expected:.2g}"


def _group(result: DataSetTrace) -> Iterator[str]:
    yield f"At least one of the {copy_list(result.group)} took part, but none can be named alone."
    yield (
        f"Over all groups of the {counted(result.copies, 'copy', 'copies')}, the chance that one is named in "
        f"which all are innocent is at most {chance(log10(result.bound))}."
    )


def _no_verdict(result: DataSetTrace) -> Iterator[str]:
    if not result.copies:
        yield "No verdict: no copies of it were handed out, so there is nothing to tell them apart by."
        return
    if not result.decoys:
        yield (
            "No verdict: the leak shows no decoys of any copy, and nothing else that tells one from the "
            "others beyond chance."
        )
        return
    seen = counted(result.decoys, "decoy")
    yield (
        f"No verdict: the leak shows {seen}, which is not enough to accuse any of "
        f"{counted(result.copies, 'copy', 'copies')} without risking an innocent one."
    )


def dating_line(dating: Dating) -> str:
    """When the leak was current, and what share of its rows says so."""
    agree = "all of its rows" if dating.agree == 1 else f"{_share(dating.agree)} of its rows"
    if dating.times == "several":
        return f"Its rows do not agree on one time when they were current: at best {agree} do."
    return f"{agree.capitalize()} agree: the data was current {_window(dating.begin, dating.end)}."


def _share(part: float) -> str:
    """A part of the whole, never more than it is: `99.9 %`, `87 %`."""
    return f"{floor(1000 * part) / 10:g} %"


def _window(begin: int | None, end: int | None) -> str:
    if begin is None:
        return f"before {day(end or 0)}"
    return f"after {day(begin)}" if end is None else f"between {day(begin)} and {day(end)}"
