"""Given names in a column of their own: together with a family-name column they make forms of kind `name`."""

from collections.abc import Sequence

from trapstreet.core.fields.fold import folded, phrases, words
from trapstreet.core.fields.given_names import COMMON_GIVEN_NAMES
from trapstreet.core.fields.kind import Column, FieldKind, Kind


class GivenName(FieldKind):
    """Given names; no forms of their own."""

    kind = Kind.GIVEN_NAME
    title = "given name"
    anchor = False
    alone = False
    named = 0.25
    unnamed = 0.9
    headers = phrases(
        """
        first name, firstname, given name, givenname, forename, fname, christian name, first names,
        preferred name, given names, vorname, vornamen, rufname, prenom, prenoms, =nombre, nombre de pila,
        nombres, =nome, voornaam, voornamen, roepnaam, primeiro nome, nome proprio, imie, imiona, fornamn,
        tilltalsnamn, fornavn, etunimi, jmeno, =first
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        """Share of texts of one word, two or three counting half; all half without common given names."""
        split = [words(folded(text)) for text in texts if len(text) <= 40 and not any(map(str.isdigit, text))]
        shaped = [found for found in split if 1 <= len(found) <= 3]
        known = sum(not COMMON_GIVEN_NAMES.isdisjoint(found) for found in shaped)
        weight = 1.0 if known >= 0.3 * len(shaped) else 0.5
        return weight * sum(1.0 if len(found) == 1 else 0.5 for found in shaped) / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return ()


FIELD = GivenName()
