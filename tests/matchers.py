"""The matchers that must agree, and what to compare of them."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.index import Lookup, Matcher, Matches, ReferenceMatcher
from trapstreet.index.kernel import KernelMatcher
from trapstreet.index.native import why_not
from trapstreet.index.sketch import Sketch

Make = Callable[[Lookup, Callable[[Kind, int], bytes]], Matcher]

MATCHERS: dict[str, Make] = {"reference": ReferenceMatcher, "kernel": KernelMatcher}

_COLUMNS = ("start", "end", "kind", "fingerprint", "owner", "record", "table", "number", "confirmed")


def make(name: str, lookup: Lookup, key_of: Callable[[Kind, int], bytes]) -> Matcher:
    """The matcher of that name; a kernel that is not built skips the test, or fails it where it must be."""
    if name == "kernel" and why_not():
        required = os.environ.get("CI") or os.environ.get("TRAPSTREET_REQUIRE_KERNEL")
        (pytest.fail if required else pytest.skip)(f"no kernel: {why_not()}")
    return MATCHERS[name](lookup, key_of)


def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matchers work on 2,000 bytes at a time, so that a text of some length has many seams."""
    monkeypatch.setattr("trapstreet.index.reference.STRETCH", 2000)
    monkeypatch.setattr("trapstreet.index.kernel.STRETCH", 2000)


def everything(parts: Iterable[Matches]) -> dict[str, Any]:
    """All that a matcher says of a text, whatever the stretches: lists by the name of the column."""
    parts = list(parts)
    found: dict[str, Any] = {
        name: _joined([getattr(part, name) for part in parts]).tolist() for name in _COLUMNS
    }
    for kind in sorted({kind for part in parts for kind in part.candidates}):
        shown = [part.candidates[kind] for part in parts if kind in part.candidates]
        found |= {f"{kind} {name}": _joined([getattr(each, name) for each in shown]).tolist()
                  for name in ("fingerprints", "places", "ends")}  # fmt: skip
    for kind in sorted({kind for part in parts for kind in part.sketches}):
        sketch = Sketch.union([part.sketches[kind] for part in parts if kind in part.sketches])
        found[f"{kind} sketch"] = list(zip(sketch.fingerprints.tolist(), sketch.forms.tolist(), strict=True))
    found["size"] = sum(part.size for part in parts)
    return found


def _joined(columns: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(columns) if columns else np.empty(0)
