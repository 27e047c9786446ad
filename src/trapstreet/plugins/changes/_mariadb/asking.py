"""Past statements asked for on a clone as those who used them.

PREPARE asks for all rights that reading asks for: on tables, columns, functions, and in the names of views'
definers. Of INSERT … SELECT and UPDATE it asks not for all, and of views in views for others than when they
are run. So what writes is run, too, with NULL for every value, where there is no row, and rolled back. What
routines and triggers do is not asked for. What shows how something is made is run, and its answer compared:
without a right the server leaves parts out.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from trapstreet.plugins._mariadb import code_of, is_lost
from trapstreet.plugins.changes._mariadb.clone import Clone
from trapstreet.plugins.changes._mariadb.kinds import (
    LOOKING,
    Kind,
    is_never_run,
    kind_of,
    with_values,
    writes,
)
from trapstreet.plugins.changes._mariadb.standing import quoted

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

    from trapstreet.plugins._mariadb import Connection

NO_RIGHT = frozenset(
    {1044, 1045, 1130, 1141, 1142, 1143, 1147, 1227, 1345, 1356, 1370, 1410, 1449, 1698, 1959}
)
"""What the server says where somebody may not do something, or a view's definer may not."""
NOWHERE = 1046
"""What it says where somebody is in no database, and a table is named without one."""
_NOT_THERE = frozenset({1049, 1051, 1054, 1109, 1146, 1176, 1191, 1356, NOWHERE})
_ALL_OF_IT = re.compile(r"(?:`(?:[^`]|``)*`|(?!\bWHERE\b)[^`])*", re.IGNORECASE)
"""Such a statement up to its condition, which no row may meet now that its values are not known."""


class Person(NamedTuple):
    """As whom something is asked for.

    client  from where, as `Clone.entered` has it
    role    acting as which; NONE in none; "" as the server lets them in
    """

    user: str
    client: str
    role: str = ""


class Question(NamedTuple):
    """A statement somebody ran in a database; "" where they were in none.

    statement  "" where it is asked whether they may be in that database, and act as that role
    runs       whether it is run, with NULL for every value
    """

    person: Person
    database: str
    statement: str
    runs: bool = False


def ways(person: Person, database: str, statement: str) -> list[Question]:
    """How a statement is asked for: what one way is let pass, the server may refuse another way."""
    prepared = Question(person, database, statement)
    if kind_of(statement) in LOOKING:
        return [prepared._replace(runs=True)]
    runs = writes(statement) and not is_never_run(statement)
    return [prepared, prepared._replace(runs=True)] if runs else [prepared]


class Answer(NamedTuple):
    """What the server said.

    code   0 it may be done;  message  what it says of it else
    shown  what of the answer others with fewer rights may not see; "" nothing
    """

    code: int = 0
    message: str = ""
    shown: str = ""

    @property
    def refused(self) -> bool:
        """Somebody has no right."""
        return self.code in NO_RIGHT

    @property
    def is_gone(self) -> bool:
        """What it is about is not there."""
        return self.code in _NOT_THERE


def answers(clone: Clone, questions: Iterable[Question]) -> dict[Question, Answer]:
    """What the clone says as it is. 3 ms for each person, and 0.3 ms for each question."""
    by_person: dict[Person, list[Question]] = {}
    for each in dict.fromkeys(questions):
        by_person.setdefault(each.person, []).append(each)
    found: dict[Question, Answer] = {}
    for person, some in by_person.items():
        with _entered(clone, person) as (cursor, outside):
            within, refusal = None, outside
            for each in sorted(some):
                if cursor is None:
                    found[each] = refusal
                    continue
                if each.database != within:
                    within, refusal = each.database, _used(cursor, each.database)
                found[each] = refusal if refusal.code or not each.statement else _asked(cursor, each)
    return found


@contextmanager
def _entered(clone: Clone, person: Person) -> "Iterator[tuple[Cursor | None, Answer]]":
    """A cursor of somebody, or why there is none."""
    import pymysql

    connection: Connection
    try:
        connection = clone.entered(person.user, person.client)
    except pymysql.MySQLError as error:
        yield None, _refusal(error)
        return
    with closing(connection), connection.cursor() as cursor:
        answer = _run(cursor, f"SET ROLE {quoted(person.role)}") if person.role else Answer()
        yield (None if answer.code else cursor), answer


def _used(cursor: "Cursor", database: str) -> Answer:
    return _run(cursor, f"USE {quoted(database)}") if database else Answer()


def _asked(cursor: "Cursor", question: Question) -> Answer:
    if kind_of(question.statement) in LOOKING:
        return _shown(cursor, question.statement)
    if not question.runs:
        return _run(cursor, "PREPARE asked FROM %s", question.statement)
    _run(cursor, "START TRANSACTION")
    answer = _run(cursor, with_values(question.statement, "NULL"))
    _run(cursor, "ROLLBACK")
    return answer if answer.refused or answer.is_gone else Answer()


def _shown(cursor: "Cursor", statement: str) -> Answer:
    answer = _run(cursor, with_values(statement, "'%'"))
    if answer.code or kind_of(statement) == Kind.LIST:
        return answer
    whole = _ALL_OF_IT.match(statement)
    if whole and whole[0] != statement:
        return _shown(cursor, whole[0])
    return Answer(shown=repr([(row[0], [each is None for each in row[:3]]) for row in cursor.fetchall()]))


def _run(cursor: "Cursor", statement: str, *values: str) -> Answer:
    import pymysql

    try:
        cursor.execute(statement, values or None)
    except pymysql.MySQLError as error:
        return _refusal(error)
    return Answer()


def _refusal(error: Exception) -> Answer:
    """Raises the error where it says nothing of rights, but that the server is lost."""
    code = code_of(error)
    if not isinstance(code, int) or is_lost(error):
        raise error
    return Answer(code, str(error.args[1]) if len(error.args) > 1 else "")
