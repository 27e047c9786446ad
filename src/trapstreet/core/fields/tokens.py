"""Words and numbers of UTF-8 text, folded: what forms of names, addresses, postcodes and dates are made of.

A cell and foreign text are read by the same rules, byte by byte and with bounded context, so that a faster
reader can be held to exactly these tokens.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from trapstreet.core.fields.fold import fold_page, word_set

LONGEST_SOURCE = 64
"""Bytes of text that a token can come from; a longer run is no token."""

LONGEST_TEXT = 32
"""Letters or digits of a token."""

LONGEST_SILENCE = 16
"""Bytes of accents and other characters without a sound that a word can be read through at one place."""

_RUN = r"[a-z]+(?:\\?'{1,2}[a-z]+)*|[0-9]+"  # O'Brien, O''Brien (SQL) and O\'Brien are one word
_RUNS, _ASCII_RUNS = re.compile(_RUN), re.compile(_RUN.encode())
_BREAK = re.compile(rb"\\[nrt]")  # a line break or tab as JSON and SQL dumps write it
_UNIT = (
    re.compile(  # plain ASCII; a letter that JSON escapes, but no half pair; an escaped break; one character
        r"([\x00-\x5b\x5d-\x7f]+)|\\u((?![dD][89a-fA-F])[0-9a-fA-F]{4})|(\\[nrt])|.", re.DOTALL
    )
)
_COMMA = re.compile("[,،、﹐﹑，､]")
_SPELT_OUT = re.compile(rb"(a)[ae]|([ou])e")  # ae, aa, oe and ue stand for ä, å, ö and ü


class Token(NamedTuple):
    """A word or a number: bytes [start, end) of the text, and what it is read as.

    text  a to z in canonical form, or 0 to 9
    """

    start: int
    end: int
    text: bytes
    word: bool


def tokens(data: bytes) -> list[Token]:
    """The tokens of UTF-8 text in order; bytes that are no UTF-8 divide.

    Letters that JSON escapes (backslash, u, four digits) are read, escaped line breaks and tabs are blanks.
    Each character is folded by itself (fold.fold_page; beyond U+FFFF: a blank). A token is a run of a to z,
    in which single joints (O'Brien) are dropped, or of 0 to 9. Runs of more than LONGEST_SOURCE bytes or
    LONGEST_TEXT letters are passed over. Linear: 1 µs a token in lines of ASCII, else 0.3 µs a character.
    """
    if _is_plain(data):
        return _plain_tokens(data, 0)
    found: list[Token] = []
    at = 0
    for line in data.split(b"\n"):  # a line without accents need not be read by characters
        found += _plain_tokens(line, at) if _is_plain(line) else _folded_tokens(line, at)
        at += len(line) + 1
    return found


def token_texts(text: str) -> list[bytes]:
    """The texts of a cell's tokens, 2 µs for two words in ASCII."""
    if text.isascii() and "\\" not in text:
        found = [
            _read(run) for run in _ASCII_RUNS.findall(text.lower().encode()) if len(run) <= LONGEST_SOURCE
        ]
        return [read for read in found if len(read) <= LONGEST_TEXT]
    return [token.text for token in tokens(text.encode("utf-8", "replace"))]


def parts(text: str) -> list[list[bytes]]:
    """The texts of the tokens in each part of a cell that commas of any script divide."""
    return [token_texts(part) for part in _COMMA.split(text)]


def canonical(word: bytes) -> bytes:
    """One spelling of a folded word: müller, mueller and muller are "muller"; "strasse" ends as "str".

    Of ae, aa, oe and ue the second letter is dropped, from left to right, each pair once.
    """
    word = _SPELT_OUT.sub(rb"\1\2", word)
    return word[:-4] if word.endswith(b"strasse") else word


def canonical_words(text: str) -> frozenset[bytes]:
    """The words of a text that divides them with blanks, each in canonical form."""
    return frozenset(canonical(word.encode()) for word in word_set(text))


@lru_cache(maxsize=1 << 14)
def _read(run: bytes) -> bytes:
    """The text of a run of letters with joints, or of digits."""
    return canonical(run.translate(None, b"\\'"))


def _token(start: int, end: int, run: bytes) -> Token | None:
    text = _read(run)
    if end - start > LONGEST_SOURCE or len(text) > LONGEST_TEXT:
        return None
    return Token(start, end, text, text.isalpha())


def _is_plain(data: bytes) -> bool:
    return data.isascii() and b"\\u" not in data


def _plain_tokens(data: bytes, at: int) -> list[Token]:
    """The tokens of text that folds byte by byte; it begins at a place of the whole."""
    lower = (_BREAK.sub(b"  ", data) if b"\\" in data else data).lower()
    found = (_token(at + run.start(), at + run.end(), run[0]) for run in _ASCII_RUNS.finditer(lower))
    return [token for token in found if token]


def _folded_tokens(data: bytes, at: int) -> list[Token]:
    """The tokens of any text."""
    folded, starts, ends = _folded(data.decode("utf-8", "surrogateescape"), at)
    found = (
        _token(starts[run.start()], ends[run.end() - 1], run[0].encode()) for run in _RUNS.finditer(folded)
    )
    return [token for token in found if token]


def _folded(text: str, at: int) -> tuple[str, list[int], list[int]]:
    """The folded text, and where the source of each of its characters begins and ends, in bytes from `at`."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    silent = 0
    for match in _UNIT.finditer(text):
        unit, plain, code, blank = match[0], match[1], match[2], match[3]
        if plain:
            piece, size, silent = plain.lower(), len(plain), 0
            starts += range(at, at + size)
            ends += range(at + 1, at + size + 1)
        else:
            piece = " " if blank else _fold(int(code, 16) if code else ord(unit))
            size = len(unit.encode("utf-8", "surrogateescape"))
            silent = 0 if piece else silent + size
            piece = " " if silent > LONGEST_SILENCE else piece
            starts += [at] * len(piece)
            ends += [at + size] * len(piece)
        pieces.append(piece)
        at += size
    return "".join(pieces), starts, ends


def _fold(code: int) -> str:
    return fold_page(code >> 8)[code & 255] if code < 0x10000 else " "
