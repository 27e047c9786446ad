"""Shapes of codes: what the reference numbers of a column look like, learnt from a sample.

A shape is a line of tokens, one per run of like characters, written without the separators between them:

    D6   six digits          A2-3  two or three letters       =TCK  these letters
    H32  hexadecimal digits  X8    letters and digits

"=TCK D6" is TCK-000123. Between tokens a text may have separators or none. A literal appears only
where at least 20 sampled records have it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache

from trapstreet.core.fields.kind import Candidate

_SHORTEST = 5  # letters and digits of a code that is worth a fingerprint
_LONGEST = 64
_PREFIX_OPTIONAL = 6  # digits after a literal that identify without it
_LITERAL_RECORDS = 20

_MOST_SHAPES = 8
_RUN_SHAPES, _ENOUGH = 4, 0.9  # so few shapes by run must cover this share, or the codes are mixed
_RARE = 0.005  # share of the sample below which a shape is noise

_CODE = re.compile(r"\W*([0-9A-Za-z]+(?:[-_/.#: \u00a0]{1,3}[0-9A-Za-z]+)*)\W*")
_RUN = re.compile(r"[A-Z]+|[0-9]+")
_PART = re.compile(r"[0-9A-Z]+")
_SEPARATORS = re.compile(r"[\W_]+")

_TOKEN = re.compile(r"([DAHX])(\d+)(?:-(\d+))?")
_CHARACTERS = {"D": "[0-9]", "A": "[A-Za-z]", "H": "[0-9A-Fa-f]", "X": "[0-9A-Za-z]"}
_BETWEEN = r"(?:[-_/.#: ]|\xc2\xa0){0,3}"
_BEGIN = r"(?:(?<![0-9A-Za-z])|(?<=\\[nrt]))"  # a word's border, or after an escaped line break or tab
_END = r"(?![0-9A-Za-z])"


def compact(text: str) -> str:
    """A code's letters and digits in upper case."""
    return text.upper() if text.isalnum() else _SEPARATORS.sub("", text).upper()


def code_forms(text: str, grammar: tuple[str, ...]) -> tuple[bytes, ...]:
    """The compact code and, where the grammar makes its literal optional, the digits after the literal."""
    code = compact(text)
    if len(code) < _SHORTEST:
        return ()
    for literal in _optional_literals(grammar):
        digits = code[len(literal) :]
        if code.startswith(literal) and len(digits) >= _PREFIX_OPTIONAL and digits.isdigit():
            return code.encode(), digits.encode()
    return (code.encode(),)


def find_codes(data: bytes, grammars: Iterable[tuple[str, ...]]) -> Iterator[Candidate]:
    """Every place in the bytes that one of the shapes fits, at any border of a word; linear in the bytes."""
    shapes = tuple(dict.fromkeys(shape for grammar in grammars for shape in grammar))
    if not shapes:
        return
    any_shape, patterns = _patterns(shapes)
    for place in any_shape.finditer(data):
        for pattern in patterns:
            match = pattern.match(data, place.start())
            if match and len(code := compact(match[0].decode("utf-8", "replace"))) >= _SHORTEST:
                yield Candidate(place.start(), match.end(), (code.encode(),))


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


@lru_cache(maxsize=256)
def _optional_literals(grammar: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shape.split()[0][1:] for shape in grammar if _literal_is_optional(shape.split()))


def _literal_is_optional(tokens: list[str]) -> bool:
    matches = [_TOKEN.fullmatch(token) for token in tokens[1:]]
    digits = [int(match[2]) for match in matches if match and match[1] == "D"]
    return tokens[0].startswith("=") and len(digits) == len(matches) and sum(digits) >= _PREFIX_OPTIONAL


@lru_cache(maxsize=256)
def _patterns(shapes: tuple[str, ...]) -> tuple[re.Pattern[bytes], tuple[re.Pattern[bytes], ...]]:
    """One pattern for the places where any shape begins, and one for each shape."""
    texts = [_regex(shape.split()) for shape in shapes]
    anywhere = f"{_BEGIN}(?={'|'.join(texts)})"
    return re.compile(anywhere.encode()), tuple(re.compile(text.encode()) for text in texts)


def _regex(tokens: list[str]) -> str:
    pieces = [_token_regex(token) for token in tokens]
    if _literal_is_optional(tokens):
        pieces[:2] = [f"(?:{pieces[0]}{_BETWEEN})?{pieces[1]}"]
    return _BETWEEN.join(pieces) + _END


def _token_regex(token: str) -> str:
    if token.startswith("="):
        return "".join(f"[{letter}{letter.lower()}]" for letter in token[1:])
    match = _TOKEN.fullmatch(token)
    if not match:
        raise ValueError("a shape is made of =LETTERS and of D, A, H or X with a length")
    return f"{_CHARACTERS[match[1]]}{{{match[2]},{match[3] or match[2]}}}"
