"""National identity, tax and social-security numbers.

Forms and candidates as for reference numbers (codes.py); shapes learnt from the column (shapes.py).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module

import msgspec

from trapstreet.core.fields.codes import code_forms, find_codes
from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind, Search
from trapstreet.core.fields.shapes import learn_shapes

_TRIED = 200  # texts that the checksums are tried on
_NUMBERS = {  # python-stdnum module: shape of the compact number
    "ie.pps": r"[0-9]{7}[A-Z]{1,2}",
    "de.idnr": r"[0-9]{11}",
    "fr.nir": r"[0-9]{5}[0-9AB]{2}[0-9]{8}",
    "es.dni": r"[0-9]{8}[A-Z]",
    "es.nie": r"[XYZ][0-9]{7}[A-Z]",
    "it.codicefiscale": r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
    "nl.bsn": r"[0-9]{9}",
    "be.nn": r"[0-9]{11}",
    "pl.pesel": r"[0-9]{11}",
    "se.personnummer": r"[0-9]{10}|[0-9]{12}",
    "ch.ssn": r"756[0-9]{10}",
    "br.cpf": r"[0-9]{11}",
    "pt.nif": r"[0-9]{9}",
    "at.vnr": r"[0-9]{10}",
    "dk.cpr": r"[0-9]{10}",
    "fi.hetu": r"[0-9]{6}[0-9]{3}[0-9A-Z]",
    "no.fodselsnummer": r"[0-9]{11}",
    "cz.rc": r"[0-9]{9,10}",
}
_BY_LAYOUT = re.compile(  # without check digits, but written like nothing else: United Kingdom, United States
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:[0-9]{2} ?){3}[A-D]"
    r"|(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}"
)
_UNCHECKED = re.compile(r"(?=(?:[A-Z]*[0-9]){5})[A-Z0-9]{6,20}")  # passports and numbers of other countries
_SEPARATORS = re.compile(r"[\s.\-/+]+")


class NationalId(FieldKind):
    """National identity, tax and social-security numbers."""

    kind = Kind.NATIONAL_ID
    title = "national id number"
    anchor = True
    alone = False
    named = 0.5
    unnamed = 0.95
    headers = phrases(
        """
        national id, national identification number, identity number, identity card, id card, id card
        number, ssn, social security, social security number, social insurance number, nino, ni number,
        national insurance, national insurance number, pps, ppsn, pps number, tax id, tin, tax number,
        steuer id, steueridentifikationsnummer, steuer identifikationsnummer, idnr,
        sozialversicherungsnummer, sv nummer, svnr, ahv, ahv nummer, ahv nr, nir, numero de securite
        sociale, securite sociale, numero secu, dni, nie, nif, dni nie, dni nif, documento identidad,
        documento, codice fiscale, codicefiscale, cf, bsn, burgerservicenummer, rijksregisternummer,
        registre national, nn, pesel, personnummer, fodselsnummer, cpr, cpr nummer, hetu, henkilotunnus,
        cpf, rodne cislo, numero de identificacion, cedula, passport, passport number, passport no,
        reisepass
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        """Share that is valid in the country where most are; what has no known checksum counts half."""
        tried = texts[:_TRIED]
        unchecked = sum(bool(_UNCHECKED.fullmatch(_compact(text))) for text in tried)
        return max(valid(tried), 0.5 * unchecked / max(1, len(tried)))

    def learn(self, column: Column, texts: Sequence[str]) -> Column:
        return msgspec.structs.replace(column, grammar=learn_shapes(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return code_forms(text, column.grammar)

    def find(self, data: bytes, search: Search) -> Iterator[Candidate]:
        return find_codes(data, search.columns)


FIELD = NationalId()


def valid(texts: Sequence[str]) -> float:
    """Share that is valid in the country where most are: by check digits, or written like nothing else."""
    tried = texts[:_TRIED]
    compact = [*map(_compact, tried)]
    best = sum(bool(_BY_LAYOUT.fullmatch(text.strip().upper())) for text in tried)
    for module, shape in _NUMBERS.items():
        fitting = [number for number in compact if re.fullmatch(shape, number)]
        if len(fitting) > best:
            best = max(best, sum(map(_validator(module), fitting)))
    return best / max(1, len(tried))


def _compact(text: str) -> str:
    return _SEPARATORS.sub("", text.strip().upper())


@cache
def _validator(module: str) -> Callable[[str], bool]:
    check: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return check
