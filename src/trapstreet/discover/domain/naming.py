"""Questions to values that are words: names of people, of companies, of nations; forms of address."""

from collections.abc import Sequence

from trapstreet.core.fields.fold import folded, word_set, words
from trapstreet.core.fields.given_names import COMMON_GIVEN_NAMES

_GENDER = word_set(
    """
    m f w d x v k male female man woman men women other unknown diverse nonbinary mann frau herr maennlich
    mannlich weiblich divers homme femme masculin feminin monsieur madame mme mlle hombre mujer masculino
    femenino feminino outro sr sra srta uomo donna maschio femmina maschile femminile signor signora sig
    vrouw mannelijk vrouwelijk dhr mevr mr mrs ms miss dr prof mezczyzna kobieta pan pani kvinna kvinde hane
    hun he she they unbestimmt inconnu autre altro anders
    """
)


_NATIONS = word_set(
    """
    german austrian swiss french italian spanish portuguese dutch belgian british english scottish irish
    polish czech slovak hungarian romanian bulgarian greek turkish russian ukrainian swedish norwegian
    danish finnish american canadian mexican brazilian argentinian chilean colombian chinese japanese korean
    indian pakistani vietnamese thai indonesian filipino egyptian moroccan tunisian algerian nigerian kenyan
    ethiopian syrian iraqi iranian israeli jordanian lebanese afghan australian serbian croatian albanian
    deutsch oesterreichisch schweizerisch franzoesisch italienisch spanisch tuerkisch francaise francais
    allemande espanola espanol italiana italiano alemana portuguesa brasileira brasileiro colombiana
    mexicana argentina peruana venezolana polska nederlandse belge suisse senegalaise marocaine tunisienne
    algerienne ivoirienne camerounaise
    """
)
"""Adjectives for nations."""


def gender(text: str) -> bool:
    """A gender or a form of address, in words or as one letter."""
    found = words(folded(text))[:3]
    return any(word in _GENDER and (len(word) > 1 or len(text.strip(" .")) == 1) for word in found)


def nation(text: str) -> bool:
    return folded(text).strip() in _NATIONS


def ordinary_words(texts: Sequence[str]) -> list[list[str]]:
    """The words of the texts that could be names: short, without digits, @ and /."""
    return [
        words(folded(text))
        for text in texts
        if len(text) <= 80 and "@" not in text and "/" not in text and not any(map(str.isdigit, text))
    ]


def words_like_names(texts: Sequence[str]) -> float:
    """Share of one to five words that are no company's name."""
    named = sum(1 <= len(found) <= 5 and not _is_company(found) for found in ordinary_words(texts))
    return named / max(1, len(texts))


def _is_company(name: Sequence[str]) -> bool:
    return name[-1] in _LEGAL_FORMS or not _COMPANY_WORDS.isdisjoint(name)


_LEGAL_FORMS = word_set(
    """
    ag sa se ab as oy co kg nv bv plc sas spa srl sl kgaa oyj aps lda ug ev oo
    """
)
_COMPANY_WORDS = word_set(
    """
    gmbh ltd limited inc incorporated llc llp corp corporation company companies group holding holdings sarl
    eurl bank versicherung consulting services solutions partners associates industries foundation stiftung
    university hospital school hotel restaurant und and sons cie compagnie societe sociedad spolka
    """
)
"""Words of companies and institutions; "and" joins partners' names, as in "Smith, Jones and Brown"."""


def full_names(texts: Sequence[str]) -> float:
    """Share of two to four words, a common given name among them."""
    found = (words for words in ordinary_words(texts) if 2 <= len(words) <= 4)
    return sum(not COMMON_GIVEN_NAMES.isdisjoint(words) for words in found) / max(1, len(texts))


def given_names(texts: Sequence[str]) -> float:
    """Share of single words that are common given names; of two with a hyphen, one."""
    found = (words for words in ordinary_words(texts) if 1 <= len(words) <= 2)
    alone = [words for words in found if len(words) == 1 or len(set(words)) == 2]
    hits = sum(words[0] in COMMON_GIVEN_NAMES for words in alone if len(words) == 1)
    return (hits + 0.5 * sum(words[0] in COMMON_GIVEN_NAMES for words in alone if len(words) == 2)) / max(
        1, len(texts)
    )
