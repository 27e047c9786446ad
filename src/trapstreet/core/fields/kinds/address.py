"""Postal addresses, by what survives re-ordering and abbreviation: a number and the street's longest word.

Forms: b"12 hauptstr" for each number of the cell; words such as Street and Road count only in a cell that has
no other word: b"350 ave".
"""

import re
from collections.abc import Callable, Iterator, Sequence

from trapstreet.core.fields.fold import folded, phrases
from trapstreet.core.fields.kind import Column, FieldKind, Kind
from trapstreet.core.fields.tokens import Token, canonical_words, parts

_REACH = 5  # tokens from a number to the street it belongs to, at most
_SHORTEST_WORD = 3
_MOST_DIGITS = 5  # of a house number, flat or postcode
_COMMA = b","
_GENERIC = canonical_words(
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
_ORDINAL = re.compile(r"\b[0-9]+(?:st|nd|rd|th)\b", re.IGNORECASE)
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
    slots = 3  # house number, flat, postcode
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
        """Share of the texts with a number, a telling word and one of streets; without the last two 0.7."""
        score = 0.0
        for text in texts:
            if len(text) <= 200 and "@" not in text and _forms(text):
                score += 1.0 if _STREET.search(folded(text)) and _forms_with(text, _telling) else 0.7
        return score / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return _forms(text)

    def near(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, bytes]]:
        """Each number with each word in reach of it."""
        for at, token in enumerate(tokens):
            if token.word or len(token.text) > _MOST_DIGITS:
                continue
            for other in range(max(0, at - _REACH), min(at + _REACH + 1, len(tokens))):
                if tokens[other].word and len(word := tokens[other].text) >= _SHORTEST_WORD:
                    yield min(at, other), max(at, other), _form(token.text, word)


FIELD = Address()


def _form(number: bytes, word: bytes) -> bytes:
    return (number.lstrip(b"0") or b"0") + b" " + word


def _forms(text: str) -> tuple[bytes, ...]:
    return _forms_with(text, _telling) or _forms_with(_ORDINAL.sub(" ", text), _words)


def _forms_with(text: str, wanted: Callable[[list[bytes]], list[bytes]]) -> tuple[bytes, ...]:
    """For each number the longest wanted word of its own part of the address, else of those around it."""
    items = [item for part in parts(text) for item in (*part, _COMMA)]
    numbers = [at for at, item in enumerate(items) if item.isdigit() and len(item) <= _MOST_DIGITS]
    found: dict[bytes, None] = {}
    for at in numbers[: Address.slots]:
        before, after = items[max(0, at - _REACH) : at][::-1], items[at + 1 : at + 1 + _REACH]
        words = wanted(_since_break(before)[::-1] + _since_break(after)) or wanted(before[::-1] + after)
        if words:
            found[_form(items[at], max(words, key=len))] = None
    return tuple(found)


def _since_break(items: list[bytes]) -> list[bytes]:
    return items[: items.index(_COMMA)] if _COMMA in items else items


def _telling(items: list[bytes]) -> list[bytes]:
    return [word for word in _words(items) if word not in _GENERIC]


def _words(items: list[bytes]) -> list[bytes]:
    return [item for item in items if item.isalpha() and len(item) >= _SHORTEST_WORD]
