"""How the bound on accusing the innocent is divided among the copies."""

from collections.abc import Collection, Mapping, Set

THEN = 0.9
"""The part of a data set's share that goes to the copies that can show what leaked."""


def copies_then(issued: Mapping[str, Set[int]], versions: Collection[int]) -> list[str]:
    """The copies made from one of the versions; [] where that tells none from the others.

    issued  per copy the versions that it was made of: each of its editions shows the state of one of them
    """
    then = [copy for copy, own in issued.items() if not own.isdisjoint(versions)]
    return then if len(then) < len(issued) else []


def weights(issued: Collection[str], then: Collection[str], *, copies: int) -> dict[str, float]:
    """Each copy's share of the bound.

    issued  the copies of one data set, each of which may have to be judged
    then    those that can show the leaked state, as the leak's real records say; none: nothing is known
    copies  all that the workspace ever issued, of any data set
    A data set's part of the bound is that of its copies among all. `then` share nine tenths of it, all its
    copies the rest; where nothing is known all weigh the same, 1 / copies. Over all data sets the
    weights add up to at most 1. They rest on records that no copy's key touches, so the law of an innocent
    copy is what it was: docs/attribution.md, section 8.
    Source: weighted Bonferroni; Genovese, Roeder, Wasserman, "False discovery control with p-value
    weighting", Biometrika 93 (2006).
    """
    if not then:
        return dict.fromkeys(issued, 1 / max(1, copies))
    each = (1 - THEN) / copies
    return dict.fromkeys(issued, each) | dict.fromkeys(then, each + THEN * len(issued) / len(then) / copies)
