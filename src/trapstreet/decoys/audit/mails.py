"""E-mail addresses as a buyer sees them: how many rows a domain has, and how people make their addresses."""

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from anyascii import anyascii

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.coded import CodedColumn, coded
from trapstreet.decoys.audit.features import Feature, View
from trapstreet.decoys.audit.names import person
from trapstreet.decoys.audit.texts import letters, rough_format

PUBLIC = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.co.uk icloud.com me.com
    aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru yandex.ru proton.me
    protonmail.com orange.fr wanadoo.fr free.fr laposte.net libero.it seznam.cz wp.pl onet.pl qq.com 163.com
    """.split()
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WORD = re.compile(r"[^\W\d_]+")


def domain_of(text: str) -> str:
    """The domain in small letters, "" where the text is no address."""
    return text.strip().lower().rpartition("@")[2] if "@" in text else ""


def local_of(text: str) -> str:
    return text.strip().rpartition("@")[0]


def local_format(text: str) -> str:
    return rough_format(local_of(text))


def features(view: View) -> Iterator[Feature]:
    for column in view.of_kind(Kind.EMAIL):
        name = (column.column.name,)
        yield from _domains(column, name, view)
        yield from _locals(column, name, view)
        yield from _ways(column, name, view)


def _domains(column: CodedColumn, name: tuple[str, ...], view: View) -> Iterator[Feature]:
    domains = [domain_of(text) for text in column.texts]
    codes = column.codes_by(domain_of)
    yield Feature(name, "how many rows are at the domain", np.log(codes.frequency[view.rows]))
    endings = column.codes_by(lambda text: domain_of(text).partition(".")[2])
    yield Feature(name, "how many rows are at domains with this ending", np.log(endings.frequency[view.rows]))
    for words, figure in (
        ("length of the domain", [len(domain) for domain in domains]),
        ("hyphens and digits of the domain", [sum(not c.isalpha() for c in domain) for domain in domains]),
        ("at a public provider", [domain in PUBLIC for domain in domains]),
    ):
        yield Feature(name, words, column.spread(figure, view.rows))
    distinct = list(dict.fromkeys(domains))
    means, least = letters(distinct, range(len(distinct)))
    place = {domain: at for at, domain in enumerate(distinct)}
    of = np.array([place[domain] for domain in domains])
    yield Feature(name, "how well the domain's letters go together", column.spread(means[of], view.rows))
    yield Feature(name, "the domain's oddest letters", column.spread(least[of], view.rows))


def _locals(column: CodedColumn, name: tuple[str, ...], view: View) -> Iterator[Feature]:
    texts = [local_of(text).lower() for text in column.texts]
    codes = column.codes_by(lambda text: local_of(text).lower())
    yield Feature(name, "how many rows have the part before the @", np.log(codes.frequency[view.rows]))
    words = [_WORD.findall(text) for text in texts]
    flat = coded(word for found in words for word in found)
    per_word = flat.frequency
    ends = np.cumsum([len(found) for found in words])
    least = [
        per_word[end - len(f) : end].min() if f else 0 for f, end in zip(words, ends.tolist(), strict=True)
    ]
    yield Feature(
        name, "how common the rarest word before the @ is", np.log1p(column.spread(least, view.rows))
    )
    digits = [re.sub(r"\D", "", text) for text in texts]
    yield Feature(
        name, "number before the @", column.spread([float(d[:9]) if d else np.nan for d in digits], view.rows)
    )
    yield Feature(name, "digits before the @", column.spread([len(d) for d in digits], view.rows))
    yield Feature(name, "length before the @", column.spread([len(t) for t in texts], view.rows))
    yield Feature(
        name,
        "separators before the @",
        column.spread([sum(not c.isalnum() for c in t) for t in texts], view.rows),
    )


def _ways(column: CodedColumn, name: tuple[str, ...], view: View) -> Iterator[Feature]:
    """How the part before the @ is made of the row's names, and how common that is."""
    if (who := people(view)) is None:
        return
    locals_ = [local_of(text) for text in cells(column, view)]
    codes = coded(way(local, *names) for local, names in zip(locals_, who, strict=True))
    about = (*name, "the name")
    yield Feature(about, "how common this way to make an address is", np.log(codes.frequency))
    yield Feature(about, "the way the address is made", codes.rank)


def people(view: View) -> list[tuple[str, str]] | None:
    """Given and family name of each looked-at row; None where the table has no names."""
    if whole := view.of_kind(Kind.NAME):
        return [person(text) for text in cells(whole[0], view)]
    if single := view.of_kind(Kind.GIVEN_NAME) + view.of_kind(Kind.FAMILY_NAME):
        return list(zip(cells(single[0], view), cells(single[-1], view), strict=True))
    return None


def cells(column: CodedColumn, view: View) -> list[str]:
    """The texts of the looked-at rows."""
    return [column.texts[code] for code in column.codes.of[view.rows].tolist()]


def way(local: str, given: str, family: str) -> str:
    """The local part with the names as G and F, initials as G' and F', other letters as a, digits as 9s."""
    text = local.lower()
    for name, mark in ((family, "F"), (given, "G")):
        for slug in slugs(name):
            if len(slug) > 1 and slug in text:
                text = text.replace(slug, mark, 1)
                break
    for name, mark in ((given, "G'"), (family, "F'")):
        if initial := re.escape(slugs(name)[0][:1]):
            text = re.sub(rf"(?<![a-z]){initial}(?![a-z])", mark, text, count=1)
    return re.sub(r"\d+", lambda digits: f"9{len(digits[0])}", re.sub(r"[a-z]+", "a", text))


@lru_cache(maxsize=100_000)
def slugs(name: str) -> tuple[str, str]:
    """The name in the letters a to z: with umlauts spelt out, and without."""
    small = name.lower()
    spelt = small.translate(_UMLAUTS)
    return _letters(spelt), _letters(small)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, anyascii(text).lower()))
