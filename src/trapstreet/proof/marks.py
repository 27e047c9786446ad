"""What the marks of a copy come to: how it spells cells, drawn again under the opened code key
(docs/attribution.md, section 12).

How the leak spells them is claimed; how the copy does is computed.
"""

from collections.abc import Iterator, Sequence
from math import ceil, isfinite
from typing import NamedTuple

import numpy as np

from trapstreet.core.maths.decoder import Decoder, Layer
from trapstreet.core.model.p_table import MarkCode, PTable
from trapstreet.proof.format import Accused, Code, DataSetClaims, DoesNotHold, Spelled
from trapstreet.proof.positions import different, held, p_table, probability, record_ids

_WHOLE = 1 << 32


class MarkJudged(NamedTuple):
    """A mark of a column: in how many cells of the leak it can be read, and how many of these the copy spells
    in the same way; an innocent copy about `expected`."""

    mark: str
    column: str
    cells: int
    agree: int
    expected: float


class MarksJudged(NamedTuple):
    """What the evidence by a copy's marks comes to."""

    marks: tuple[MarkJudged, ...]
    log10_p: float

    @property
    def stated(self) -> float:
        """log10_p to a thousandth, rounded upward: processors differ by a millionth of that."""
        return ceil(self.log10_p * 1000) / 1000


class _Class(NamedTuple):
    """Leaked cells of a mark that show a 1 with the same chance: how many show each, and how many of these
    have a 1 in the copy."""

    code: MarkCode
    chance: float
    ones: int
    zeros: int
    among: int
    besides: int


def judge_marks(copy: Accused, marks: Code, data_set: DataSetClaims, log10_needed: float) -> MarksJudged:
    """What the marks of the copy, as the commitment binds its key and p-table, come to.

    log10_needed  of the p-value that accuses: bound times share
    Raises DoesNotHold where spellings and p-table do not fit together. 20 ms, and 0.1 µs for each cell.
    """
    if marks.at >= len(data_set.spellings):
        raise DoesNotHold("a copy is judged by spellings that it does not show")
    classes = list(_classes(copy, p_table(copy), data_set.spellings[marks.at]))
    if not classes:
        raise DoesNotHold("a copy is judged by marks of which nothing is shown")
    decoder = Decoder([Layer(each.chance, each.ones + each.zeros, "mark") for each in classes])
    shown, among, besides = (
        np.array(counts, dtype=np.int64)
        for counts in zip(*((each.ones, each.among, each.besides) for each in classes), strict=True)
    )
    (log10_p,) = decoder.fit(shown).log10_p(among[None], besides[None], log10_needed).tolist()
    if not isfinite(log10_p):
        raise DoesNotHold("a copy's marks show what no marks can")
    return MarksJudged(tuple(_marks(classes)), log10_p)


def _classes(copy: Accused, table: PTable, spellings: Sequence[Spelled]) -> Iterator[_Class]:
    """The leaked cells by mark and by the chance of a 1, in the order of the p-table."""
    slots = [each.slot for each in table.marks]
    if len({*slots}) < len(slots) or not all(0 < slot < _WHOLE for slot in slots):
        raise DoesNotHold("marks of a copy have no slots of their own")
    shown = {each.slot: each for each in spellings}
    if len(shown) < len(spellings) or not shown.keys() <= {*slots}:
        raise DoesNotHold("it shows spellings of marks that the copy does not have, each once")
    for code in table.marks:
        if code.slot not in shown:
            continue
        _well_formed(code)
        ones, zeros = record_ids(shown[code.slot].ones), record_ids(shown[code.slot].zeros)
        different(ones, zeros)
        of_ones, of_zeros = code.class_of(ones), code.class_of(zeros)
        for number, (_, threshold) in enumerate(code.classes):
            parts = ones[of_ones == number], zeros[of_zeros == number]
            sizes = [len(ids) for ids in parts]
            if any(sizes):
                own = [held(copy, ids, slot=code.slot, threshold=threshold) for ids in parts]
                yield _Class(code, probability(threshold), *sizes, *own)


def _well_formed(code: MarkCode) -> None:
    """Raises DoesNotHold where the classes are not parts of all cells."""
    numbers = [number for each in code.classes for number in each]
    if not numbers or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise DoesNotHold("the p-table of a copy is none")
    if sum(each.share for each in code.classes) > _WHOLE:
        raise DoesNotHold("the p-table of a copy is none")


def _marks(classes: Sequence[_Class]) -> Iterator[MarkJudged]:
    for code in dict.fromkeys(each.code for each in classes):
        own = [each for each in classes if each.code == code]
        yield MarkJudged(
            code.mark,
            code.column,
            sum(each.ones + each.zeros for each in own),
            sum(each.among + each.zeros - each.besides for each in own),
            sum(each.chance * each.ones + (1 - each.chance) * each.zeros for each in own),
        )
