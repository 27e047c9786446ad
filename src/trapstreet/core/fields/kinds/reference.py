"""Reference numbers: customer, ticket, order, contract numbers in a grammar learnt from their column.

Form: the compact code, upper-case letters and digits; digits alone with the literal prefix that the column's
codes share (codes.py). Grammar: shapes.py.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from trapstreet.core.fields.codes import code_forms, compact, find_codes
from trapstreet.core.fields.fold import phrases
from trapstreet.core.fields.kind import Candidate, Column, FieldKind, Kind, Search
from trapstreet.core.fields.shapes import learn_shapes

_CODE = re.compile(r"#?[0-9A-Za-z]+(?:[-_/.#: ]{1,2}[0-9A-Za-z]+){0,6}")
_NO_CODE = re.compile(  # dates, times, decimal numbers, addresses of machines, versions
    r"(?:19|20)\d\d[-./]\d\d?[-./]\d\d?(?:\D.*)?|\d\d?[./-]\d\d?[./-](?:\d\d|(?:19|20)\d\d)(?:\D.*)?"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])|\d\d?:\d\d(?::\d\d)?.*"
    r"|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|\d+[.,]\d+|\d{1,3}\.\d{1,3}\.\d{1,3}(?:\.\d{1,3})?"
)


class Reference(FieldKind):
    """Customer, ticket, order and other running numbers."""

    kind = Kind.REFERENCE
    title = "reference number"
    anchor = True
    alone = False
    named = 0.3
    unnamed = 0.9
    headers = phrases(
        """
        id, uuid, guid, reference, ref, ref no, reference number, ticket, ticket no, ticket number, case
        number, case no, =case, customer no, customer number, customer code, customer ref, account no,
        account number, account code, order no, order number, contract no, contract number, invoice,
        invoice no, invoice number, policy no, policy number, member no, member number, membership number,
        patient no, patient number, employee no, employee number, staff number, client no, client number,
        claim number, booking number, booking reference, serial number, mrn, kundennummer, kundennr,
        kunden nr, kdnr, kd nr, vertragsnummer, vertragsnr, rechnungsnummer, rechnungsnr, auftragsnummer,
        auftragsnr, bestellnummer, ticketnummer, mitgliedsnummer, aktenzeichen, vorgangsnummer,
        policennummer, versicherungsnummer, personalnummer, =nr, =nummer, numero client, no client, no
        cliente, numero de client, numero de dossier, dossier, numero de contrat, numero de facture,
        numero de commande, matricule, numero de cliente, numero cliente, num cliente, codigo, codigo
        cliente, numero de contrato, numero de pedido, numero de factura, expediente, codice, codice
        cliente, numero ordine, numero contratto, numero pratica, klantnummer, klantnr, ordernummer,
        factuurnummer, contractnummer, dossiernummer, numero do cliente, codigo do cliente, numero do
        pedido, protocolo, processo, numer klienta, nr klienta, numer zamowienia, numer umowy, kundnummer,
        kundnr, arendenummer, avtalsnummer, medlemsnummer
        """
    )

    def plausible(self, texts: Sequence[str]) -> float:
        """Codes differ between records; a bare integer or a code without digits counts half."""
        score = 0.0
        for text in map(str.strip, texts):
            if len(text) <= 64 and _CODE.fullmatch(text) and not _NO_CODE.fullmatch(text):
                score += 1.0 if not text.isdigit() and any(map(str.isdigit, text)) else 0.5
        return score / max(1, len(texts)) * _distinct(texts) * _even(texts)

    def learn(self, column: Column, texts: Sequence[str]) -> Column:
        return msgspec.structs.replace(column, grammar=learn_shapes(texts))

    def forms(self, text: str, column: Column) -> tuple[bytes, ...]:
        return code_forms(text, column.grammar)

    def find(self, data: bytes, search: Search) -> Iterator[Candidate]:
        return find_codes(data, search.columns)


FIELD = Reference()


def _distinct(texts: Sequence[str]) -> float:
    """1 where the codes differ, less where they repeat as foreign keys do, least for a few states."""
    share = len(set(texts)) / max(1, len(texts))
    return 1.0 if share >= 0.9 else 0.75 if share >= 0.3 else 0.5


def _even(texts: Sequence[str]) -> float:
    """1 where the codes have few lengths, as those have that a machine gives out; package names do not."""
    lengths = sorted(map(len, map(compact, texts)))
    if not lengths:
        return 1.0
    common = sum(sorted((lengths.count(length) for length in set(lengths)), reverse=True)[:3])
    return 1.0 if common >= 0.8 * len(lengths) else 0.7
