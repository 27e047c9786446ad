"""Family names in a column of their own: together with a given-name column they make forms of kind `name`."""

from collections.abc import Sequence

from trapstreet.core.fields.fold import folded, phrases, words
from trapstreet.core.fields.kind import Column, FieldKind, Kind


class FamilyName(FieldKind):
    """Family names; no forms of their own."""

    kind = Kind.FAMILY_NAME
    title = "family name"
    anchor = False
    alone = False
    named = 0.5
    unnamed = 2.0
    headers = phrases(
        """
        last name, lastname, family name, familyname, surname, lname, second name, =last, nachname,
        familienname, zuname, =nom, nom de famille, nom usuel, apellido, apellidos, primer apellido,
        cognome, achternaam, familienaam, sobrenome, apelido, ultimo nome, nazwisko, efternamn, etternavn,
        efternavn, sukunimi, prijmeni
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        """Share of texts of one to four words and no digits."""
        split = [words(folded(text)) for text in texts if len(text) <= 60 and not any(map(str.isdigit, text))]
        return sum(1 <= len(found) <= 4 for found in split) / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return ()


FIELD = FamilyName()
