"""How many distinct values there are, by a sample."""

from collections.abc import Collection


def distinct_in_all(counts: Collection[int], total: int) -> int:
    """An estimate of the number of distinct values among `total`, of which some were drawn at random.

    counts  how often each value that was met is among those drawn
    The estimator Duj1, n·d / (n - f1 + f1·n/N), never below d and never above N: exact where all were drawn,
    low where a few values are most of them and the others are rare.
    Source: Haas, Stokes, "Estimating the number of classes in a finite population", JASA 93 (1998), (4);
    PostgreSQL's ANALYZE uses it.
    """
    drawn, met = sum(counts), len(counts)
    if not drawn or total <= drawn:
        return met
    once = sum(count == 1 for count in counts)
    estimate = drawn * met / (drawn - once + once * drawn / total)
    return min(total, max(met, round(estimate)))
