"""What the kernel needs to know for a search, and everything that this points at."""

from collections.abc import Mapping
from ctypes import CDLL, Array, c_uint8, c_uint64, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.automaton import Automaton, automaton
from trapstreet.core.fields.codes import automaton_of
from trapstreet.core.fields.fold import fold_page
from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.fields.kinds import birth_date, iban, phone
from trapstreet.core.maths.siphash import siphash24_many
from trapstreet.index import kernel_abi as abi
from trapstreet.index.lookup import KeyOf, Lookup
from trapstreet.index.matcher import CONFIRMING
from trapstreet.index.table import Table

FEW_TABLES = 4
"""More tables than this are searched through one route."""

_NO_MEMORY = -1


class Configuration:
    """The kernel's configuration for the data sets of one epoch.

    keys     of the anchor kinds;  numbers  the place in Lookup.tables of each of the kernel's tables
    """

    def __init__(self, library: CDLL, lookup: Lookup, key_of: KeyOf, epoch: int) -> None:
        """Tables stay where they are, in memory maps. 25 ns for each of their keys where there are many."""
        self._library = library
        self._kept: list[object] = []
        self.config = abi.Config()
        self.keys = {kind: key_of(kind, epoch) for kind, of in lookup.anchors() if of == epoch}
        self._pages = (c_void_p * 256)()
        self.config.pages = self._address(self._pages)
        self.config.unicode_emails = lookup.unicode_emails
        numbers = [at for at, table in enumerate(lookup.tables) if table.epoch == epoch]
        self.numbers = np.array(numbers, dtype=np.uint32)
        self._set_anchors(lookup)
        self._set_tables([lookup.tables[at] for at in numbers])
        self._set_confirming({kind: key_of(kind, epoch) for kind, of in lookup.confirmers() if of == epoch})

    def give_page(self, number: int) -> None:
        """Let the kernel know how 256 more code points are folded."""
        self._pages[number] = self._address(_page(number))

    def _set_anchors(self, lookup: Lookup) -> None:
        config = self.config
        for kind, key in self.keys.items():
            at = abi.ANCHORS.index(kind)
            config.searched |= 1 << at
            config.keys[at] = _key(key)
            if at >= abi.CODES:
                config.codes[at - abi.CODES] = self._automaton(automaton_of(lookup.columns(kind)))
                config.automata = max(config.automata, at - abi.CODES + 1)
        for at in range(config.automata):
            if not config.codes[at].rows:
                config.codes[at] = self._automaton(automaton(()))
        self._set_phones(lookup.columns(Kind.PHONE), lookup.phone_lengths)
        lengths = np.zeros(len(abi.LETTERS) ** 2, dtype=np.uint8)
        for country, length in iban.LENGTHS.items():
            first, second = (ord(letter) - ord("A") for letter in country)
            lengths[first * len(abi.LETTERS) + second] = length
        config.iban_lengths = self._address(lengths)

    def _set_phones(self, columns: list[Column], lengths: frozenset[int]) -> None:
        config = self.config
        config.phone_lengths = sum(1 << length for length in lengths)
        prefixes = sorted(prefix for prefix in phone.local_prefixes(columns) if prefix)
        config.local_prefixes = self._address(
            np.array([int(prefix) << 3 | len(prefix) for prefix in prefixes], dtype=np.uint32)
        )
        config.n_local_prefixes = len(prefixes)
        codes = np.zeros(10 + 100 + 1000, dtype=np.uint8)
        for code in phone.calling_codes():
            codes[(0, 10, 110)[len(code) - 1] + int(code)] = 1
        config.calling_codes = self._address(codes)

    def _automaton(self, machine: Automaton) -> abi.Automaton:
        endings = (abi.Ending * len(machine.endings))()
        for ending, meant in zip(endings, machine.endings, strict=True):
            ending.whole, ending.covers, ending.count = meant.whole, meant.covers, len(meant.literals)
            for at, literal in enumerate(meant.literals):
                ending.size[at] = len(literal)
                ending.literal[at][: len(literal)] = literal
        width = machine.delta.shape[1] + 1
        rows = np.column_stack([machine.delta.astype(np.uint32) * np.uint32(width), machine.accept]).astype(
            np.uint32
        )
        return abi.Automaton(
            classes=self._address(np.frombuffer(machine.classes, dtype=np.uint8)),
            rows=self._address(rows),
            endings=self._address(endings),
            width=rows.shape[1],
            back=machine.back,
            first_digits=machine.first_digits,
        )

    def _set_tables(self, tables: list[Table]) -> None:
        config = self.config
        structures = (abi.Table * max(1, len(tables)))(*map(self._table, tables))
        config.tables = self._address(structures)
        config.n_tables = len(tables)
        if len(tables) > FEW_TABLES:
            config.route = self._address(self._route(structures, tables))

    def _table(self, table: Table) -> abi.Table:
        slots = [table.slots.get(kind) for kind in CONFIRMING]
        return abi.Table(
            **self._keys_of(table.filter, table.directory, table.entries, table.bits, table.shift),
            records=len(table.record_ids),
            slots=(c_void_p * len(slots))(*(None if each is None else self._address(each) for each in slots)),
            width=(c_uint64 * len(slots))(*(0 if each is None else each.shape[1] for each in slots)),
        )

    def _route(self, structures: "Array[abi.Table]", tables: list[Table]) -> abi.Table:
        """One table that says in which of the others a fingerprint may be."""
        keys = sum(len(table.entries) for table in tables)
        bits = max(12, round(np.log2(max(1, keys) / 8)))
        known = max(table.shift - table.bits for table in tables) + bits  # low bits that no entry tells of
        shift = max(1, (len(tables) - 1).bit_length(), known)
        words = np.zeros(max(1, keys * 12 // 64), dtype=np.uint64)
        directory = np.zeros((1 << bits) + 1, dtype=np.uint32)
        entries = np.zeros(keys, dtype=np.uint64)
        failed = self._library.ts_route(
            structures,
            c_uint64(len(tables)),
            c_void_p(words.ctypes.data),
            c_uint64(len(words)),
            c_void_p(directory.ctypes.data),
            c_void_p(entries.ctypes.data),
            c_uint64(bits),
            c_uint64(shift),
        )
        check(failed)
        return abi.Table(**self._keys_of(words, directory, entries, bits, shift))

    def _keys_of(
        self, words: NDArray[Any], directory: NDArray[Any], entries: NDArray[Any], bits: int, shift: int
    ) -> dict[str, Any]:
        return {
            "filter": self._address(words),
            "words": len(words),
            "directory": self._address(directory),
            "entries": self._address(entries),
            "n_entries": len(entries),
            "bits": bits,
            "shift": shift,
        }

    def _set_confirming(self, keys: Mapping[Kind, bytes]) -> None:
        config = self.config
        for kind, key in keys.items():
            config.confirmed |= 1 << CONFIRMING.index(kind)
            config.confirming[CONFIRMING.index(kind)] = _key(key)
        if Kind.NAME in keys:
            for mark, row in zip("*~", config.initials, strict=True):
                row[:] = siphash24_many(
                    keys[Kind.NAME], [f"{mark}{letter}".encode() for letter in abi.LETTERS]
                ).tolist()
        if Kind.BIRTH_DATE in keys:
            words = birth_date.month_words()
            hashes = siphash24_many(keys[Kind.BIRTH_DATE], list(words)).tolist()
            months = sorted(zip(hashes, words.values(), strict=True))
            config.months = self._address(
                (abi.MonthWord * len(months))(*(abi.MonthWord(*each) for each in months))
            )
            config.n_months = len(months)

    def _address(self, owned: Any) -> int:
        """Where something begins that the kernel reads; it stays as long as the plan does."""
        if isinstance(owned, np.ndarray):
            if not owned.flags.c_contiguous:
                raise ValueError("the kernel reads contiguous arrays")
            self._kept.append(owned)
            return int(owned.ctypes.data)
        self._kept.append(owned)
        return int(np.frombuffer(owned, dtype=np.uint8).ctypes.data)


def check(status: int) -> None:
    if status == _NO_MEMORY:
        raise MemoryError("the matcher's kernel found no memory")


def _key(key: bytes) -> abi.Key:
    return abi.Key(int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little"))


def _page(number: int) -> "Array[c_uint8]":
    """A page of foldings as the kernel reads it: where each begins and ends (u16), and the texts."""
    texts = [text.encode("ascii") for text in fold_page(number)]
    bounds = np.cumsum([0, *map(len, texts)]).astype("<u2").tobytes()
    return (c_uint8 * (len(bounds) + sum(map(len, texts))))(*bounds, *b"".join(texts))
