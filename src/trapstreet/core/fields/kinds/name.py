"""Person names, whatever the order of their words.

Forms, over the words without titles: the first and the last; and the first initial with the last word, behind
"*" where the first word is spelt out, behind "~" where it is an initial itself. A cell with one comma is read
family name first. One word alone, of three letters and more, is a form by itself.

In foreign text it is the other way round, "*" for an initial and "~" for a word spelt out: so "J. Smith"
meets John Smith, "John Smith" meets J. Smith, and Jane Smith never meets John.
"""

from collections.abc import Iterator, Sequence

from trapstreet.core.fields.fold import folded, phrases, words
from trapstreet.core.fields.given_names import COMMON_GIVEN_NAMES
from trapstreet.core.fields.kind import Column, FieldKind, Kind
from trapstreet.core.fields.tokens import Token, canonical_words, parts

_REACH = 4  # words from one word of a name to the other
_SHORTEST = 3  # letters of a name that is one word
_TITLES = canonical_words(
    """
    mr mrs ms miss mx sir dame lord lady dr prof professor rev fr hon herr frau hr fr dipl ing mag m mme
    mlle monsieur madame mademoiselle me sr sra srta don dona dna sig sigra signor signora dott dottssa
    ssa avv dhr mevr mevrouw meneer drs ir pan pani senhor senhora exmo phd md msc bsc ba ma mba llm esq
    jr jnr snr ii iii iv
    """
)


class Name(FieldKind):
    """Full names of persons."""

    kind = Kind.NAME
    title = "person name"
    anchor = False
    alone = False
    slots = 2
    named = 0.3
    unnamed = 0.9
    headers = phrases(
        """
        =name, =names, full name, fullname, display name, displayname, customer name, customername, client
        name, contact name, contact, contact person, person, patient name, employee name, member name,
        holder name, account holder, cardholder, card holder, user full name, real name, recipient name,
        tenant name, subscriber, subscriber name, guest name, owner name, maintainer, =kunde, kundenname,
        ansprechpartner, kontoinhaber, vollstandiger name, name vorname, vorname nachname, nom complet,
        nom prenom, nom et prenom, nom client, nom du client, titulaire, =cliente, nombre completo, nombre
        y apellidos, nombre cliente, titular, nome completo, nome cognome, nome e cognome, cognome nome,
        nominativo, intestatario, volledige naam, =naam, klantnaam, contactpersoon, nome do cliente, imie
        i nazwisko, nazwa klienta, =namn, fullstandigt namn
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        """Share of texts of two to five words and no digits; without common given names they count half."""
        split = [words(folded(text)) for text in texts if len(text) <= 80 and not _says_more(text)]
        shaped = [found for found in split if 2 <= len(found) <= 5]
        known = sum(not COMMON_GIVEN_NAMES.isdisjoint(found) for found in shaped)
        weight = 1.0 if known >= 0.15 * len(shaped) else 0.5
        return weight * len(shaped) / max(1, len(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        """About 4 µs for an ASCII name."""
        return _forms(_in_order(text))

    def near(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int, bytes]]:
        """Single words, and pairs up to four words apart, the first also as an initial."""
        places = [at for at, token in enumerate(tokens) if token.word]
        spoken = [tokens[at].text for at in places]
        initials = [b"~" + word[:1] if len(word) > 1 else b"*" + word for word in spoken]
        for n, (place, word) in enumerate(zip(places, spoken, strict=True)):
            if len(word) >= _SHORTEST:
                yield place, place, word
            for other in range(n + 1, min(n + 1 + _REACH, len(spoken))):
                yield place, places[other], word + b" " + spoken[other]
                yield place, places[other], initials[n] + b" " + spoken[other]
            if n + 1 < len(spoken):
                yield place, places[n + 1], initials[n + 1] + b" " + word


FIELD = Name()


def _says_more(text: str) -> bool:
    return "@" in text or "/" in text or any(map(str.isdigit, text))


def _in_order(text: str) -> list[bytes]:
    """The words of a name, given names first: "Smith, John, Jr" is John Smith."""
    split = [[word for word in part if word.isalpha()] for part in parts(text)]
    telling = [part for part in split if not _TITLES.issuperset(part)]
    return telling[1] + telling[0] if len(telling) == 2 else [word for part in split for word in part]


def _forms(spoken: list[bytes]) -> tuple[bytes, ...]:
    if len(spoken) > 2 or not _TITLES.isdisjoint(spoken):
        spoken = _without_titles(spoken)
    if not spoken or max(map(len, spoken)) < 2:  # n/a is no name
        return ()
    first, last = spoken[0], spoken[-1]
    if len(spoken) == 1:
        return (first,) if len(first) >= _SHORTEST else ()
    initial = b"*" + first[:1] if len(first) > 1 else b"~" + first
    return first + b" " + last, initial + b" " + last


def _without_titles(spoken: list[bytes]) -> list[bytes]:
    """The words that are no titles; where too few remain, two of the titles are words of the name."""
    kept = [word for word in spoken if word not in _TITLES]
    if len(kept) >= 2:
        return kept
    while len(spoken) > 2 and spoken[0] in _TITLES:
        spoken = spoken[1:]
    while len(spoken) > 2 and spoken[-1] in _TITLES:
        spoken = spoken[:-1]
    return spoken
