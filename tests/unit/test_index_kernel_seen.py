"""What a search remembers of the stretches before: as much after ten thousand of them as after ten."""

from types import SimpleNamespace

import numpy as np

from trapstreet.core.fields import Kind
from trapstreet.index import Sketch
from trapstreet.index.kernel import _PENDING, _Seen
from trapstreet.index.sketch import KEPT


def _sketch(*fingerprints: int) -> Sketch:
    return Sketch(np.array(fingerprints, dtype=np.uint64), np.full(len(fingerprints), b"x", dtype="S24"))


def test_stretches_without_anything_new_are_not_remembered() -> None:
    seen = _Seen(KEPT)
    seen.noted(SimpleNamespace(sketches={Kind.PHONE: _sketch(*range(1, KEPT + 1))}))
    assert seen.thresholds == {Kind.PHONE: KEPT}
    for _ in range(10_000):
        seen.noted(SimpleNamespace(sketches={Kind.PHONE: _sketch(), Kind.EMAIL: _sketch(7)}))
    assert max(map(len, seen._sketches.values())) <= _PENDING


def test_the_threshold_falls_to_what_all_stretches_together_have_kept() -> None:
    seen = _Seen(KEPT)
    seen.noted(SimpleNamespace(sketches={Kind.PHONE: _sketch(*range(10_000, 10_000 + KEPT))}))
    for at in range(_PENDING):
        seen.noted(SimpleNamespace(sketches={Kind.PHONE: _sketch(*range(1 + 200 * at, 201 + 200 * at))}))
    assert seen.thresholds == {Kind.PHONE: KEPT}
