"""Rights over a MariaDB server that lead to any other right, or to what others read and write in every table.

Each was tried on a server: CREATE USER sets any account's password (ALTER USER), and so does who may write
the grant tables, be it by a grant on their database alone, or on a pattern that it fits (SET PASSWORD), or
alter them (a column made anew has its default in every row); who may write mysql.proc or mysql.event makes
routines that run as anybody, as SET USER does; REPLICATION SLAVE ADMIN has the server run any statement as it
begins to replicate (init_slave); BINLOG REPLAY writes any row of any table; CONNECTION ADMIN has whoever
connects run a statement (init_connect).
"""

from collections.abc import Callable, Iterator
from enum import IntFlag
from typing import Any, NamedTuple

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_matching import Account
from trapstreet.plugins.permissions._mariadb_tables import on_things

_EVERY = "SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.access'), 0) FROM mysql.global_priv"
_ON_GRANT_TABLES = """
    SELECT Table_name, User, Host, FIND_IN_SET('Insert', Table_priv) OR FIND_IN_SET('Update', Table_priv)
        OR FIND_IN_SET('Alter', Table_priv)
        OR FIND_IN_SET('Insert', Column_priv) OR FIND_IN_SET('Update', Column_priv)
    FROM mysql.tables_priv WHERE Db = 'mysql' AND Table_name IN ('global_priv', 'user', 'db', 'tables_priv',
        'columns_priv', 'procs_priv', 'roles_mapping', 'proxies_priv', 'proc', 'event')
"""
GRANT_TABLES = "mysql"
"""The database that they lie in."""

_REPLACES = "CREATE and DROP on the grant tables: can put its own in their place, and give itself anything"
_WRITES = "may write the grant tables: can give itself anything"


class _Access(IntFlag):
    """Rights on everything, by their places in `access`. Those from SET USER on came with MariaDB 10.5."""

    INSERT = 1 << 1
    UPDATE = 1 << 2
    PROCESS = 1 << 8
    ALTER = 1 << 13
    SUPER = 1 << 15
    REPLICATION_SLAVE = 1 << 19
    BINLOG_MONITOR = 1 << 20
    CREATE_USER = 1 << 25
    SET_USER = 1 << 30
    CONNECTION_ADMIN = 1 << 32
    REPLICATION_SLAVE_ADMIN = 1 << 34
    BINLOG_REPLAY = 1 << 37
    SLAVE_MONITOR = 1 << 38


class _Power(NamedTuple):
    """sure, could  as a door's"""

    access: _Access
    text: str
    how: How = How.SUPERUSER
    sure: bool = True
    could: bool = True


_POWERS = (
    _Power(_Access.SUPER, "SUPER: can give itself anything"),
    _Power(_Access.CREATE_USER, "CREATE USER: can set anybody's password"),
    _Power(_Access.SET_USER, "SET USER: can make routines that run as anybody"),
    _Power(
        _Access.REPLICATION_SLAVE_ADMIN,
        "REPLICATION SLAVE ADMIN: can have the server run anything (init_slave)",
    ),
    _Power(_Access.BINLOG_REPLAY, "BINLOG REPLAY: can write every table, those of grants as well"),
    _Power(
        _Access.CONNECTION_ADMIN,
        "CONNECTION ADMIN: can have everybody who connects run a statement (init_connect)",
        sure=False,
    ),
    _Power(
        _Access.REPLICATION_SLAVE,
        "REPLICATION SLAVE: reads all that changes, where the server keeps a binary log of it",
        How.REPLICATION, sure=False, could=False,
    ),
    _Power(
        _Access.PROCESS,
        "PROCESS: sees what others ask while it runs, and the values in that",
        How.STATEMENTS, sure=False, could=False,
    ),
    _Power(
        _Access.BINLOG_MONITOR,
        "BINLOG MONITOR: sees statements that changed something, where the server keeps a binary log of them",
        How.STATEMENTS, sure=False, could=False,
    ),
    _Power(
        _Access.SLAVE_MONITOR,
        "SLAVE MONITOR: sees statements that changed something, where the server is a replica",
        How.STATEMENTS, sure=False, could=False,
    ),
)  # fmt: skip


def doors(
    granted: Callable[[str], list[tuple[Any, ...]]],
    accounts: Accounts,
    writers: tuple[Bits, Bits],
    replacing: Bits,
) -> Iterator[Door]:
    """Doors to everything, for who has such a right.

    granted    asks the grant tables;  writers  who may write their database, surely and perhaps
    replacing  who may put others in their place
    """
    held = [
        (1 << number, int(access))
        for user, host, access in granted(_EVERY)
        if (number := accounts.number.get(Account(user, host))) is not None
    ]
    sure, perhaps = writers
    for more, maybe in on_things(accounts, granted(_ON_GRANT_TABLES)).values():
        sure, perhaps = sure | more, perhaps | maybe
    sure |= _those(held, _Access.INSERT | _Access.UPDATE | _Access.ALTER)
    found = [(each, _those(held, each.access)) for each in _POWERS]
    found += [
        (_Power(_Access(0), _WRITES), sure),
        (_Power(_Access(0), f"{_WRITES}, by where the client comes from", sure=False), perhaps & ~sure),
        (_Power(_Access(0), _REPLACES, sure=False), replacing & ~accounts.has.arriving(sure)),
    ]
    for power, to in found:
        if to:
            yield Door(
                None, power.how, accounts.has.arriving(to), (Grant(power.text, to),), accounts.everybody,
                Rows.SHOWN if power.how == How.STATEMENTS else Rows.ALL, sure=power.sure, could=power.could,
            )  # fmt: skip


def _those(held: list[tuple[Bits, int]], access: _Access) -> Bits:
    """Who has any of these rights."""
    found: Bits = 0
    for bit, each in held:
        found |= bit if each & access else 0
    return found
