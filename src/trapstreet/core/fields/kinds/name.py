"""Person names, whatever the order of their words.

Forms, over the words without titles, folded and, where it differs, with ä, ö, ü, å, ø spelt out: the words
sorted and joined by one space (the first four of them, where there are more); of three and more words also
the first with the last; and the first initial with the last word: behind "*" where the first word is spelt
out, behind "~" where it is an initial itself. A cell with one comma is read family name first. One word
alone, of three letters and more, is a form by itself.

In foreign text it is the other way round, "*" for an initial and "~" for a word spelt out: so "J. Smith"
meets John Smith, "John Smith" meets J. Smith, and Jane Smith never meets John.
"""

from collections.abc import Iterable, Sequence
from operator import add

from trapstreet.core.fields.fold import folded, folded_variants, phrases, window_text, word_set, words
from trapstreet.core.fields.given_names import COMMON_GIVEN_NAMES
from trapstreet.core.fields.kind import Column, FieldKind, Kind

_LONGEST = 4  # words of a name that are compared as a whole: windows are cut into runs of 2 to 4
_SHORTEST = 3  # letters of a name that is one word
_TITLES = word_set(
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
        """About 3 µs for an ASCII name."""
        found: dict[bytes, None] = {}
        for variant in folded_variants(text):
            found |= dict.fromkeys(_forms(_in_order(variant)))
        return tuple(found)

    def near(self, window: bytes, columns: Iterable[Column]) -> set[bytes]:
        found: set[str] = set()
        for variant in folded_variants(window_text(window)):
            spoken = words(variant)
            found |= _runs(spoken)
            untitled = [word for word in spoken if word not in _TITLES]
            if len(untitled) < len(spoken):
                found |= _runs(untitled)
        return set("\n".join(found).encode().split(b"\n")) if found else set()


FIELD = Name()


def _says_more(text: str) -> bool:
    return "@" in text or "/" in text or any(map(str.isdigit, text))


def _in_order(variant: str) -> list[str]:
    """The words of a name, given names first: "Smith, John, Jr" is John Smith."""
    if "," not in variant:
        return words(variant)
    parts = [part for part in map(words, variant.split(",")) if not _TITLES.issuperset(part)]
    return parts[1] + parts[0] if len(parts) == 2 else words(variant)


def _forms(spoken: list[str]) -> tuple[bytes, ...]:
    if len(spoken) > 2 or not _TITLES.isdisjoint(spoken):
        spoken = _without_titles(spoken)
    if not spoken or max(map(len, spoken)) < 2:  # n/a is no name
        return ()
    if len(spoken) == 1:
        return (spoken[0].encode(),) if len(spoken[0]) >= _SHORTEST else ()
    first, last = spoken[0], spoken[-1]
    whole = " ".join(sorted(spoken[:_LONGEST])).encode()
    initial = f"{'*' if len(first) > 1 else '~'}{first[0]} {last}".encode()
    return (whole, initial) if len(spoken) == 2 else (whole, _pair(first, last).encode(), initial)


def _without_titles(spoken: list[str]) -> list[str]:
    """The words that are no titles; where too few remain, two of the titles are words of the name."""
    kept = [word for word in spoken if word not in _TITLES]
    if len(kept) >= 2:
        return kept
    while len(spoken) > 2 and spoken[0] in _TITLES:
        spoken = spoken[1:]
    while len(spoken) > 2 and spoken[-1] in _TITLES:
        spoken = spoken[:-1]
    return spoken


def _pair(one: str, other: str) -> str:
    return f"{one} {other}" if one <= other else f"{other} {one}"


def _runs(spoken: list[str]) -> set[str]:
    """The forms of every run of 1 to 4 words; neighbours are read in both orders."""
    found = {word for word in spoken if len(word) >= _SHORTEST}
    initials = [f"~{word[0]} " if len(word) > 1 else f"*{word} " for word in spoken]
    for distance in range(1, _LONGEST):
        pairs = zip(spoken, spoken[distance:], strict=False)
        found.update([f"{a} {b}" if a <= b else f"{b} {a}" for a, b in pairs])
        found.update(map(add, initials, spoken[distance:]))
    found.update(map(add, initials[1:], spoken))
    for size in range(3, _LONGEST + 1):
        runs = zip(*(spoken[at:] for at in range(size)), strict=False)
        found.update([" ".join(sorted(run)) for run in runs])
    return found
