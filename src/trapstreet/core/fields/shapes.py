"""Shapes of codes: what the reference numbers of a column look like, learnt from a sample.

A shape is a line of tokens, one per run of like characters, written without the separators between them:

    D6   six digits          A2-3  two or three letters       =TCK  these letters
    H32  hexadecimal digits  X8    letters and digits

"=TCK D6" is TCK-000123. Between tokens a text may have separators or none. A literal appears only
where at least 20 sampled records have it. How shapes are found in text: automaton.py, codes.py.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence

_LONGEST = 64  # characters of a code
_LITERAL_RECORDS = 20

_MOST_SHAPES = 8
_RUN_SHAPES, _ENOUGH = 4, 0.9  # so few shapes by run must cover this share, or the codes are mixed
_RARE = 0.005  # share of the sample below which a shape is noise

_CODE = re.compile(r"\W*([0-9A-Za-z]+(?:[-_/.#: \u00a0]{1,3}[0-9A-Za-z]+)*)\W*")
_RUN = re.compile(r"[A-Z]+|[0-9]+")
_PART = re.compile(r"[0-9A-Z]+")


def learn_shapes(texts: Sequence[str]) -> tuple[str, ...]:
    """The shapes that cover the texts of a column, the commonest first; one text per record."""
    codes = [parts for text in texts if (parts := _parts(text))]
    runs = [[run for part in parts for run in _RUN.findall(part)] for parts in codes]
    groups = _grouped(runs, key=lambda tokens: tuple(map(str.isdigit, tokens)))
    if sum(map(len, groups[:_RUN_SHAPES])) < _ENOUGH * len(codes):
        groups = _grouped(codes, key=len)
    shapes: dict[str, None] = {}
    for members in groups[:_MOST_SHAPES]:
        if len(members) >= _RARE * len(codes):
            shapes |= dict.fromkeys(_shapes_of(members))
    return tuple(shapes)


def _parts(text: str) -> list[str]:
    """The runs of letters and digits of a text that can be a code, in upper case."""
    match = _CODE.fullmatch(text) if len(text) <= _LONGEST else None
    return _PART.findall(match[1].upper()) if match else []


def _grouped(codes: list[list[str]], *, key: Callable[[list[str]], Hashable]) -> list[list[list[str]]]:
    groups = defaultdict(list)
    for tokens in codes:
        groups[key(tokens)].append(tokens)
    return sorted(groups.values(), key=len, reverse=True)


def _shapes_of(members: list[list[str]]) -> list[str]:
    """The shapes of codes with the same kinds of tokens: one per common literal, one for the rest."""
    counts = Counter(tokens[0] for tokens in members if len(tokens) > 1 and tokens[0].isalpha())
    literals = [value for value, count in counts.most_common() if count >= _LITERAL_RECORDS]
    if len(literals) > _MOST_SHAPES:
        literals = []
    shapes = [
        " ".join([f"={literal}", *_spelt([tokens[1:] for tokens in members if tokens[0] == literal])])
        for literal in literals
    ]
    rest = [tokens for tokens in members if tokens[0] not in literals]
    return [*shapes, " ".join(_spelt(rest))] if rest else shapes


def _spelt(members: list[list[str]]) -> list[str]:
    return [_token(values) for values in zip(*members, strict=True)]


def _token(values: Sequence[str]) -> str:
    together = "".join(values)
    shortest, longest = min(map(len, values)), max(map(len, values))
    if together.isdigit():
        letter, growth = "D", 1  # a counter without leading zeros grows
    elif together.isalpha():
        letter, growth = "A", 0
    else:
        letter, growth = ("H" if set(together) <= set("0123456789ABCDEF") else "X"), 0
    return f"{letter}{shortest}" if shortest == longest else f"{letter}{shortest}-{longest + growth}"
