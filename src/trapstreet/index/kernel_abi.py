"""The structures that kernel.c and kernel.py share, field by field as they stand in kernel.c.

native.ABI changes with them.
"""

from ctypes import Structure, c_int64, c_uint8, c_uint64, c_void_p

import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.index.matcher import CONFIRMING
from trapstreet.index.sketch import WIDTH

ANCHORS = (Kind.EMAIL, Kind.PHONE, Kind.CARD, Kind.IBAN, Kind.REFERENCE, Kind.NATIONAL_ID)
"""The anchor kinds in the order of their keys."""

CODES = 4
"""The first of them that an automaton finds."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"

_MOST = 8  # anchors that the kernel has room for
_AUTOMATA = _MOST - CODES
_LITERALS, _LITERAL = 8, 32


class Key(Structure):
    _fields_ = [("k0", c_uint64), ("k1", c_uint64)]


class Table(Structure):
    _fields_ = [
        ("filter", c_void_p),
        ("words", c_uint64),
        ("directory", c_void_p),
        ("entries", c_void_p),
        ("n_entries", c_uint64),
        ("bits", c_uint64),
        ("shift", c_uint64),
        ("records", c_uint64),
        ("slots", c_void_p * len(CONFIRMING)),
        ("width", c_uint64 * len(CONFIRMING)),
    ]


class Ending(Structure):
    _fields_ = [
        ("whole", c_uint8),
        ("covers", c_uint8),
        ("count", c_uint8),
        ("unused", c_uint8 * 5),
        ("size", c_uint8 * _LITERALS),
        ("literal", (c_uint8 * _LITERAL) * _LITERALS),
    ]


class Automaton(Structure):
    _fields_ = [
        ("classes", c_void_p),
        ("rows", c_void_p),
        ("endings", c_void_p),
        ("width", c_uint64),
        ("back", c_int64),
        ("first_digits", c_uint64),
    ]


class MonthWord(Structure):
    _fields_ = [("hash", c_uint64), ("month", c_uint64)]


class Config(Structure):
    _fields_ = [
        ("searched", c_uint64),
        ("keys", Key * _MOST),
        ("automata", c_uint64),
        ("codes", Automaton * _AUTOMATA),
        ("phone_lengths", c_uint64),
        ("local_prefixes", c_void_p),
        ("n_local_prefixes", c_uint64),
        ("calling_codes", c_void_p),
        ("iban_lengths", c_void_p),
        ("unicode_emails", c_uint64),
        ("tables", c_void_p),
        ("n_tables", c_uint64),
        ("route", c_void_p),
        ("confirmed", c_uint64),
        ("confirming", Key * len(CONFIRMING)),
        ("initials", (c_uint64 * len(LETTERS)) * 2),
        ("pages", c_void_p),
        ("months", c_void_p),
        ("n_months", c_uint64),
    ]


class Results(Structure):
    _fields_ = [
        ("hits", c_void_p),
        ("n_hits", c_uint64),
        ("room_hits", c_uint64),
        ("spare", c_void_p),
        ("room_spare", c_uint64),
        ("order", c_void_p),
        ("room_order", c_uint64),
        ("candidates", c_void_p),
        ("n_candidates", c_uint64),
        ("room_candidates", c_uint64),
        ("hard", c_void_p),
        ("n_hard", c_uint64),
        ("room_hard", c_uint64),
        ("samples", c_void_p * _MOST),
        ("n_samples", c_uint64 * _MOST),
        ("room_samples", c_uint64 * _MOST),
        ("threshold", c_uint64 * _MOST),
        ("keep", c_uint64),
        ("failed", c_uint64),
    ]


HIT = np.dtype(
    [
        ("fingerprint", "<u8"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("table", "<u4"),
        ("number", "<u4"),
        ("anchor", "u1"),
        ("confirmed", "u1", (len(CONFIRMING),)),
        ("unused", "u1", (3,)),
    ]
)
CANDIDATE = np.dtype(
    [("fingerprint", "<u8"), ("start", "<u4"), ("end", "<u4"), ("anchor", "<u4"), ("unused", "<u4")]
)
SAMPLE = np.dtype([("fingerprint", "<u8"), ("form", f"S{WIDTH}")])
HARD = np.dtype("<u4")
