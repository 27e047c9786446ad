"""The search for clues: compiled where that was possible, else in plain Python."""

import ctypes
from functools import cached_property

from trapstreet.plugins.decoders import _native, _reference
from trapstreet.plugins.decoders._clues import Clue

_ROOM = 1 << 13
"""Places for which there is room at first."""

_BITS = 4
"""The lowest of a place as clues.c gives it, which are its clue's number."""


class Search:
    """Looks for some clues in any number of texts, from any number of threads."""

    def __init__(self, clues: tuple[Clue, ...]) -> None:
        self._clues = clues
        self._idle: list[ctypes.Array[ctypes.c_uint64]] = []

    def places(self, data: bytes) -> list[list[int]]:
        """For each clue its places, ascending. 0.3 ns a byte where there are few; 50 in plain Python."""
        library = _native.load()
        if library is None:
            return [_reference.places(data, each) for each in self._clues]
        room = self._idle.pop() if self._idle else (ctypes.c_uint64 * _ROOM)()
        count = library.clues_find(self._config, data, len(data), room, _ROOM)
        found = room
        if count > _ROOM:
            found = (ctypes.c_uint64 * count)()
            library.clues_find(self._config, data, len(data), found, count)
        places: list[list[int]] = [[] for _ in self._clues]
        for each in found[:count]:
            places[each & (1 << _BITS) - 1].append(each >> _BITS)
        self._idle.append(room)
        return places

    def alone(self, data: bytes) -> list[int]:
        """The places of the only clue."""
        return self.places(data)[0]

    @cached_property
    def _config(self) -> _native.Config:
        return _native.config(self._clues)
