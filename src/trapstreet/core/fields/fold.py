"""Text without accents, case and script: what two spellings of one word have in common."""

import re
import unicodedata
from functools import cache

_SMALL = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
_SPELT_OUT = str.maketrans(_SMALL | {letter.upper(): two for letter, two in _SMALL.items()})
_SYLLABIC = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")  # Han and Hangul: each a word of its own
_WORD = re.compile(r"[a-z]+(?:\\?'{1,2}[a-z]+)*")  # O'Brien, O''Brien (SQL) and O\'Brien are one word
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class _Romanised(dict[int, str]):
    """What each character folds to, filled in as characters are met."""

    def __missing__(self, code: int) -> str:
        from anyascii import anyascii

        letter = chr(code)
        ascii_text = anyascii(letter).lower()
        self[code] = f" {ascii_text} " if _SYLLABIC.match(letter) else ascii_text
        return self[code]


_ROMANISED = _Romanised({ord("·"): ""})  # Catalan Gal·la is one word


@cache
def fold_page(page: int) -> tuple[str, ...]:
    """What each of the characters U+pp00 to U+ppFF folds to by itself; page 0 to 255.

    NFKC, romanised, lower case, in ASCII; Han and Hangul between blanks. A blank for half pairs and for what
    NFKC makes of a character beyond U+FFFF. 256 strings, 0.3 ms the first time.
    """
    return tuple(map(_folding, range(page << 8, page + 1 << 8)))


def _folding(code: int) -> str:
    if 0xD800 <= code < 0xE000:
        return " "
    composed = unicodedata.normalize("NFKC", chr(code))
    return "".join(_ROMANISED[ord(letter)] if ord(letter) < 0x10000 else " " for letter in composed)


def folded(text: str) -> str:
    """Lower-case ASCII: accents off, ß as ss, æ as ae, other scripts romanised character by character."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).translate(_ROMANISED)


def folded_variants(text: str) -> tuple[str, ...]:
    """The folded text and, where it differs, the one with ä, ö, ü, å, ø as ae, oe, ue, aa, oe."""
    if text.isascii():
        return (text.lower(),)
    composed = unicodedata.normalize("NFKC", text)
    plain = composed.translate(_ROMANISED)
    spelt_out = composed.translate(_SPELT_OUT).translate(_ROMANISED)
    return (plain,) if spelt_out == plain else (plain, spelt_out)


def words(folded_text: str) -> list[str]:
    """The words of a folded text: runs of letters; apostrophes inside a word are dropped, hyphens divide."""
    found = _WORD.findall(folded_text)
    if "'" in folded_text:
        return [word.replace("\\", "").replace("'", "") for word in found]
    return found


def header_words(header: str) -> str:
    """A column header as folded words: "customerEMail_Address" is "customer e mail address"."""
    return " ".join(re.findall(r"[a-z]+|[0-9]+", folded(_HUMP.sub(" ", header))))


def phrases(text: str) -> frozenset[str]:
    """The phrases of a text that divides them with commas."""
    return frozenset(" ".join(phrase.split()) for phrase in text.split(","))


def word_set(text: str) -> frozenset[str]:
    """The words of a text that divides them with blanks."""
    return frozenset(text.split())
