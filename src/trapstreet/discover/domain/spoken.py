"""Free text: which texts are worth reading, and what a reader found in them."""

from collections import Counter
from collections.abc import Collection, Sequence

from trapstreet.core.maths.intervals import wilson
from trapstreet.core.model.holdings import HeldColumn
from trapstreet.core.model.mentions import Mention
from trapstreet.discover.domain.entities import ENTITIES, kinds_in
from trapstreet.discover.domain.mentions import mentioned
from trapstreet.discover.domain.people import TELLS_PEOPLE_APART
from trapstreet.discover.domain.policy import Policy

MOST_TEXTS = 300
"""Texts of a column, and lines of a file, that are read."""

_UNSAID = frozenset({"", "free_text", "email", "iban", "card"})
"""Kinds that a column of free text may have been taken for."""

_WORDS, _LETTERS, _SMALL = 4, 0.7, 0.4
"""What a text has to have at least to be read: words, the share of letters and blanks, and that of words that
begin with no capital: titles, addresses and companies have fewer."""

_SPOKEN = 0.2
"""Share of such texts that a column or a file has to have."""

_MENTIONED, _LEAST = 0.01, 2
"""Share of the texts, and how many, that have to mention a kind: fewer may be mistakes."""

_MISTAKES = {"name": 0.05}
"""Share of texts that a kind is seen in though they mention none (bench/reading.py)."""


def is_spoken(text: str) -> bool:
    """Whether a text is made of sentences, and not of what programs write, or of names of things."""
    words = [each for each in text.split() if each[0].isalpha()]
    letters = sum(each.isalpha() or each in " \t\n.,'’" for each in text)
    small = sum(not each[0].isupper() for each in words)
    return len(words) >= _WORDS and letters >= _LETTERS * len(text) and small >= _SMALL * len(words)


def cells_to_read(held: HeldColumn, values: Sequence[str]) -> list[str]:
    """The texts of a column that are worth reading; [] for a column of anything else."""
    return _worth(values) if held.kind in _UNSAID else []


def lines_to_read(text: bytes) -> list[str]:
    """The lines of a text that are worth reading, from all over it."""
    return _worth([line for line in text.decode("utf-8", "replace").splitlines() if line.strip()])


def said_in(
    name: str,
    texts: Sequence[str],
    mentions: Sequence[Sequence[Mention]],
    policy: Policy,
    *,
    but: Collection[str],
) -> list[HeldColumn]:
    """What texts say by what a reader found in the first of them: a kind for each that enough texts mention.

    name  of the column;  but  kinds that are known already
    `fitting` counts the texts that mention a kind, `sampled` those that were read.
    """
    read = texts[: len(mentions)]
    found = Counter(mentioned(read))
    for text, met in zip(read, mentions, strict=True):
        found.update(kinds_in(text, met))
    return [
        HeldColumn(name, kind, number, len(read), policy.class_of(kind), _why(number, len(read)))
        for kind, number in sorted(found.items(), key=lambda each: (-policy.weight_of(each[0]), each[0]))
        if kind not in but and _is_enough(kind, number, len(read))
    ]


def people_told_apart(
    texts: Sequence[str], mentions: Sequence[Sequence[Mention]], said: Sequence[HeldColumn]
) -> int:
    """How many people a text is about whose lines were read, by what was said in them.

    It is the number of different names, phones or the like, of which there are the most; without such a kind
    that of the lines that mention the same: each is about one person at most.
    """
    values: dict[str, set[str]] = {each.kind: set() for each in said}
    for text, found in zip(texts, mentions, strict=False):
        for met in found:
            entity = ENTITIES.get(met.entity)
            if entity and entity.kind in values and entity.counts(met, text):
                written = text[met.start : met.end].casefold()
                values[entity.kind].add("".join(filter(str.isalnum, written)))
    apart = [len(values[each.kind]) or each.fitting for each in said if each.kind in TELLS_PEOPLE_APART]
    return max(apart or [each.fitting for each in said], default=0)


def _worth(texts: Sequence[str]) -> list[str]:
    spoken = [text for text in texts if is_spoken(text)]
    if len(spoken) < max(1, _SPOKEN * len(texts)):
        return []
    return spoken[:: -(-len(spoken) // MOST_TEXTS)]


def _is_enough(kind: str, number: int, read: int) -> bool:
    beyond_mistakes = wilson(number, read)[0] > _MISTAKES.get(kind, 0.0)
    return number >= max(_LEAST, _MENTIONED * read) and beyond_mistakes


def _why(number: int, read: int) -> str:
    return f"mentioned in {number:,} of the {read:,} texts that were read"
