"""Postal addresses, by what survives re-ordering and abbreviation: a number and the street's longest word.

Forms: b"12 hauptstrasse" for each number of the cell; folded; words such as Street and Road do not count.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from trapstreet.core.fields.fold import folded, folded_variants, phrases, window_text, word_set
from trapstreet.core.fields.kind import Column, FieldKind, Kind

_REACH = 5  # words and commas from a number to the street it belongs to, at most
_SHORTEST_WORD = 3
_NUMBERS = 3  # of one cell: house number, flat, postcode

_TOKEN = re.compile(r"[0-9a-z]+|,")
_NUMBER = re.compile(r"([0-9]{1,5})[a-z]?")
_STREET_END = re.compile(r"str(?:asse)?$")
_GENERIC = word_set(
    """
    street st road rd avenue ave av lane ln drive dr court ct place pl square sq boulevard blvd way close
    terrace crescent cres gardens grove park hill view green north south east west upper lower old new the
    and strasse str weg platz gasse allee ring damm ufer am an der den dem im zum zur rue chemin impasse
    quai cours allee route place de la le les du des calle avenida avda paseo plaza carrer camino del los
    las via viale piazza corso largo vicolo della delle dei di rua travessa praca estrada dos das straat
    laan plein weg kade gracht van het ulica ulicy aleja aleje osiedle gatan vagen gata apartment apt flat
    unit suite floor room house building block piso puerta etage box bus
    """
)
_STREET = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|drive|court|place|square|boulevard|blvd|way|terrace|\w*str(?:asse)?|\w*weg|\w*platz"
    r"|\w*gasse|\w*allee|rue|chemin|quai|calle|avenida|avda|plaza|carrer|via|viale|piazza|corso|rua|praca|\w*straat|\w*laan"
    r"|\w*plein|ulica|ul|aleja|\w*gatan|\w*vagen)\b"
)


class Address(FieldKind):
    """Street addresses, with or without town and postcode."""

    kind = Kind.ADDRESS
    title = "postal address"
    anchor = False
    alone = False
    named = 0.5
    unnamed = 0.8
    headers = phrases(
        """
        =address, street, street address, address 1, address line, address line 1, postal address, home
        address, mailing address, billing address, shipping address, residential address, addr, full
        address, customer address, strasse, str, anschrift, adresse, strasse hausnummer, wohnadresse, rue,
        voie, adresse postale, direccion, calle, domicilio, indirizzo, via, straat, adres, straatnaam,
        morada, endereco, rua, logradouro, ulica, adress, gata, gatuadress, hausanschrift
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        """Share of the texts with a number and a word of streets; a number with another word counts 0.7."""
        score = 0.0
        for text in texts:
            if len(text) <= 200 and "@" not in text and _forms(text):
                score += 1.0 if _STREET.search(folded(text)) else 0.7
        return score / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return _forms(text)

    def near(self, window: bytes, columns: Iterable[Column]) -> set[bytes]:
        found = set()
        for text in folded_variants(window_text(window)):
            for number, before, after in _numbers_with_words(text):
                found |= {f"{number} {word}".encode() for word in _telling(before + after)}
        return found


FIELD = Address()


def _forms(text: str) -> tuple[bytes, ...]:
    """For each number the longest word of its own part of the address, else of those around it."""
    found: dict[bytes, None] = {}
    for variant in folded_variants(text):
        for count, (number, before, after) in enumerate(_numbers_with_words(variant)):
            beside = _since_break(before[::-1])[::-1] + _since_break(after)
            words = _telling(beside) or _telling(before + after)
            if words and count < _NUMBERS:
                found[f"{number} {max(words, key=len)}".encode()] = None
    return tuple(found)


def _numbers_with_words(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each number of a folded text with the tokens in reach before it and after it."""
    tokens = _TOKEN.findall(text)
    for at, token in enumerate(tokens):
        match = _NUMBER.fullmatch(token)
        if match:
            number = match[1].lstrip("0") or "0"
            yield number, tokens[max(0, at - _REACH) : at], tokens[at + 1 : at + 1 + _REACH]


def _since_break(tokens: list[str]) -> list[str]:
    return tokens[: tokens.index(",")] if "," in tokens else tokens


def _telling(tokens: list[str]) -> list[str]:
    return [word for word in map(_street_word, tokens) if word]


def _street_word(token: str) -> str:
    """The token in its long form, "" where it says nothing."""
    word = _STREET_END.sub("strasse", token)
    if len(word) < _SHORTEST_WORD or word in _GENERIC or not word[-1].isalpha() or _NUMBER.fullmatch(word):
        return ""
    return word
