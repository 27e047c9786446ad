"""What somebody does who has no labels: group, drop what stands out, and see what is lost with it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import Codes, Floats
from trapstreet.decoys.audit.features import View
from trapstreet.decoys.audit.mails import domain_of
from trapstreet.decoys.audit.phones import sort_of, start_of

_BUDGETS = (0.01, 0.05, 0.2)  # shares of the real rows that somebody gives up to be rid of the decoys
_RESERVED = ("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org")


class Loss(NamedTuple):
    """Shares in [0, 1] of the real rows and of the decoys that an attack drops."""

    real: float
    decoys: float


class Attack(NamedTuple):
    """An attack in plain words, and what it drops at each setting."""

    words: str
    losses: tuple[Loss, ...]


def attacks(view: View) -> Iterator[Attack]:
    decoys = view.seen.decoys
    for column in view.of_kind(Kind.EMAIL):
        has = np.array([bool(domain_of(text)) for text in column.texts])[column.codes.of]
        domains = column.codes_by(domain_of)
        for words, rarity in (("smallest", _size), ("oddest", _oddness)):
            drop = np.where(has, rarity(domains)[domains.of], np.inf)
            yield Attack(
                f"group {column.column.name} by domain, drop the {words} groups", _losses(drop, decoys)
            )
        dead = np.array([_receives_nothing(domain_of(text)) for text in column.texts])[column.codes.of]
        yield Attack(f"drop what bounces at {column.column.name}", (_loss(dead, decoys),))
    for column in view.of_kind(Kind.PHONE):
        region = column.column.region
        has = np.array([bool(text.strip()) for text in column.texts])[column.codes.of]
        for length in (4, 6):
            prefix = column.codes_by(start_of(length, region))
            drop = np.where(has, _size(prefix)[prefix.of], np.inf)
            words = f"group {column.column.name} by its first {length} digits, drop the smallest groups"
            yield Attack(words, _losses(drop, decoys))
        invalid = np.zeros(view.size, bool)
        looked = column.codes.of[view.rows].tolist()
        verdict = {code: sort_of(column.texts[code], region) == -1.0 for code in set(looked)}
        invalid[view.rows] = [verdict[code] for code in looked]
        kept = np.zeros(view.size, bool)
        kept[view.rows] = True
        words = f"drop what the numbering plan does not have in {column.column.name}"
        yield Attack(words, (_loss(invalid[kept], decoys[kept]),))


def _size(codes: Codes) -> Floats:
    return codes.counts.astype(np.float64)


def _oddness(codes: Codes) -> Floats:
    """How many groups are about as large, few for one that stands out; of equals the smaller is first."""
    classes = np.round(2 * np.log2(np.maximum(codes.counts, 1))).astype(np.int64)
    return np.asarray(np.bincount(classes)[classes] + codes.counts / (1.0 + codes.counts.max()))


def _losses(drop: Floats, decoys: np.ndarray) -> tuple[Loss, ...]:
    """Rows are dropped in ascending order of `drop`, infinite ones never, as far as each budget goes."""
    losses = []
    levels, of = np.unique(drop, return_inverse=True)
    real = np.bincount(of[~decoys], minlength=len(levels)).cumsum() / max(1, (~decoys).sum())
    for budget in _BUDGETS:
        dropped = (real <= budget) & np.isfinite(levels)
        losses.append(_loss(dropped[of], decoys))
    return tuple(losses)


def _loss(dropped: np.ndarray, decoys: np.ndarray) -> Loss:
    return Loss(float(dropped[~decoys].mean()), float(dropped[decoys].mean()))


def _receives_nothing(domain: str) -> bool:
    """Whether the domain is reserved, so that no mail server can have it (RFC 2606)."""
    return any(domain == name or domain.endswith(f".{name}") for name in _RESERVED)
