"""How likely thefts take decoys, and how likely these are used: foreseen before any is planted."""

from collections.abc import Callable, Sequence
from math import ceil, log, log1p

import msgspec

from trapstreet.core.fields import Column
from trapstreet.core.model.table import Row
from trapstreet.plant.domain.taken import Law, Spread, at_random, of_random_rows
from trapstreet.plant.domain.thefts import Cut, How, Theft, cuts

SEEN = 0.95
"""Probability from which a theft is said to be seen."""

CONTACTED = (1.0, 0.1, 0.01)
"""Shares of the stolen records that a buyer contacts; 1 also where the stolen data itself is found."""

_QUEUE = 0.05
"""Share of the rows that a theft should not go unnoticed from."""
_USED_TWICE = 4.744
"""Decoys expected to be used, of which two are with 95 %: 1 − e^−λ (1 + λ) = 0.95."""
_BEARABLE = 0.01
_FEW, _FEW_BEARABLE = 10, 0.05
_ALWAYS = 0.001
_DIGITS = [*range(1, 100), *(n * 10**power for power in range(1, 7) for n in range(10, 100))]
"""Numbers of decoys to two digits."""


class Chance(msgspec.Struct, frozen=True):
    """What is expected where a buyer contacts a share of the stolen records, each alike.

    one, two             P(at least one decoy is contacted), P(at least two), decoys spread as planned
    random_one, random_two   the same had each decoy been placed at random
    needed_one, needed_two   decoys for which it is 95 %, to two digits; None: more than there are rows
    """

    contacted: float
    one: float
    two: float
    random_one: float
    random_two: float
    needed_one: int | None
    needed_two: int | None


class Outlook(msgspec.Struct, frozen=True):
    """A theft, and a chance for each share of `CONTACTED`."""

    theft: Theft
    chances: list[Chance]


class Calls(msgspec.Struct, frozen=True):
    """What decoys with a live telephone number add, where a buyer calls everybody in a part of the table.

    one     P(a live number is called);  needed  live numbers for which it is 95 %
    """

    numbers: int
    theft: Theft
    one: float
    needed: int


class Coverage(msgspec.Struct, frozen=True):
    """What so many decoys in a table would notice.

    suggested    decoys that are worth their cost in a table of so many rows
    spread_over  columns that the decoys are spread over in proportion, beside the table's order
    outlooks     from the largest theft of its kind to the smallest
    """

    rows: int
    decoys: int
    suggested: int
    spread_over: list[str]
    outlooks: list[Outlook]
    calls: Calls


def suggested_decoys(rows: int) -> int:
    """1 % of the rows; at most 949, which notice a theft of 5 % twice where every tenth is contacted.

    At least 10, or one in twenty of a very small table; and 0.1 % of a table of a million rows or more.
    """
    enough = ceil(_USED_TWICE / (_QUEUE * CONTACTED[1]))
    few = min(_FEW, round(_FEW_BEARABLE * rows))
    return max(1, few, min(enough, round(_BEARABLE * rows)), round(_ALWAYS * rows))


def coverage(
    rows: int,
    columns: Sequence[Column],
    sample: Sequence[Row],
    *,
    strata: Sequence[int],
    order: Sequence[int],
    decoys: int,
    numbers: int = 0,
) -> Coverage:
    """What `decoys` in a table of `rows` rows would notice of the thefts that are usual.

    sample   some thousand rows drawn uniformly, in the table's order: shares of the rows are the sample's
    strata   columns that it can be cut by;  order  positions in the sample that decoys are spread over, as
             decoys.donors.strata and spread_order give them
    numbers  decoys with a live telephone number
    A decoy counts as contacted with the buyer's share by itself. Exact but for the sample; some 0.3 s.
    Sources: for random exports the hypergeometric law, for parts of the table that of systematic sampling
    (domain/taken.py); both are close to 1 − (1 − c · m / N)^d for at least one of d decoys, where m of N rows
    are stolen and a share c of them contacted.
    """
    outlooks = [_outlook(rows, cut, order, decoys) for cut in cuts(rows, columns, sample, strata)]
    usual = min(
        (outlook.theft for outlook in outlooks if outlook.theft.how in (How.PART, How.PERIOD)),
        key=lambda theft: abs(theft.rows - _QUEUE * rows),
        default=Theft(How.ALL, rows),
    )
    return Coverage(
        rows=rows,
        decoys=decoys,
        suggested=suggested_decoys(rows),
        spread_over=[columns[at].name for at in strata],
        outlooks=outlooks,
        calls=_calls(usual, rows, numbers),
    )


def _outlook(rows: int, cut: Cut, order: Sequence[int], decoys: int) -> Outlook:
    share = min(1.0, cut.theft.rows / rows)

    def random(count: int) -> Law:
        if cut.theft.how in (How.ALL, How.RANDOM):
            stolen = rows + count if cut.theft.how is How.ALL else cut.theft.rows
            return of_random_rows(rows, count, stolen)
        return at_random(count, share)

    spread = random if cut.inside is None else Spread(cut.inside[list(order)]).law
    placed, by_chance = spread(decoys), random(decoys)
    return Outlook(cut.theft, [_chance(c, placed, by_chance, spread, rows) for c in CONTACTED])


def _chance(contacted: float, placed: Law, by_chance: Law, law: Callable[[int], Law], most: int) -> Chance:
    one, two = placed.used(contacted)
    random_one, random_two = by_chance.used(contacted)
    return Chance(
        contacted=contacted,
        one=one,
        two=two,
        random_one=random_one,
        random_two=random_two,
        needed_one=_fewest(lambda count: law(count).used(contacted)[0], most),
        needed_two=_fewest(lambda count: law(count).used(contacted)[1], most),
    )


def _fewest(seen: Callable[[int], float], most: int) -> int | None:
    """The fewest decoys, to two digits, with which it is 95 %."""
    low, high = 0, len(_DIGITS)
    while low < high:
        middle = (low + high) // 2
        if _DIGITS[middle] > most or seen(_DIGITS[middle]) >= SEEN:
            high = middle
        else:
            low = middle + 1
    return _DIGITS[low] if low < len(_DIGITS) and _DIGITS[low] <= most else None


def _calls(theft: Theft, rows: int, numbers: int) -> Calls:
    share = min(1.0, theft.rows / rows)
    needed = 1 if share >= SEEN else ceil(log(1 - SEEN) / log1p(-share))
    return Calls(numbers, theft, 1 - (1 - share) ** numbers, needed)
