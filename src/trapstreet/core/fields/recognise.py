"""Taking each column of a table for what it is: by its header's words and by what its values look like."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from trapstreet.core.fields.fold import header_words, word_set
from trapstreet.core.fields.kind import Column, FieldKind, Kind
from trapstreet.core.fields.numbering import is_region
from trapstreet.core.fields.regions import Region, infer_region
from trapstreet.core.fields.registry import kinds
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Row, cell_text

_JUDGED = 500  # sampled values that are looked at to tell a column's kind
_COMPOUND = 6  # letters of a header word that may end a longer one: "kundentelefonnummer"

_COUNTRY_WORDS = word_set("country countrycode nation land pays pais paese kraj maa zeme")
_PLAIN_WORDS = word_set(  # columns that are never taken for a name, a phone or a number on their values alone
    """
    created updated modified changed date datum fecha data time timestamp at since until expires amount
    price total balance sum cost revenue betrag preis saldo montant prix importe prezzo qty quantity count
    anzahl age score rating points percent status state type category group tag level city town ort stadt
    wohnort ville ciudad citta plaats woonplaats cidade miasto region county province country land pays
    pais paese notes note comment remark description subject title text message url link website homepage
    domain host ip version language locale currency lat lon latitude longitude password hash token gender
    sex salutation anrede company entreprise empresa azienda bedrijf societe vendor supplier middle firma
    organisation organization product package artikel department role position job size weight height
    width length duration year month day hour
    """
)


class _Verdict(NamedTuple):
    kind: Kind
    named: bool  # the header says so
    chosen: bool  # the user says so


def recognise(
    header: Sequence[str],
    sample: Sequence[Row],
    *,
    region: str | None,
    types: Mapping[str, Kind],
    ignore: Collection[str],
) -> tuple[Column, ...]:
    """The columns of a table with their kinds, why, and what each kind learnt from the sample.

    sample  rows from all over the table, a thousand or so
    region  ISO 3166 code that national phone numbers are read in, None to infer it
    types   kinds that the user sets; ignore: columns that the user wants left as text
    Raises UnusableInput for an unknown region or column. About 30 ms per column.
    """
    _check(header, region, [*types, *ignore])
    values = [_texts(sample, at) for at in range(len(header))]
    verdicts = [
        _Verdict(Kind.TEXT if name in ignore else types[name], named=False, chosen=True)
        if name in types or name in ignore
        else _judge(header_words(name), texts[:_JUDGED])
        for name, texts in zip(header, values, strict=True)
    ]
    where = Region(region.upper(), "as you said") if region else _infer(header, values, verdicts)
    return tuple(
        _column(name, verdict, texts, where=where, ignored=name in ignore)
        for name, verdict, texts in zip(header, verdicts, values, strict=True)
    )


def _check(header: Sequence[str], region: str | None, names: Sequence[str]) -> None:
    unknown = sorted(set(names) - set(header))
    if unknown:
        raise UnusableInput(f"no column {', '.join(unknown)}", hint=f"the columns are {', '.join(header)}")
    if region and not is_region(region.upper()):
        raise UnusableInput(f"unknown region {region}", hint="give a country code such as IE, DE or US")


def _texts(sample: Sequence[Row], at: int) -> list[str]:
    texts = (cell_text(row[at]) for row in sample)
    return [text for text in texts if text and not text.isspace()]


def _judge(header: str, texts: Sequence[str]) -> _Verdict:
    """The kind of a column with these header words and values.

    Values that nothing else looks like (e-mail, IBAN, card) come first, then what the header says and the
    values bear out, then values alone.
    """
    fields = kinds().values()
    named = {field.kind: weight for field in fields if (weight := _named(header, field))}
    share = {
        field.kind: field.plausible(texts) if field.kind in named or field.unnamed <= 1 else 0.0
        for field in fields
    }
    evident = [field for field in fields if field.alone and texts and share[field.kind] >= field.unnamed]
    said = [
        field for field in fields if field.kind in named and (not texts or share[field.kind] >= field.named)
    ]
    if evident:
        best = max(evident, key=lambda field: share[field.kind])
    elif said:
        best = max(said, key=lambda field: (named[field.kind], share[field.kind]))
    elif _PLAIN_WORDS.isdisjoint(header.split()):
        looks = [field for field in fields if texts and share[field.kind] >= field.unnamed]
        if not looks:
            return _Verdict(Kind.TEXT, named=bool(named), chosen=False)
        best = max(looks, key=lambda field: share[field.kind])
    else:
        return _Verdict(Kind.TEXT, named=bool(named), chosen=False)
    return _Verdict(best.kind, named=best.kind in named, chosen=False)


def _named(header: str, field: FieldKind) -> int:
    """How many letters of the header name the kind, 0 for none."""
    joined = header.replace(" ", "")
    longest = 0
    for entry in field.headers:
        if entry.startswith("="):
            hit = header == entry[1:]
        else:
            hit = (
                f" {entry} " in f" {header} "
                or joined == entry.replace(" ", "")
                or (len(entry) >= _COMPOUND and any(word.endswith(entry) for word in header.split()))
            )
        longest = max(longest, len(entry) if hit else 0)
    return longest


def _infer(header: Sequence[str], values: Sequence[list[str]], verdicts: Sequence[_Verdict]) -> Region:
    numbers, countries, domains = [], [], []
    for name, texts, verdict in zip(header, values, verdicts, strict=True):
        if verdict.kind is Kind.PHONE:
            numbers += texts
        elif verdict.kind is Kind.EMAIL:
            domains += [text.rpartition("@")[2].strip(" >") for text in texts]
        elif verdict.kind is Kind.TEXT and not _COUNTRY_WORDS.isdisjoint(header_words(name).split()):
            countries += texts
    return infer_region(numbers, header=header, countries=countries, domains=domains)


def _column(name: str, verdict: _Verdict, texts: Sequence[str], *, where: Region, ignored: bool) -> Column:
    if verdict.kind is Kind.TEXT:
        why = "ignored by you" if ignored else "set by you" if verdict.chosen else _why_text(verdict)
        return Column(name=name, kind=Kind.TEXT, why=why, ignored=ignored)
    field = kinds()[verdict.kind]
    regional = verdict.kind in (Kind.PHONE, Kind.BIRTH_DATE)
    column = field.learn(
        Column(name=name, kind=verdict.kind, why="", region=where.code if regional else ""), texts
    )
    return msgspec.structs.replace(column, why=_why(verdict, field, column, texts, where=where))


def _why_text(verdict: _Verdict) -> str:
    return "the values are not what the header says" if verdict.named else "nothing recognised"


def _why(verdict: _Verdict, field: FieldKind, column: Column, texts: Sequence[str], *, where: Region) -> str:
    said = "set by you" if verdict.chosen else f"header says {field.title}" if verdict.named else ""
    parts = [said] if said else []
    judged = texts[:_JUDGED]
    if not judged:
        parts.append("no values sampled")
    elif field.kind not in (Kind.GIVEN_NAME, Kind.FAMILY_NAME):
        share = sum(bool(field.forms(text, column)) for text in judged) / len(judged)
        parts.append(f"{100 * share:.0f} % of {len(judged):,} sampled values read as one")
    if not said:
        parts[-1:] = [f"{part.removesuffix(' one')} {field.title}" for part in parts[-1:]]
    why = ", ".join(parts)
    if field.kind is Kind.PHONE:
        how = f"read as {where.code}, {where.why}" if where.code else f"by their digits alone, {where.why}"
        why += f"; national numbers {how}"
    return why
