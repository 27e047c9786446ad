"""Statements without the values in them, each shape taken apart once.

A statement's literals are set aside by a regular expression that cuts it where the server's own lexer does;
what is left knows the shape again, and a shape is parsed when it is met first.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from trapstreet.core.model.access_events import Act, Doubt
from trapstreet.core.model.extras import require

LONGEST = 1 << 18
"""Characters of a statement that is taken apart: a longer one is kept as "", as one that nothing parses."""

_KEPT = 20_000
_POWER = r"(?:[eE][+-]?\d+)?"
_NUMBER = (
    rf"(?<=\d)(?<![\w$.]\d)(?<![eE][+-]\d)\d*(?:\.(?!\.)\d*)?{_POWER}|(?<=\.)(?<![\w$.\])]\.)\d+{_POWER}"
)
_COMMENT = r"(?<=/)\*.*?\*/"


@dataclass(frozen=True, slots=True)
class Values:
    """What says which records of a table a statement is after: a column is one of some values.

    table    its place in the shape's tables
    literals  places of the values among the statement's literals;  parameters  their numbers, from 1
    array    the value is an array in one text, like {1,2}
    """

    table: int
    column: str
    literals: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()
    array: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One statement, whatever the values in it.

    statement, fingerprint  as in PastUse
    act     what it does;  tables  those that it names, each (schema or database, name), "" where it does not
    """

    statement: str = ""
    fingerprint: str = ""
    act: Act = Act.OTHER
    tables: tuple[tuple[str, str], ...] = ()
    values: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal of a statement: where it begins and ends, and its text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server writes statements.

    cuts    finds what changes with the values (literals and comments), and names in quotes, which do not. It
            begins with the one character that tells what comes: so it passes over the others quickly
    quote   what stands around such names
    whole   finds what `cuts` cannot cut for certain (a quote behind a backslash, texts in dollars, texts that
            go on in the next line): such a statement is its own shape
    take    the shapes of the statements of a text, in their order. Raises ValueError where nothing parses it
    unsure  whether the server may have run something else;  suspect  what is in texts that are to be asked
            about, whatever the log says
    """

    cuts: re.Pattern[str]
    quote: str
    whole: re.Pattern[str]
    take: Callable[[str, Sequence[Literal]], tuple[Shape, ...]]
    unquoted: Callable[[str], str]
    suspect: re.Pattern[str] | None = None
    unsure: Callable[[str, Sequence[Literal], Doubt, Sequence[Shape]], bool] | None = None


class Shapes:
    """The shapes of one kind of server's statements.

    unparsed  how many times one was met that nothing parses
    About 10 µs where the shape was met before, 2 ms where not.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[object, tuple[Shape, ...]] = {}
        self.unparsed = 0

    def of(self, text: str, doubt: Doubt = Doubt.NONE) -> tuple[tuple[Shape, ...], list[str]]:
        """The shapes of a text's statements, and its literals as they stand there. Where the server may
        have run something else, they have no statement, but what they name.

        doubt  what the log has
        """
        if not text:
            return (), []
        if len(text) > LONGEST:
            self.unparsed += 1
            return (Shape(),), []
        dialect = self._dialect
        if dialect.whole.search(text):
            key: object = text
            literals: list[str] = []
        else:
            parts, quote = dialect.cuts.split(text), dialect.quote
            cut = parts[1::2]
            literals = [each for each in cut if each[0] != quote]
            if quote == '"' and ("E'" in text or "e'" in text):
                literals = [each.text for each in self._literals(text)]
            parts[1::2] = [each if each[0] == quote else _kind(each) for each in cut]
            key = tuple(parts)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[key] = self._taken(text, whole=key is text)
        suspect = dialect.unsure and dialect.suspect and (doubt or dialect.suspect.search(text))
        if suspect and dialect.unsure and dialect.unsure(text, self._literals(text), doubt, found):
            found = self._doubted(found)
        if not found[0].fingerprint:
            self.unparsed += 1
        return found, literals

    def value(self, literal: str) -> str:
        """The value that a literal stands for."""
        return self._dialect.unquoted(literal)

    def _doubted(self, found: tuple[Shape, ...]) -> tuple[Shape, ...]:
        key = ("", found)
        if key not in self._known:
            self._known[key] = tuple(replace(each, statement="", fingerprint="", values=()) for each in found)
        return self._known[key]

    def _taken(self, text: str, *, whole: bool) -> tuple[Shape, ...]:
        try:
            return self._dialect.take(text, [] if whole else self._literals(text)) or (Shape(),)
        except (ValueError, RecursionError):
            return (Shape(),)

    def _literals(self, text: str) -> list[Literal]:
        """All literals of a text; one whose backslashes count with the E before it."""
        found = []
        for each in self._dialect.cuts.finditer(text):
            start, quote = each.start(), self._dialect.quote
            if each[1][0] != quote:
                start -= quote == '"' and bool(_BACKSLASHED.search(text, max(0, start - 2), start + 1))
                found.append(Literal(start, each.end(), text[start : each.end()]))
        return found


def _kind(literal: str) -> str:
    """What of a literal belongs to the shape."""
    first = literal[0]
    if first == "$" or literal.startswith(("/*!", "/*M!")):
        return literal
    if first.isdigit() or first == ".":
        return "f" if "." in literal or "e" in literal.lower() or len(literal) > 9 else "n"
    return "c" if first in "-/#" else "s"


def postgresql() -> Dialect:
    """PostgreSQL's statements. Raises UnusableInput where their parser is not installed."""
    from trapstreet.events import _postgresql

    require("pglast", extra="sql", to="read PostgreSQL's statements")
    text = r"(?<=')(?:[^']|'')*'"
    other = r'(?<=\$)(?<![\w$]\$)\d+|(?<=-)-[^\n]*|(?<=")(?:[^"]|"")*"'
    cuts = rf"""([\d'".$/-](?:{text}|{_NUMBER}|{other}|{_COMMENT}))"""
    whole = r"\$[A-Za-z_]?\w*\$|/\*.*?/\*|\\'|'\s*(?:--[^\n]*)?\n\s*(?:--[^\n]*\n\s*)*'"
    return Dialect(re.compile(cuts, re.DOTALL), '"', re.compile(whole, re.DOTALL), _postgresql.take, unquoted)


def mariadb() -> Dialect:
    """MariaDB's and MySQL's statements."""
    from trapstreet.events import _mariadb, _mariadb_doubt

    text = r"""(?<=')(?:[^'\\]|\\.|'')*'|(?<=")(?:[^"\\]|\\.|"")*\""""
    other = r"(?<=-)-\s[^\n]*|(?<=\#)[^\n]*|(?<=`)(?:[^`]|``)*`"
    digits = r"(?<=0)(?<![\w$.]0)x[\dA-Fa-f]+(?![\w$])"
    cuts = rf"""([\d'"`.\#/-](?:{text}|{digits}|{_NUMBER}|{other}|{_COMMENT}))"""
    whole = r"\A\s*(?i:SET\s+ROLE)\s*['\"]"
    return Dialect(
        re.compile(cuts, re.DOTALL), "`", re.compile(whole), _mariadb.take, _unescaped,
        _mariadb_doubt.SUSPECT, _mariadb_doubt.unsure,
    )  # fmt: skip


_BACKSLASHED = re.compile(r"(?<![\w$])[eE]'$")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def unquoted(literal: str) -> str:
    """The text of a literal of PostgreSQL: backslashes count behind an E alone."""
    if literal[0] in "eE" and literal[1:2] == "'":
        return _unescaped(literal[1:])
    return literal[1:-1].replace("''", "'") if literal[0] == "'" else literal


def _unescaped(literal: str) -> str:
    """The text of a literal in which backslashes count."""
    quote = literal[0]
    if quote not in "'\"":
        return literal
    body = literal[1:-1].replace(quote * 2, quote)
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), body)
