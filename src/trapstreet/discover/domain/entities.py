"""What a reader finds in free text, and what of it counts: presidio's entities as kinds of ours.

Whatever is not in the table counts for nothing: places, dates, organisations, web addresses, plates; they
are in most texts, whoever these are about, or are nobody's. E-mail addresses, IBANs and cards are looked for
by trapstreet itself (`mentions.py`), with and without a reader.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from trapstreet.core.fields.fold import folded, words
from trapstreet.core.fields.given_names import COMMON_GIVEN_NAMES
from trapstreet.core.model.mentions import Mention

_NEVER = 2.0
_CHECKED = 1.0
"""What presidio gives where a check digit is right."""

_BEFORE = 40
"""Characters before a stretch, of its own line, that are looked at for words that speak for it."""


def _any_of(text: str) -> re.Pattern[str]:
    """Any of these beginnings of words; "=id" is a whole word."""
    written = (rf"{re.escape(each[1:])}\b" if each[0] == "=" else re.escape(each) for each in text.split())
    return re.compile(rf"(?<!\w)(?:{'|'.join(written)})", re.IGNORECASE)


_TELEPHONE = _any_of(
    """
    phone telephone téléphone telefon teléfono telefoon telemóv =tel =tlf mobil mobiel móvil handy cell komór
    =call =ring fax whatsapp rückruf numéro
    """
)
_SOCIAL = _any_of(
    "social ssn nino insurance versicherung sozial krank rente health medicare nhs patient =sin national"
)
_TAX = _any_of("tax steuer tfn itin fiscal pesel =pan idnr =tin")
_CIVIL = _any_of("personnummer aadhaar uidai nric =fin rrn resident kimlik identity")
_PASSPORT = _any_of("passport reisepass =pass passeport pasaporte passaporto paspoort")
_LICENCE = _any_of("driver driving licence license führerschein fuehrerschein patente permis")
_ID_CARD = _any_of("ausweis personalausweis identity identité identità carta =id")
_VERSION = _any_of("version release firmware update upgrade build patch oid")
_INTRODUCED = re.compile(
    r"\b(?:mrs?|ms|miss|mx|sir|dr|prof|herrn?|frau|mme|mlle|monsieur|madame|señora?|sra?|signora?|sig|dhr"
    r"|mevr|pani?|dear|hi|hello|hallo|regards|sincerely|thanks[ \w]{0,8}|grüßen?|name is|yours)\W{1,3}\Z",
    re.IGNORECASE,
)
"""What stands before one name."""

_THING = re.compile(
    r"\b(?:the|an?|in|at|of|this|that|our|your|my|der|die|das|dem|den|des|eine?|im|am|les?|la|une?|mon|votre"
    r"|el|los|las|il|lo|gli|en|o|het|een|mio)\W{1,2}\Z",
    re.IGNORECASE,
)
"""What stands before a thing or a place, and not before a name."""

_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-])*(?:[ \u00a0][^\W\d_](?:[^\W\d_]|['’.-])*){0,4}")
_PARTICLES = frozenset(
    "van de der den von zu da di du do dos das del della la le el al bin ibn ter ten y e".split()
)
_DIALLED = re.compile(r"(?:\+|00)[1-9]")


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of presidio's, and when it counts.

    kind        as `HeldColumn.kind` has it
    recogniser  presidio's class that finds it; "" for the pipeline
    before      what stands before it: it counts then, however sure presidio is
    alone       from this score on it counts by itself
    right       whether it can be one, by what is written there and what stands before it
    """

    kind: str
    recogniser: str = ""
    before: re.Pattern[str] | None = None
    alone: float = _NEVER
    right: Callable[[str, str], bool] = lambda _written, _before: True

    def counts(self, met: Mention, text: str) -> bool:
        """Whether this stretch of the text is one."""
        before = text[max(0, met.start - _BEFORE) : met.start].rpartition("\n")[2]
        told = bool(self.before and self.before.search(before))
        return (told or met.score >= self.alone) and self.right(text[met.start : met.end], before)


def _somebody(written: str, before: str) -> bool:
    """Two to five words with capitals, or one that is a common given name; any behind a form of address."""
    if not _NAME.fullmatch(written) or _THING.search(before):
        return False
    if _INTRODUCED.search(before):
        return True
    if not all(each[0].isupper() or each in _PARTICLES for each in written.split()):
        return False
    found = words(folded(written))
    return len(found) > 1 or bool(found and found[0] in COMMON_GIVEN_NAMES)


def _dialled(written: str, before: str) -> bool:
    return bool(_DIALLED.match(written) or _TELEPHONE.search(before))


def _no_version(_written: str, before: str) -> bool:
    return not _VERSION.search(before)


ENTITIES: Mapping[str, Entity] = MappingProxyType(
    {
        "PERSON": Entity("name", alone=0.5, right=_somebody),
        "PHONE_NUMBER": Entity("phone", "PhoneRecognizer", alone=0.4, right=_dialled),
        "IP_ADDRESS": Entity("ip_address", "IpRecognizer", alone=0.6, right=_no_version),
        "MAC_ADDRESS": Entity("device_id", "MacAddressRecognizer", alone=0.6),
        "US_SSN": Entity("national_id", "UsSsnRecognizer", _SOCIAL, alone=0.5),
        "US_ITIN": Entity("national_id", "UsItinRecognizer", _TAX),
        "UK_NHS": Entity("national_id", "NhsRecognizer", _SOCIAL),
        "UK_NINO": Entity("national_id", "UkNinoRecognizer", _SOCIAL),
        "DE_TAX_ID": Entity("national_id", "DeTaxIdRecognizer", _TAX),
        "DE_SOCIAL_SECURITY": Entity("national_id", "DeSocialSecurityRecognizer", _SOCIAL),
        "DE_HEALTH_INSURANCE": Entity("national_id", "DeHealthInsuranceRecognizer", _SOCIAL),
        "ES_NIF": Entity("national_id", "EsNifRecognizer", alone=_CHECKED),
        "ES_NIE": Entity("national_id", "EsNieRecognizer", alone=_CHECKED),
        "IT_FISCAL_CODE": Entity("national_id", "ItFiscalCodeRecognizer", alone=_CHECKED),
        "PL_PESEL": Entity("national_id", "PlPeselRecognizer", _TAX),
        "FI_PERSONAL_IDENTITY_CODE": Entity(
            "national_id", "FiPersonalIdentityCodeRecognizer", alone=_CHECKED
        ),
        "SE_PERSONNUMMER": Entity("national_id", "SePersonnummerRecognizer", _CIVIL),
        "CA_SIN": Entity("national_id", "CaSinRecognizer", _SOCIAL),
        "AU_TFN": Entity("national_id", "AuTfnRecognizer", _TAX),
        "AU_MEDICARE": Entity("national_id", "AuMedicareRecognizer", _SOCIAL),
        "IN_AADHAAR": Entity("national_id", "InAadhaarRecognizer", _CIVIL),
        "IN_PAN": Entity("national_id", "InPanRecognizer", _TAX),
        "SG_NRIC_FIN": Entity("national_id", "SgFinRecognizer", _CIVIL),
        "KR_RRN": Entity("national_id", "KrRrnRecognizer", _CIVIL),
        "TR_NATIONAL_ID": Entity("national_id", "TrNationalIdRecognizer", _CIVIL),
        "US_PASSPORT": Entity("identity_document", "UsPassportRecognizer", _PASSPORT),
        "UK_PASSPORT": Entity("identity_document", "UkPassportRecognizer", _PASSPORT),
        "DE_PASSPORT": Entity("identity_document", "DePassportRecognizer", _PASSPORT),
        "ES_PASSPORT": Entity("identity_document", "EsPassportRecognizer", _PASSPORT),
        "IT_PASSPORT": Entity("identity_document", "ItPassportRecognizer", _PASSPORT),
        "DE_ID_CARD": Entity("identity_document", "DeIdCardRecognizer", _ID_CARD),
        "IT_IDENTITY_CARD": Entity("identity_document", "ItIdentityCardRecognizer", _ID_CARD),
        "US_DRIVER_LICENSE": Entity("identity_document", "UsLicenseRecognizer", _LICENCE),
        "UK_DRIVING_LICENCE": Entity("identity_document", "UkDrivingLicenceRecognizer", _LICENCE),
        "DE_FUEHRERSCHEIN": Entity("identity_document", "DeFuehrerscheinRecognizer", _LICENCE),
    }
)
"""By presidio's names."""


def recognisers() -> Sequence[str]:
    """Presidio's classes that are needed."""
    return [each.recogniser for each in ENTITIES.values() if each.recogniser]


def kinds_in(text: str, mentions: Sequence[Mention]) -> set[str]:
    """The kinds that a text mentions."""
    return {
        ENTITIES[met.entity].kind
        for met in mentions
        if met.entity in ENTITIES and ENTITIES[met.entity].counts(met, text)
    }
