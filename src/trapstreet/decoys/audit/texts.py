"""How values are written: length, sorts of characters, format, and whether their letters go together."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import log

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import CodedColumn, Floats
from trapstreet.decoys.audit.features import Feature, View

_LEARNT = 60_000  # distinct values that letters are counted in
_FEW = 60  # distinct values up to which the value itself is a feature


def features(view: View) -> Iterator[Feature]:
    for column in view.columns:
        name = (column.column.name,)
        shown = np.unique(column.codes.of[view.rows])
        for words, per_shown in _of_texts([column.texts[at] for at in shown.tolist()]):
            yield Feature(name, words, _laid_out(column, shown, per_shown, view))
        yield Feature(
            name, "empty", column.spread([value in (None, "") for value in column.values], view.rows)
        )
        yield Feature(name, "NULL", column.spread([value is None for value in column.values], view.rows))
        for words, grain in (("format", exact_format), ("rough format", rough_format)):
            codes = column.codes_by(grain)
            yield Feature(name, f"how common the {words} is", np.log(codes.frequency[view.rows]))
        if column.codes.kinds <= _FEW:
            rank = np.argsort(np.argsort(-column.codes.counts, kind="stable"))
            yield Feature(name, "the value itself", column.spread(rank, view.rows))
        elif column.column.kind is not Kind.REFERENCE:
            means, least = letters([text.lower() for text in column.texts], shown.tolist())
            yield Feature(name, "how well its letters go together", _laid_out(column, shown, means, view))
            yield Feature(name, "its oddest letters", _laid_out(column, shown, least, view))


def exact_format(text: str) -> str:
    """The text with every digit as 9, capitals as A, other letters as a."""
    return text.translate(_SORTS)


def rough_format(text: str) -> str:
    """The exact format with runs of a sort as one."""
    return _without_runs(exact_format(text))


@lru_cache(1 << 16)
def _without_runs(text: str) -> str:
    return re.sub(r"(.)\1+", r"\1", text)


class _Sorts(dict[int, str]):
    """What stands for each character, found when it is first met."""

    def __missing__(self, code: int) -> str:
        c = chr(code)
        self[code] = "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c
        return self[code]


_SORTS = _Sorts()


def letters(texts: Sequence[str], wanted: Sequence[int]) -> tuple[Floats, Floats]:
    """Log-likelihood per letter and of the unlikeliest letter, of the texts at these positions.

    A model of a letter after the two before it, learnt from the other texts (each less its own share).
    """
    step = max(1, len(texts) // _LEARNT)
    learnt = set(range(0, len(texts), step))
    threes: Counter[str] = Counter()
    for at in learnt:
        padded = f"\x02\x02{texts[at]}\x03"
        threes.update(padded[n : n + 3] for n in range(len(padded) - 2))
    twos: Counter[str] = Counter()
    for three, count in threes.items():
        twos[three[:2]] += count
    means, least = np.zeros(len(wanted)), np.zeros(len(wanted))
    for place, at in enumerate(wanted):
        padded, own = f"\x02\x02{texts[at]}\x03", at in learnt
        logs = [
            log((threes[padded[n : n + 3]] - own + 0.05) / (twos[padded[n : n + 2]] - own + 2.0))
            for n in range(len(padded) - 2)
        ]
        means[place], least[place] = sum(logs) / len(logs), min(logs)
    return means, least


def _of_texts(texts: Sequence[str]) -> Iterator[tuple[str, Floats]]:
    figures = np.array([_figures(text) for text in texts], dtype=np.float64).reshape(
        len(texts), len(_FIGURES)
    )
    for at, words in enumerate(_FIGURES):
        yield words, figures[:, at]


_FIGURES = (
    "length", "digits", "capitals", "punctuation", "letters beyond a to z", "words", "stray spaces",
    "starts small", "all capitals", "repeated letters",
)  # fmt: skip


def _figures(text: str) -> tuple[float, ...]:
    digits = sum(map(str.isdigit, text))
    alphabetic = sum(map(str.isalpha, text))
    stripped = text.strip()
    return (
        len(text),
        digits,
        sum(map(str.isupper, text)),
        len(text) - digits - alphabetic,
        len(text) - len(text.encode("ascii", "ignore")),
        stripped.count(" "),
        len(text) - len(stripped) + ("  " in stripped),
        stripped[:1].islower(),
        text.isupper(),
        sum(a == b for a, b in pairwise(text)),
    )


def _laid_out(column: CodedColumn, shown: np.ndarray, figures: Floats, view: View) -> Floats:
    return np.asarray(figures[np.searchsorted(shown, column.codes.of[view.rows])], dtype=np.float64)
