"""What no generator can do better: owned domains and numbers are few, and a buyer counts."""

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import CodedColumn, Floats
from trapstreet.decoys.audit.features import View
from trapstreet.decoys.audit.mails import domain_of
from trapstreet.decoys.audit.phones import start_of
from trapstreet.decoys.decoy import DecoySettings
from trapstreet.decoys.phones import owned_numbers

_PREFIX = 6  # digits of a national number that make a group


def attainable(view: View, owned: DecoySettings) -> float:
    """The least area under the curve that the best placing of the decoys leaves to the best test.

    The test sees, for each row, how many rows are at its domain and how many share its number's first digits.
    Real rows have them by the law p, decoys by the law q, which the placing decides: a domain that nobody
    else uses and that m decoys use is a group of m, so that q is bound by the number of such domains; an
    owned domain that customers use takes any number of decoys; a group of numbers takes as many as
    are owned in it.
    The likelihood ratio orders groups best (Neyman and Pearson, 1933), so that the area is the convex
    A(p, q) = 1/2 + 1/4 Σᵢⱼ |pᵢ qⱼ − pⱼ qᵢ|, whose least value a linear programme finds.
    Domains and numbers are taken for independent; groups of about the same size (a quarter) are one.
    """
    laws = [_of_domains(view, column, owned) for column in view.of_kind(Kind.EMAIL)[:1]]
    laws += [_of_numbers(view, column, owned) for column in view.of_kind(Kind.PHONE)[:1]]
    p, q = np.ones(1), np.ones(1)
    for theirs, ours in laws:
        p, q = np.outer(p, theirs).ravel(), np.outer(q, ours).ravel()
    return area(p, q)


def area(p: Floats, q: Floats) -> float:
    """A(p, q): the area under the curve of the likelihood ratio between two laws."""
    order = np.argsort(-q * 1.0 / np.maximum(p, 1e-300))
    p, q = p[order], q[order]
    return float((q * (1 - np.cumsum(p) + p / 2)).sum())


def nearest(p: Floats, *, cost: Floats, budget: float, most: Floats) -> tuple[Floats, Floats]:
    """p, and the law q nearest to it in the sense of A, with Σ cost q ≤ budget and q ≤ most.

    Both with one class more, where no real row is: there stand the decoys that find no other place.
    """
    from scipy.optimize import linprog

    p, cost, most = np.append(p, 0.0), np.append(cost, 0.0), np.append(most, 1.0)
    n = len(p)
    pairs = [(i, j) for i in range(n) for j in range(i) if p[i] or p[j]]
    rows = np.zeros((2 * len(pairs) + 1, n + len(pairs)))
    for at, (i, j) in enumerate(pairs):
        for sign, row in ((1, 2 * at), (-1, 2 * at + 1)):
            rows[row, [i, j]] = -sign * p[j], sign * p[i]
            rows[row, n + at] = -1
    rows[-1, :n] = cost
    limits = np.zeros(len(rows))
    limits[-1] = budget
    solved = linprog(
        np.concatenate([np.zeros(n), np.ones(len(pairs))]),
        A_ub=rows, b_ub=limits, A_eq=np.concatenate([np.ones(n), np.zeros(len(pairs))])[None], b_eq=[1.0],
        bounds=[(0, float(top)) for top in most] + [(0, None)] * len(pairs),
    )  # fmt: skip
    return p, np.asarray(solved.x[:n])


def _classes(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The class of a group by its size: 1, 2, 3, 4, then by quarters."""
    return np.where(sizes <= 4, sizes, np.round(np.log(np.maximum(sizes, 1) / 4) / np.log(1.25)) + 4).astype(
        np.int64
    )


def _largest(size_class: int) -> float:
    return size_class if size_class <= 4 else 4 * 1.25 ** (size_class - 4 + 0.499)


def _of_domains(view: View, column: CodedColumn, owned: DecoySettings) -> tuple[Floats, Floats]:
    """The laws of real rows and of decoys at their best: no address, each shared owned domain, sizes."""
    real = ~view.seen.decoys
    codes = column.codes_by(domain_of)
    names = np.array([domain_of(text) for text in column.texts])
    of_value = dict(zip(names.tolist(), codes.of[_first_rows(column)].tolist(), strict=True))
    counts = np.bincount(codes.of[real], minlength=codes.kinds)
    empty = of_value.get("", -1)
    lists = {domain.strip().lower() for domain in owned.domains}
    shared = [code for name, code in of_value.items() if name in lists and counts[code] > 0]
    fresh = len(lists) - len(shared)
    apart = [code for code in (empty, *shared) if code >= 0]
    others = np.delete(np.arange(codes.kinds), apart)
    others = others[counts[others] > 0]
    classes = np.unique(np.concatenate([_classes(counts[others]), np.arange(1, 30)]))
    masses = np.bincount(
        np.searchsorted(classes, _classes(counts[others])), weights=counts[others], minlength=len(classes)
    )
    p = np.concatenate([counts[apart], masses]).astype(np.float64) / real.sum()
    decoys = max(1, int((~real).sum()))
    cost = np.concatenate([np.zeros(len(apart)), [decoys / _largest(int(c)) for c in classes]])
    most = np.ones(len(p))
    most[len(apart) :] = np.where(classes <= _classes(np.array([decoys]))[0], 1.0, 0.0) if fresh else 0.0
    return nearest(p, cost=cost, budget=float(fresh), most=most)


def _of_numbers(view: View, column: CodedColumn, owned: DecoySettings) -> tuple[Floats, Floats]:
    """The laws over: no number, and classes of groups of numbers by how many rows they have."""
    real = ~view.seen.decoys
    region = column.column.region
    prefixes = list(map(start_of(_PREFIX, region), column.texts))
    codes = column.codes_by(start_of(_PREFIX, region))
    of_value = dict(zip(prefixes, codes.of[_first_rows(column)].tolist(), strict=True))
    counts = np.bincount(codes.of[real], minlength=codes.kinds)
    empty = of_value.get("", -1)
    held = np.zeros(codes.kinds)
    pool = owned_numbers(owned.phones)
    elsewhere = 0
    for code, first, last in pool.ranges:
        step = 10 ** max(0, len(str(first)) - len(code) - _PREFIX)
        for head in range(first // step, last // step + 1):
            inside = min(last, head * step + step - 1) - max(first, head * step) + 1
            at = of_value.get(str(head)[len(code) :], -1)
            elsewhere += inside if at < 0 else 0
            held[at] += inside if at >= 0 else 0
    decoys = max(1, int((~real).sum()))
    filled = np.delete(np.arange(codes.kinds), [empty] if empty >= 0 else [])
    _, of = np.unique(_classes(counts[filled]), return_inverse=True)
    p = np.concatenate([[counts[empty] if empty >= 0 else 0], np.bincount(of, weights=counts[filled]), [0]])
    most = np.concatenate(
        [[1.0 if empty >= 0 else 0.0], np.bincount(of, weights=held[filled]) / decoys, [elsewhere / decoys]]
    )
    p = p / real.sum()
    return nearest(p, cost=np.zeros(len(p)), budget=0.0, most=np.minimum(most, 1.0))


def _first_rows(column: CodedColumn) -> NDArray[np.int64]:
    """A row of each distinct value."""
    rows = np.empty(column.codes.kinds, dtype=np.int64)
    rows[column.codes.of[::-1]] = np.arange(len(column.codes.of))[::-1]
    return rows
