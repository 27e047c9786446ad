"""Weights by the versions: innocent copies are accused no oftener, and less evidence names the guilty one."""

import numpy as np
import pytest

from trapstreet.core.fields import Kind
from trapstreet.core.maths.entropy import Profile, coincidence
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.trace.domain.verdict import CopyCode, accuse
from trapstreet.trace.domain.weights import copies_then, weights

pytestmark = pytest.mark.slow

COPIES, VERSIONS, DECOYS, CANDIDATES = 400, 40, 300, 400
EMAIL = frozenset({Kind.EMAIL})
PROFILE = Profile(DECOYS, (20_000,), {"email": (0,)})
CODES = [CopyCode(str(copy), DECOYS, (PROFILE,)) for copy in range(COPIES)]
CHANCE = coincidence([PROFILE], [["email"]], CANDIDATES, others=(COPIES - 1) * DECOYS).q0
ISSUED = {str(copy): {copy * VERSIONS // COPIES + 1} for copy in range(COPIES)}


def accused(hits: dict[str, int], versions: list[int], *, bound: float) -> list[str]:
    then = copies_then(ISSUED, versions)
    found = accuse(
        CODES,
        {copy: {EMAIL: count} for copy, count in hits.items()},
        columns={Kind.EMAIL: ["email"]},
        candidates=lambda kinds: CANDIDATES,
        tested=[EMAIL],
        weights=weights(ISSUED, then, copies=COPIES),
        bound=bound,
    )
    return [each.copy for each in found]


def test_innocent_copies_are_accused_no_oftener_than_the_bound_whatever_the_window() -> None:
    """ε = 1 %, hits at q0 itself, the worst case; windows of 1 to 40 versions, as any real rows may have."""
    random = np.random.default_rng(20260301)
    leaks, false = 1_500, 0
    for leak in range(leaks):
        first, last = np.sort(random.integers(1, VERSIONS + 1, size=2)).tolist()
        hits = random.binomial(DECOYS, CHANCE, size=COPIES)
        met = {str(copy): int(hits[copy]) for copy in np.flatnonzero(hits)}
        false += bool(accused(met, list(range(first, last + 1)) if leak % 4 else [], bound=0.01))
    assert false > 0, "evidence is discrete, but not so coarse that the test could not fail"
    assert log10_binomial_tail(leaks, 0.01, false) > -3


def test_few_decoys_that_were_no_verdict_accuse_a_copy_of_that_time() -> None:
    few = next(
        hits
        for hits in range(1, DECOYS)
        if log10_binomial_tail(DECOYS, CHANCE, hits) <= np.log10(1e-6 * 0.9 / 10)
    )
    guilty, older = "25", "5"
    assert ISSUED[guilty] == {3}
    assert accused({guilty: few}, [], bound=1e-6) == []
    assert accused({guilty: few}, [3], bound=1e-6) == [guilty]
    assert accused({older: few, guilty: few}, [3], bound=1e-6) == [guilty], "no copy of another version"
    assert accused({older: few + 4}, [3], bound=1e-6) == [older], "but with more evidence it is"
