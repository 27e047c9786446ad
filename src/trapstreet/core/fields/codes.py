"""Codes of learnt shapes: their normal forms, and where they stand in text.

A code's form is its letters and digits in upper case. A shape that is a literal and at least six digits is
also read without the literal, which is then put before the digits: "TCK-000123", "tck 000123" and "000123"
all meet in b"TCK000123".
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.automaton import (
    MOST_LITERALS,
    Automaton,
    Ending,
    automaton,
    literal_is_optional,
    read_shape,
)
from trapstreet.core.fields.kind import Candidate, Column

SHORTEST = 5
"""Letters and digits of a code that is worth a fingerprint."""

_SEPARATORS = re.compile(r"[\W_]+")
_NOT_ALNUM = bytes(byte for byte in range(256) if not bytes([byte]).isalnum())
_ALNUM = np.isin(np.arange(256), [byte for byte in range(256) if bytes([byte]).isalnum()])


def compact(text: str) -> str:
    """A code's letters and digits in upper case."""
    return text.upper() if text.isalnum() else _SEPARATORS.sub("", text).upper()


def code_forms(text: str, grammar: tuple[str, ...]) -> tuple[bytes, ...]:
    """The compact code; digits alone, where the grammar makes a literal before them optional, with each such
    literal."""
    written = compact(text)
    if len(written) < SHORTEST:
        return ()
    code = written.encode()
    if code.isdigit():
        fitting = (
            literal for literal, least, most in _optional_literals(grammar) if least <= len(code) <= most
        )
        literals = tuple(dict.fromkeys(fitting))[:MOST_LITERALS]
        if literals:
            return tuple(literal + code for literal in literals)
    return (code,)


def find_codes(data: bytes, columns: Sequence[Column]) -> Iterator[Candidate]:
    """Every place in the bytes that one of the columns' shapes fits, at any border of a word; by start.

    Linear in the bytes: a code has at most `Automaton.longest` of them.
    """
    shapes = automaton_of(columns)
    view = np.frombuffer(data, dtype=np.uint8)
    found = sorted(_accepted(view, shapes))
    covered: dict[int, int] = {}
    for start, end, ending in found:
        if ending.covers:
            covered.setdefault(end, start)
    for start, end, ending in found:
        code = data[start:end].translate(None, _NOT_ALNUM).upper()
        forms = [code] if ending.whole and len(code) >= SHORTEST else []
        if covered.get(end, start) >= start:
            forms += [literal + code for literal in ending.literals if literal + code not in forms]
        if forms:
            yield Candidate(start, end, tuple(forms))


def automaton_of(columns: Sequence[Column]) -> Automaton:
    """The automaton of all shapes of some columns of one kind."""
    return automaton(tuple(dict.fromkeys(shape for column in columns for shape in column.grammar)))


def _accepted(view: NDArray[np.uint8], shapes: Automaton) -> Iterator[tuple[int, int, Ending]]:
    """(start, end, ending) of what the automaton accepts between the borders of words."""
    inside = _ALNUM[view]
    ends_here = np.append(~inside, True)
    for starts, length, endings in shapes.ends(view, _starts(view, inside)):
        last = ends_here[starts + length]
        for start, ending in zip(starts[last].tolist(), endings[last].tolist(), strict=True):
            yield start, start + length, shapes.endings[ending]


def _starts(view: NDArray[np.uint8], inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Letters and digits at a word's border, or behind the letter of an escaped line break or tab."""
    border = np.ones(len(view), dtype=bool)
    escape = (view[1:-1] == ord("n")) | (view[1:-1] == ord("r")) | (view[1:-1] == ord("t"))
    border[1:] = ~inside[:-1]
    border[2:] |= escape & (view[:-2] == ord("\\"))
    return np.flatnonzero(border & inside)


@lru_cache(maxsize=256)
def _optional_literals(grammar: tuple[str, ...]) -> tuple[tuple[bytes, int, int], ...]:
    """The optional literals of a grammar, with how many digits can stand behind each."""
    read = (read_shape(shape) for shape in grammar)
    return tuple(
        (tokens[0].literal, sum(t.least for t in tokens[1:]), sum(t.most for t in tokens[1:]))
        for tokens in read
        if literal_is_optional(tokens)
    )
