"""Cheap rules before dear ones: which objects of a source are not read, and why."""

import re
from collections.abc import Sequence
from fnmatch import translate

import msgspec

from trapstreet.core.model.objects import Ref

LARGE = "larger than the largest to be read"
NAMED = "passed over by name"
SPENT = "the round's budget was used up"
SAMPLED = "read by a sample, which showed nothing"
TOO_DEAR = "larger than a round's budget"


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a source is read.

    largest    bytes of the largest object that is; None: any
    pass_over  patterns of names that are not: "*.iso", "*/node_modules/*". One without a slash is held
               against the last part of a path, others against all of it; letter case does not matter
    budget     bytes that one round reads at most; None: any number
    sample     bytes that are read at first of what is larger and can be read in pieces; None: all is
    """

    largest: int | None = None
    pass_over: tuple[str, ...] = ()
    budget: int | None = None
    sample: int | None = None


class Sieve:
    """The rules at work."""

    def __init__(self, rules: Rules) -> None:
        self._largest = rules.largest
        self._budget = rules.budget
        self._names = _any_of([each for each in rules.pass_over if "/" not in each])
        self._paths = _any_of([each for each in rules.pass_over if "/" in each])

    def refuses(self, ref: Ref) -> str:
        """Why an object is never read; "" if it may be."""
        size = ref.size or 0
        if self._largest is not None and size > self._largest:
            return LARGE
        if self._names and self._names.match(re.split(r"[/\\]", ref.path)[-1]):
            return NAMED
        if self._paths and self._paths.match(ref.path):
            return NAMED
        return TOO_DEAR if self._budget is not None and size > self._budget else ""

    def exceeds(self, ref: Ref, spent: int) -> bool:
        """Whether an object has to wait for the next round, after so many bytes of this one."""
        return self._budget is not None and spent + (ref.size or 1) > self._budget


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, patterns)), re.IGNORECASE) if patterns else None
