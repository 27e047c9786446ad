"""Rights over a MariaDB server that lead to any other right, or to what changes in every table.

Each was tried on a server: CREATE USER sets any account's password (ALTER USER), and so does who may write
the grant tables, be it by a grant on their database alone, or on a pattern that it fits (SET PASSWORD); SET
USER makes routines that run as anybody.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from trapstreet.core.model.rights import Bits, Door, Grant, How
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_matching import Account
from trapstreet.plugins.permissions._mariadb_tables import on_things

_EVERY = """
    SELECT User, Host, Super_priv = 'Y', Create_user_priv = 'Y', Insert_priv = 'Y' OR Update_priv = 'Y',
        Repl_slave_priv = 'Y', COALESCE((SELECT JSON_VALUE(Priv, '$.access') >> 30 & 1 FROM mysql.global_priv
            WHERE global_priv.User = user.User AND global_priv.Host = user.Host), 0)
    FROM mysql.user ORDER BY User, Host
"""
_ON_GRANT_TABLES = """
    SELECT Table_name, User, Host, FIND_IN_SET('Insert', Table_priv) OR FIND_IN_SET('Update', Table_priv)
        OR FIND_IN_SET('Insert', Column_priv) OR FIND_IN_SET('Update', Column_priv)
    FROM mysql.tables_priv WHERE Db = 'mysql' AND Table_name IN ('global_priv', 'user', 'db', 'tables_priv',
        'columns_priv', 'procs_priv', 'roles_mapping', 'proxies_priv')
"""
GRANT_TABLES = "mysql"
"""The database that they lie in."""

_WRITES = "may write the grant tables: can give itself anything"


class _Held(NamedTuple):
    user: str
    host: str
    rules: bool
    makes_accounts: bool
    writes: bool
    replicates: bool
    runs_as_others: bool


def doors(
    granted: Callable[[str], list[tuple[Any, ...]]], accounts: Accounts, writers: tuple[Bits, Bits]
) -> Iterator[Door]:
    """Doors to everything, for who has such a right.

    granted  asks the grant tables;  writers  who may write their database, surely and perhaps
    """
    every = [_Held(*row) for row in granted(_EVERY)]
    held = [
        (1 << number, each)
        for each in every
        if (number := accounts.number.get(Account(each.user, each.host))) is not None
    ]
    sure, perhaps = writers
    for more, maybe in on_things(accounts, granted(_ON_GRANT_TABLES)).values():
        sure, perhaps = sure | more, perhaps | maybe
    sure |= _those(held, "writes")
    for text, to, surely in (
        ("SUPER: can give itself anything", _those(held, "rules"), True),
        ("CREATE USER: can set anybody's password", _those(held, "makes_accounts"), True),
        ("SET USER: can make routines that run as anybody", _those(held, "runs_as_others"), True),
        (_WRITES, sure, True),
        (f"{_WRITES}, by where the client comes from", perhaps & ~sure, False),
    ):
        if to:
            opens = accounts.has.arriving(to)
            grant = Grant(text, to)
            yield Door(None, How.SUPERUSER, opens, (grant,), accounts.everybody, sure=surely, could=True)
    if copies := _those(held, "replicates"):
        text = "REPLICATION SLAVE: reads all that changes, where the server keeps a binary log of it"
        opens = accounts.has.arriving(copies)
        yield Door(None, How.REPLICATION, opens, (Grant(text, copies),), accounts.everybody, sure=False)


def _those(held: list[tuple[Bits, _Held]], power: str) -> Bits:
    found: Bits = 0
    for bit, each in held:
        found |= bit if getattr(each, power) else 0
    return found
