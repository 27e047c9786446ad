"""Work for bench/proofs_mariadb.py: what the people of a world do, drawn beforehand from the forms."""

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from proofs_mariadb_world import SCRATCH, VIEW, VISITOR, Login, Relation, World, on, quoted, text

_FORMS = Path(__file__).with_name("proofs_mariadb_statements.txt")
_PLACE = re.compile(r"\{(\w+)(?::([\w*]+))?\}")
_TEXTS = ("x", "it's", "C:\\", "50%", "-- no", "😀", "`q`", "", "?", '"', "seen")
_SESSIONS = 5
_WILD = (0, 0, 0, 0.15, 0.5)
"""How many people of a world do all sorts of things: what they do keeps rights of others, too."""
SENT, JOINED, PREPARED, TYPED = "sent", "sent two at once", "prepared", "typed"
"""By pymysql as a text; two in one; as a statement that the server prepares; by the program `mariadb`."""


class Session(NamedTuple):
    """What somebody does in one connection.  database  "" they come into none"""

    login: Login
    database: str
    how: str
    statements: tuple[str, ...]


@cache
def families() -> tuple[dict[str, list[list[str]]], list[str]]:
    """By family, the forms, each of one statement or several; and the families of plain work."""
    found: dict[str, list[list[str]]] = {}
    plain, family = [], ""
    for line in _FORMS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            family, _, kind = line[1:].partition("]")
            plain += [family] if kind else []
        elif line and not line.startswith("#"):
            found.setdefault(family, []).append(line.replace("\\n", "\n").split(" ;; "))
    return found, plain


def work_of(world: World, rng: random.Random, file: str) -> list[Session]:
    """All sessions of all people, in their order.  file  a file that LOAD DATA LOCAL can send"""
    every, plain = families()
    wild = rng.choice(_WILD)
    found = []
    for login in world.logins:
        kinds = rng.sample([*every], 5) if rng.random() < wild else rng.sample(plain, 4)
        forms = [every[each] for each in kinds]
        found += [_session(world, rng, login, forms, file) for _ in range(_SESSIONS)]
    rng.shuffle(found)
    return found


def _session(
    world: World, rng: random.Random, login: Login, forms: Sequence[list[list[str]]], file: str
) -> Session:
    database = rng.choice((*login.homes, *login.homes, rng.choice(world.schemas), SCRATCH, ""))
    # The program comes from the machine itself; PROXY is not for it.
    typed = login.client == "127.0.0.1" and rng.random() < 0.5
    how = TYPED if typed else rng.choice((SENT, SENT, SENT, SENT, PREPARED, PREPARED, JOINED))
    statements: list[str] = []
    for _ in range(rng.randint(3, 7)):
        filling = Filling(world, rng, login, database, file)
        statements += map(filling.of, rng.choice(rng.choice(forms)))
    if how == JOINED:
        pairs = zip(statements[::2], statements[1::2], strict=False)
        statements = [f"{one}; {other}" for one, other in pairs]
    return Session(login, database, how, tuple(statements))


class Filling:
    """Fills the places of a form, the same name by the same thing."""

    def __init__(self, world: World, rng: random.Random, login: Login, database: str, file: str) -> None:
        self._world, self._rng, self._login, self._database = world, rng, login, database
        self._known: dict[str, str] = {"{file}": file}
        self._relations: dict[str, Relation] = {}

    def of(self, form: str) -> str:
        filled = _PLACE.sub(self._place, form)
        return filled.lower() if self._rng.random() < 0.03 and filled.isascii() else filled

    def _place(self, found: re.Match[str]) -> str:
        name, part = found[1], found[2]
        if name in ("n", "s", "sub"):
            return self._value(name)
        if found[0] not in self._known:
            self._known[found[0]] = self._made(name, part)
        return self._known[found[0]]

    def _value(self, name: str) -> str:
        if name == "n":
            return str(self._rng.randint(1, 99))
        if name == "s":
            return text(self._rng.choice((*_TEXTS, *self._world.schemas)))
        relation = self._drawn()
        return f"SELECT {self._column(relation.columns)} FROM {self._written(relation)}"

    def _made(self, name: str, part: str | None) -> str:
        rng, world = self._rng, self._world
        if name in ("t", "u", "k"):
            relation = self._relations.setdefault(name, self._drawn(tables=name == "k"))
            return self._part(relation, part) if part else self._written(relation)
        if name == "x":
            return quoted(rng.choice((*self._login.homes, *world.schemas)))
        if name == "q":
            return on(*rng.choice(world.sequences)) if world.sequences else "crm.nothing"
        if name in ("f", "p"):
            kind = "FUNCTION" if name == "f" else "PROCEDURE"
            some = [each for each in world.routines if each.kind == kind]
            return on(*rng.choice(some)[:2]) if some else "crm.nothing"
        if name == "r":
            return quoted(rng.choice(world.roles))
        return VISITOR if name == "h" else f"{SCRATCH}.n{rng.randint(1, 9)}"

    def _part(self, relation: Relation, part: str) -> str:
        rng, written_to = self._rng, relation.given[1:] or relation.given
        if part == "w":
            column = self._column(relation.columns)
            conditions = (f"{column} = {self._value('s')}", f"{column} IN (1, 2)", f"{column} LIKE '%e%'")
            return rng.choice((*conditions, f"id = 1 OR {column} IS NULL"))
        if part == "*":
            return ", ".join(map(quoted, rng.sample(relation.columns, min(2, len(relation.columns)))))
        plain = {
            "name": quoted(relation.name),
            "schema": quoted(relation.schema),
            "q": on(*relation[:2]).replace("'", "''"),
            "set": f"{self._column(written_to)} = {self._value('n')}",
            "e": self._column(written_to),
        }
        return plain.get(part) or self._column(relation.columns)

    def _column(self, columns: Sequence[str]) -> str:
        return quoted(self._rng.choice(columns))

    def _drawn(self, *, tables: bool = False) -> Relation:
        some = [each for each in self._world.relations if not tables or each.kind != VIEW]
        near = [each for each in some if each.schema in self._login.homes]
        return self._rng.choice(near if near and self._rng.random() < 0.85 else some)

    def _written(self, relation: Relation) -> str:
        """The name as somebody writes it: bare where they are in its database."""
        schema, name = relation[:2]
        if schema != self._database or self._rng.random() < 0.3:
            return on(schema, name)
        is_bare = name.isidentifier() and name.isascii() and name not in ("select", "key")
        return name if is_bare else quoted(name)
