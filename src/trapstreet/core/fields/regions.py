"""In which region a table's national phone numbers are to be read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from trapstreet.core.fields.fold import folded, header_words, phrases, word_set
from trapstreet.core.fields.numbering import is_region

_TRIED = 60  # numbers parsed per region: 30 µs each
_HINTED = 0.4  # share of valid numbers that confirms a region something else speaks for
_ALONE = 0.8  # share that a region needs on its own account …
_AHEAD = 0.15  # … and its lead over every other

_COMMON = word_set("US GB DE FR IT ES NL BE AT CH IE PT PL SE DK NO FI AU NZ CA IN BR MX ZA JP")
_GENERIC_TLDS = word_set("io co me tv ai eu fm gg")
_TLD_REGION = {"uk": "GB"}
_HEADER_REGIONS = {
    "telefonnummer vorname nachname strasse plz geburtsdatum kundennummer rufnummer anschrift": "DE AT CH",
    "prenom nom adresse ville rue telephone naissance": "FR BE CH",
    "nombre apellido apellidos direccion calle telefono movil dni": "ES MX AR CO CL",
    "nome cognome indirizzo cellulare citta via cap": "IT",
    "voornaam achternaam straat telefoonnummer woonplaats klantnummer": "NL BE",
    "sobrenome telemovel morada endereco celular cpf cep": "BR PT",
    "imie nazwisko ulica miasto pesel": "PL",
    "fornamn efternamn personnummer gatuadress": "SE",
    "eircode county ppsn": "IE",
    "zip ssn": "US",
    "postcode nino": "GB",
}
_COUNTRIES = {
    "US": "united states, united states of america, usa, vereinigte staaten, etats unis, estados unidos",
    "GB": "united kingdom, great britain, uk, england, scotland, wales, northern ireland, grossbritannien",
    "DE": "germany, deutschland, allemagne, alemania, germania, duitsland, deu",
    "FR": "france, frankreich, francia, fra",
    "IE": "ireland, irland, irlande, irlanda, eire, irl",
    "ES": "spain, spanien, espagne, espana, esp",
    "IT": "italy, italien, italie, italia, ita",
    "NL": "netherlands, the netherlands, niederlande, nederland, holland, nld",
    "BE": "belgium, belgien, belgique, belgie, bel",
    "AT": "austria, osterreich, oesterreich, autriche, aut",
    "CH": "switzerland, schweiz, suisse, svizzera, che",
    "PT": "portugal, prt",
    "PL": "poland, polen, polska, pologne, pol",
    "SE": "sweden, schweden, sverige, swe",
    "DK": "denmark, danemark, danmark, dnk",
    "NO": "norway, norwegen, norge, nor",
    "FI": "finland, finnland, suomi, fin",
    "BR": "brazil, brasil, brasilien, bra",
    "MX": "mexico, mexiko, mex",
    "CA": "canada, kanada, can",
    "AU": "australia, australien, aus",
    "NZ": "new zealand, neuseeland, nzl",
    "IN": "india, indien, ind",
    "JP": "japan, jpn",
    "CN": "china, chn",
    "ZA": "south africa, sudafrika, zaf",
    "CZ": "czech republic, czechia, tschechien, ceska republika, cze",
    "HU": "hungary, ungarn, magyarorszag, hun",
    "GR": "greece, griechenland, ellada, grc",
    "RO": "romania, rumanien, rou",
    "TR": "turkey, turkiye, turkei, tur",
    "AR": "argentina, argentinien, arg",
    "CL": "chile, chl",
    "CO": "colombia, kolumbien, col",
    "SG": "singapore, sgp",
    "LU": "luxembourg, luxemburg, lux",
    "UA": "ukraine, ukraina, ukr",
    "RU": "russia, russian federation, russland, rus",
}
_NAMED = {name: region for region, names in _COUNTRIES.items() for name in phrases(names)}


class Region(NamedTuple):
    """An ISO 3166 code, "" where unknown, and how it was found."""

    code: str
    why: str


def infer_region(
    numbers: Sequence[str], *, header: Iterable[str], countries: Sequence[str], domains: Iterable[str]
) -> Region:
    """The region that a table's national numbers fit best.

    numbers    sampled phone numbers        countries  sampled cells of a country column
    header     the column names             domains    sampled e-mail domains
    Asks in turn: the international numbers, the country column, then which region's plan accepts the national
    numbers, trying first what e-mail domains and the header's language suggest. Parses at most 60 numbers for
    each of some 25 regions: 0.1 s.
    """
    abroad = Counter(code for number in numbers[: 4 * _TRIED] if (code := _international_region(number)))
    national = [number for number in numbers if not _is_international(number)][:_TRIED]
    if abroad:
        code, count = abroad.most_common(1)[0]
        if count >= 0.5 * abroad.total() and (not national or valid_share(national, code) >= _HINTED):
            return Region(code, "from the international numbers")
    named = Counter(code for country in countries if (code := country_region(country)))
    if named and not (national and valid_share(national, named.most_common(1)[0][0]) < _HINTED):
        return Region(named.most_common(1)[0][0], "from the country column")
    return _by_trial(national, header=header, domains=domains)


def country_region(country: str) -> str:
    """The region of a country's code or name, "" where it is not known."""
    code = country.strip().upper()
    if len(code) == 2 and is_region("GB" if code == "UK" else code):
        return "GB" if code == "UK" else code
    return _NAMED.get(folded(country).replace("-", " ").strip(), "")


def valid_share(numbers: Sequence[str], region: str) -> float:
    """Share of the numbers that the region's plan accepts, 14 to 30 µs each."""
    from phonenumbers import NumberParseException, is_valid_number_for_region, parse

    valid = 0
    for number in numbers:
        try:
            valid += is_valid_number_for_region(parse(number, region), region)
        except NumberParseException:
            continue
    return valid / max(1, len(numbers))


def _by_trial(national: Sequence[str], *, header: Iterable[str], domains: Iterable[str]) -> Region:
    if not national:
        return Region("", "no numbers to go by")
    for hints, why in (
        (_domain_regions(domains), "from the e-mail domains"),
        (_header_regions(header), "from the header's language"),
    ):
        shares = {code: valid_share(national, code) for code in hints}
        if shares and max(shares.values()) >= _HINTED:
            return Region(max(shares, key=lambda code: shares[code]), why)
    shares = {code: valid_share(national, code) for code in _COMMON}
    best, second = sorted(shares, key=lambda code: -shares[code])[:2]
    if shares[best] >= _ALONE and shares[best] - shares[second] >= _AHEAD:
        return Region(best, "the only region where the numbers are valid")
    return Region("", "no single region fits; pass --region")


def _bare(number: str) -> str:
    return number.lower().removeprefix("tel:").lstrip("( ")


def _is_international(number: str) -> bool:
    return _bare(number).startswith(("+", "00"))


def _international_region(number: str) -> str:
    from phonenumbers import NumberParseException, parse, region_code_for_number

    if not _is_international(number):
        return ""
    try:
        code = region_code_for_number(parse("+" + _bare(number).removeprefix("+").removeprefix("00")))
    except NumberParseException:
        return ""
    return code if code and is_region(code) else ""


def _domain_regions(domains: Iterable[str]) -> list[str]:
    tlds = Counter(domain.rpartition(".")[2].lower() for domain in domains)
    codes = [_TLD_REGION.get(tld, tld.upper()) for tld, _ in tlds.most_common(8) if tld not in _GENERIC_TLDS]
    return [code for code in codes if len(code) == 2 and is_region(code)][:3]


def _header_regions(header: Iterable[str]) -> list[str]:
    seen = {word for name in header for word in header_words(name).split()}
    scores = {regions: len(seen & set(hints.split())) for hints, regions in _HEADER_REGIONS.items()}
    best = max(scores, key=lambda regions: scores[regions])
    return best.split() if scores[best] else []
