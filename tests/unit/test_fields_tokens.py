"""Words and numbers of text: what folds together, what divides, and where each stands."""

import pytest

from trapstreet.core.fields.fold import fold_page
from trapstreet.core.fields.tokens import canonical, tokens


def read(text: str | bytes) -> list[str]:
    return [token.text.decode() for token in tokens(text if isinstance(text, bytes) else text.encode())]


READ = [
    ("John SMITH", ["john", "smith"]),
    ("O'Brien O''Brien O\\'Brien O’Brien O\\u0027Brien", ["obrien"] * 5),
    ("'quoted' rock'n'roll o'''x o' x", ["quoted", "rocknroll", "o", "x", "o", "x"]),
    ("Hauptstraße-12a", ["hauptstr", "12", "a"]),
    ("Jean-Pierre_Roux", ["jean", "pierre", "roux"]),
    ("Gal·la", ["galla"]),
    ("Ｊｏｈｎ １２", ["john", "12"]),
    ("Ren\u0065\u0301", ["rene"]),
    ("Rene\\u0301 \\u00C9va", ["rene", "eva"]),
    ("Иван ١٢", ["ivan", "12"]),
    ("王小明", ["wang", "xiao", "ming"]),
    ("x½y", ["x", "1", "2", "y"]),
    (r"a\nb\rc\td\xe\Nf", ["a", "b", "c", "d", "xe", "nf"]),
    (r"\ud83d\uDE00 \u00 \u12G4", ["ud", "83", "d", "ude", "00", "u", "00", "u", "12", "g", "4"]),
    (r"C:\\new C:\\\u0041", ["c", "ew", "c", "a"]),
    (b"a\xffb \xe7\x8e c \xed\xa0\x80 d\x00e", ["a", "b", "c", "d", "e"]),
    ("𝐉ohn ohn𝐉", ["ohn", "ohn"]),
    ("a" + "\u0301" * 8 + "b", ["ab"]),
    ("a" + "\u0301" * 9 + "b", ["a", "b"]),
    ("a\u0301" * 12 + "b", ["a" * 6 + "b"]),
    ("a\u0301" * 30, []),
    ("x" * 32 + " " + "x" * 33, ["x" * 32]),
    ("0" * 32 + " " + "0" * 33, ["0" * 32]),
    ("ue" * 32 + " " + "ue" * 33, ["u" * 32]),
]


@pytest.mark.parametrize(("text", "texts"), READ)
def test_text_is_read_in_words_and_numbers(text, texts):
    assert read(text) == texts


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("ab 12", [(0, 2), (3, 5)]),
        ("é1", [(0, 2), (2, 3)]),
        ("e\u03011", [(0, 1), (3, 4)]),
        (r"\u00e91", [(0, 6), (6, 7)]),
        (r"\nab", [(2, 4)]),
        ("½", [(0, 2), (0, 2)]),
        ("王小", [(0, 3), (3, 6)]),
        (b"\xffab", [(1, 3)]),
        ("o'b-x", [(0, 3), (4, 5)]),
    ],
)
def test_a_token_says_which_bytes_it_is_read_from(text, places):
    data = text if isinstance(text, bytes) else text.encode()
    assert [(token.start, token.end) for token in tokens(data)] == places


@pytest.mark.parametrize(
    ("word", "spelt"),
    [
        (b"mueller", b"muller"),
        (b"aase", b"ase"),
        (b"oee", b"oe"),
        (b"aaa", b"aa"),
        (b"aae", b"ae"),
        (b"aea", b"aa"),
        (b"hauptstrasse", b"hauptstr"),
        (b"strasse", b"str"),
        (b"straasse", b"str"),
        (b"strassen", b"strassen"),
        (b"eea", b"eea"),
    ],
)
def test_a_word_has_one_spelling(word, spelt):
    assert canonical(word) == spelt


def test_a_page_of_foldings_has_each_character_by_itself():
    latin = fold_page(0)
    assert (latin[ord("A")], latin[ord("é")], latin[ord("ß")], latin[ord("·")]) == ("a", "e", "ss", "")
    assert fold_page(0x4E)[0] == " yi "
    assert set(fold_page(0xD8)) == {" "}
    assert all(len(page) == 256 and "".join(page).isascii() for page in map(fold_page, range(256)))
