"""Pairs of candidates near each other, over several texts."""

import numpy as np
import pytest

from trapstreet.core.fields import Kind
from trapstreet.index import Candidates
from trapstreet.index.matcher import CandidateForms

BOTH = frozenset((Kind.EMAIL, Kind.PHONE))


def shown(at: int, value: int) -> dict[Kind, CandidateForms]:
    """An address, and a number at a place behind it."""

    def one(value: int, place: int) -> CandidateForms:
        return CandidateForms(np.array([value], np.uint64), np.array([place]), np.array([place + 9]))

    return {Kind.EMAIL: one(7, 0), Kind.PHONE: one(value, at)}


def pairs(*texts: tuple[int, int]) -> int:
    candidates = Candidates()
    for at, value in texts:
        candidates.take(shown(at, value))
        candidates.end_text()
    return candidates.met_by(BOTH)


def test_a_text_given_twice_has_the_pairs_of_one() -> None:
    assert pairs((20, 1), (20, 1)) == pairs((20, 1)) == 1


@pytest.mark.parametrize("other", [(20, 2), (21, 1)], ids=["another value", "another place"])
def test_texts_that_differ_in_anything_count_each(other: tuple[int, int]) -> None:
    assert pairs((20, 1), other, (20, 1)) == 2


def test_pairs_of_a_text_that_has_not_ended_count() -> None:
    candidates = Candidates()
    candidates.take(shown(20, 1))
    assert candidates.met_by(BOTH) == 1
