"""What reading takes, and whom a list gives it to."""

from collections.abc import Callable
from functools import cache

from trapstreet.core.model.rights import Bits
from trapstreet.plugins._smb.descriptors import Descriptor, Entry
from trapstreet.plugins._smb.judging import all_of, steps
from trapstreet.plugins._smb.people import People

_READ, _EXECUTE = 0x80000001, 0x20000020
_WITH_IT = (0x80000008, 0xA0000080, 0xE0020000, 0xE0100000)
"""Extended attributes, attributes, the list itself, to wait for it: each with the generic rights it is in."""
_EACH = (_READ, _EXECUTE, *_WITH_IT)


def judge_of(people: People) -> Callable[[str, tuple[Entry, ...]], tuple[tuple[Bits, Bits], ...]]:
    """What tells whom a list gives each right that reading takes, that to read first: surely, and perhaps."""

    @cache
    def judge(owner: str, entries: tuple[Entry, ...]) -> tuple[tuple[Bits, Bits], ...]:
        return tuple(all_of(steps(Descriptor(owner, entries), right, people, "")) for right in _EACH)

    return judge
