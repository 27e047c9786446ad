"""Sessions on a real MariaDB for bench/proofs_mariadb.py, by several sorts of clients, and the answers."""

import re
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import pymysql
from pymysql.constants import CLIENT, COMMAND

from proofs_mariadb_work import PREPARED, TYPED, Session
from trapstreet.plugins.changes._mariadb.clone import proxy_header

_SECONDS = 15
_LOST = 2013
LATIN = "SET NAMES latin1"
_NO_ONE = 1130
_AT_LINE = re.compile(r"ERROR (\d+) \(\w+\) at line (\d+)")
_LISTS = re.compile(
    r"\s*(?:SHOW\s+(?:FULL\s+|OPEN\s+)?(?:TABLES|DATABASES|TABLE\s+STATUS|TRIGGERS|EVENTS|PROCEDURE\s+STATUS"
    r"|FUNCTION\s+STATUS|GRANTS|WARNINGS|PROCESSLIST|INDEX|INDEXES|KEYS)"
    r"|EXPLAIN\s+(?!`)(?:EXTENDED|FORMAT|SELECT|UPDATE)|ANALYZE\s+(?!TABLE))",
    re.IGNORECASE,
)
"""Of these only that they are not refused is promised, or they tell of estimates."""
_PRIVILEGES = re.compile(r"\s*SHOW\s+FULL\s+COLUMNS", re.IGNORECASE)
_PRIVILEGES_AT = 7


class Outcome(NamedTuple):
    """What the server said to a statement.  code  0 it was done;  rows  what it gave, in no order"""

    code: int
    rows: str = ""
    message: str = ""


def run(session: Session, port: int) -> list[Outcome]:
    """One for each statement, and first one for the coming in."""
    if session.how == TYPED:
        return _typed(session, port)
    try:
        connection = entered(session.login.user, session.login.client, session.database, port)
    except (pymysql.MySQLError, OSError) as error:
        return [_failed(error)] * (1 + len(session.statements))
    found = [Outcome(0)]
    with closing(connection):
        for statement in session.statements:
            do = _prepared if session.how == PREPARED and _PREPARABLE.match(statement) else _sent
            try:
                rows = do(connection, statement)
            except (pymysql.MySQLError, OSError) as error:
                found.append(_failed(error))
            except UnicodeError as error:  # nobody knows where the next answer begins
                return [*found, *[_failed(error)] * (len(session.statements) + 1 - len(found))]
            else:
                if statement == LATIN:
                    connection.encoding = "latin-1"
                found.append(Outcome(0, "" if _is_list(statement) else _told(statement, rows)))
    return found


def entered(user: str, client: str, database: str, port: int) -> Any:
    """A connection of somebody from an address."""
    line = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
    line.sendall(proxy_header(client))
    connection = pymysql.connect(
        user=user, database=database or None, autocommit=True, ssl_disabled=True, defer_connect=True,
        local_infile=True, client_flag=CLIENT.MULTI_STATEMENTS, read_timeout=_SECONDS, charset="utf8mb4",
    )  # fmt: skip
    try:
        connection.connect(line)
    except BaseException:
        line.close()
        raise
    return connection


def _failed(error: Exception) -> Outcome:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else _LOST
    if "sequence number" in str(error):
        code = _NO_ONE
    return Outcome(code or _LOST, message=str(error.args[-1]) if error.args else "")


def _is_list(statement: str) -> bool:
    return any(_LISTS.match(each) for each in statement.split("; "))


def _told(statement: str, rows: Sequence[Sequence[object]]) -> str:
    if _PRIVILEGES.match(statement):
        rows = [[each for at, each in enumerate(row) if at != _PRIVILEGES_AT] for row in rows]
    return "\n".join(sorted(map(repr, rows)))


def _sent(connection: Any, statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = [*cursor.fetchall()]
        while cursor.nextset():
            rows += cursor.fetchall()
        return [*rows, [cursor.rowcount]] if cursor.description is None else rows


_PREPARABLE = re.compile(
    r"(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|VALUES|CALL|SHOW)\b[^?]*$", re.IGNORECASE
)


def _prepared(connection: Any, statement: str) -> list[Any]:
    """What the server sends of a statement that it prepared: packets, as they are."""
    connection._execute_command(COMMAND.COM_STMT_PREPARE, statement)
    first = connection._read_packet()
    number, columns, parameters = struct.unpack("<xIHH", first.get_all_data()[:9])
    for _ in range((columns + bool(columns)) + (parameters + bool(parameters))):
        connection._read_packet()
    if parameters:
        return [["it has places"]]
    connection._execute_command(COMMAND.COM_STMT_EXECUTE, struct.pack("<IBI", number, 0, 1))
    found = [[each] for each in _packets(connection)]
    connection._execute_command(COMMAND.COM_STMT_CLOSE, struct.pack("<I", number))
    return found


def _packets(connection: Any) -> Iterator[bytes]:
    more = True
    while more:
        packet = connection._read_packet()
        if packet.is_ok_packet():
            status = struct.unpack("<H", _behind_lengths(packet.get_all_data())[:2])[0]
            yield b"ok"
        else:
            for _ in range(packet.get_all_data()[0] + 1):  # columns, and the end of them
                connection._read_packet()
            packet = connection._read_packet()
            while not packet.is_eof_packet():
                yield packet.get_all_data()
                packet = connection._read_packet()
            status = struct.unpack("<H", packet.get_all_data()[3:5])[0]
        more = bool(status & 8)


def _behind_lengths(packet: bytes) -> bytes:
    """An OK packet behind its two numbers: status, warnings."""
    at = 1
    for _ in range(2):
        at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(packet[at], 1)
    return packet[at:]


def _typed(session: Session, port: int) -> list[Outcome]:
    """The program mariadb, a statement a line and a mark behind each."""
    lines = [
        f"{' '.join(each.splitlines())};\nSELECT 'mark {n}';" for n, each in enumerate(session.statements)
    ]
    within = [f"-D{session.database}"] if session.database else []
    done = subprocess.run(
        [
            "mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", f"-u{session.login.user}", "--force",
            "-N", "-B", "--local-infile=1", "--default-character-set=utf8mb4", *within,
        ],
        input="\n".join(lines), text=True, errors="replace", capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    codes = {(int(line) - 1) // 2: int(code) for code, line in _AT_LINE.findall(done.stderr)}
    if "mark" not in done.stdout:
        return [Outcome(_NO_ONE, message=done.stderr)] * (1 + len(session.statements))
    found, left = [Outcome(0)], done.stdout
    for n, statement in enumerate(session.statements):
        told, mark, rest = left.partition(f"mark {n}\n")
        if not mark:  # a comment or a quote in it took that along
            found.append(Outcome(_LOST))
            continue
        left = rest
        rows = told.splitlines() if not _LISTS.match(statement) and not _PRIVILEGES.match(statement) else []
        found.append(Outcome(codes.get(n, 0), "\n".join(sorted(rows)), done.stderr if n in codes else ""))
    return found
