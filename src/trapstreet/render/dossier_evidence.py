"""What innocent copies would show of a piece of evidence, and what the accused one shows, as the geometry of
small plots."""

from collections.abc import Iterator
from math import ceil, exp, floor, lgamma, log, log1p, sqrt
from typing import NamedTuple

from trapstreet.core.model.words import counted
from trapstreet.render.words import about, layer_words
from trapstreet.trace import DecoyEvidence, LayerShown, MarkShown
from trapstreet.trace.domain.verdict import Evidence

WIDTH, HEIGHT = 720, 142
LEFT, RIGHT, TOP, BOTTOM = 12, 708, 46, 112

_DEVIATIONS = 5
_STEPS = 60
_MARGIN = 0.04
_LETTER = 7.2
"""Width of a letter of a label, at most, in units of the plot."""


class Law(NamedTuple):
    """What was counted, in words, and its law over innocent copies: binomial of so many trials at a chance;
    value is what this copy shows."""

    sentence: str
    axis: str
    trials: int
    chance: float
    value: int

    @property
    def mean(self) -> float:
        return self.trials * self.chance


class Label(NamedTuple):
    """Words over the plot: where their middle is, and where what they speak of is."""

    words: str
    middle: float
    at: float


class Chart(NamedTuple):
    """A plot of WIDTH by HEIGHT; lengths are in its units.

    sentence, axis     what it shows, and what is counted along it
    law                outline of the probabilities, the largest of which reaches TOP
    innocent, copy     what is expected of an innocent copy, and what this one shows
    lowest, highest    whole numbers near the ends of the axis, and where they are
    """

    sentence: str
    axis: str
    law: str
    innocent: Label
    copy: Label
    lowest: tuple[int, float]
    highest: tuple[int, float]


def charts(evidence: Evidence) -> list[Chart]:
    """A plot for each thing that was counted, 0.8 to 1.2 kB each as SVG; O(1)."""
    return [_chart(law) for law in _laws(evidence)]


def own_decoys_words(evidence: DecoyEvidence) -> str:
    """What a copy shows of its own decoys, beside what an innocent one would."""
    expected = evidence.of * evidence.chance
    return (
        f"{evidence.hits:,} of the {counted(evidence.of, 'decoy')} that it alone has are in the leak, where "
        f"an innocent copy shows {_expected(expected)}"
    )


def _laws(evidence: Evidence) -> Iterator[Law]:
    if isinstance(evidence, DecoyEvidence):
        axis = "decoys of its own that a copy shows in this leak"
        yield Law(own_decoys_words(evidence), axis, evidence.of, evidence.chance, evidence.hits)
        return
    for layer in evidence.layers:
        if isinstance(layer, MarkShown):
            yield _spellings(layer)
        elif layer.shown:
            yield _held(layer)


def _held(layer: LayerShown) -> Law:
    words = layer_words(layer)
    if layer.kind == "shared decoys":
        axis = f"of {counted(layer.shown, 'shared decoy')} in the leak, how many a copy has"
        return Law(words, axis, layer.shown, layer.chance, layer.held)
    axis = f"of {counted(layer.shown, 'leaked row')}, how many a copy lacks"
    return Law(words, axis, layer.shown, 1 - layer.chance, layer.shown - layer.held)


def _spellings(mark: MarkShown) -> Law:
    """Cells agree with unlike chances, whose sum is no wider than the binomial law of the same mean."""
    axis = f"of {counted(mark.cells, 'cell')}, how many a copy spells as the leak does"
    return Law(layer_words(mark), axis, mark.cells, mark.expected / max(1, mark.cells), mark.agree)


def _chart(law: Law) -> Chart:
    reach = _DEVIATIONS * sqrt(law.mean * (1 - law.chance))
    first, last = max(0, floor(law.mean - reach)), min(law.trials, ceil(law.mean + reach))
    low, high = min(first, law.value), max(last, law.value)
    margin = 0.5 + _MARGIN * (high - low)

    def across(number: float) -> float:
        part = (number - low + margin) / (high - low + 2 * margin)
        return round(LEFT + part * (RIGHT - LEFT), 1)

    step = max(1, ceil((last - first + 1) / _STEPS))
    numbers = range(first, last + 1, step)
    logs = [_log_probability(law, min(number + step // 2, last)) for number in numbers]
    tops = [round(BOTTOM - exp(each - max(logs)) * (BOTTOM - TOP), 1) for each in logs]
    bars = "".join(f"V{top:g}H{across(n + step - 0.5):g}" for n, top in zip(numbers, tops, strict=True))
    return Chart(
        law.sentence,
        law.axis,
        f"M{across(first - 0.5):g} {BOTTOM}{bars}V{BOTTOM}Z",
        _label(f"an innocent copy: {_expected(law.mean)}", across(law.mean)),
        _label(f"this copy: {law.value:,}", across(law.value)),
        (low, across(low)),
        (high, across(high)),
    )


def _log_probability(law: Law, number: int) -> float:
    """Natural logarithm of P(Bin(trials, chance) = number)."""
    rest = law.trials - number
    if not 0 < law.chance < 1:
        return 0.0 if number == law.mean else -1e9
    ways = lgamma(law.trials + 1) - lgamma(number + 1) - lgamma(rest + 1)
    return ways + number * log(law.chance) + rest * log1p(-law.chance)


def _label(words: str, at: float) -> Label:
    half = _LETTER * len(words) / 2
    return Label(words, round(min(max(at, LEFT + half), RIGHT - half), 1), at)


def _expected(mean: float) -> str:
    return "none" if mean < 0.005 else f"about {about(mean)}"
