"""Who may read or write MariaDB's grant tables by a right on them alone, or on their database.

Each was tried on a server: who may select from mysql.global_priv or mysql.user has the hashes of passwords;
who may insert, update or alter there, or another of them, gives itself anything; so does who may do that with
the tables of routines and events, whose definers stand there.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from trapstreet.plugins._mariadb_patterns import breadth, fits, fits_in_any_case

ASKED = """
    SELECT User, Host, Db, Select_priv = 'Y', Insert_priv = 'Y' OR Update_priv = 'Y' OR Alter_priv = 'Y'
    FROM mysql.db
"""
ON_TABLES = """
    SELECT User, Host, Db, FIND_IN_SET('Select', Table_priv) AND Table_name IN ('user', 'global_priv'),
        CONCAT(',', Table_priv, ',', Column_priv, ',') REGEXP ',(Insert|Update|Alter),', 1
    FROM mysql.tables_priv WHERE Db = 'mysql' AND Table_name IN ('global_priv', 'user', 'db', 'tables_priv',
        'columns_priv', 'procs_priv', 'roles_mapping', 'proxies_priv', 'proc', 'event')
    UNION ALL
    SELECT User, Host, Db, 1, 0, 1 FROM mysql.columns_priv
    WHERE Db = 'mysql' AND Table_name IN ('user', 'global_priv') AND FIND_IN_SET('Select', Column_priv)
        AND Column_name IN ('Priv', 'Password', 'authentication_string')
"""

_EVERYBODY = ("", "PUBLIC")


class Right(NamedTuple):
    """One row of either answer."""

    user: str
    host: str
    database: str
    reads: bool
    writes: bool
    on_table: bool = False

    def is_for(self, user: str, host: str, roles: Collection[str]) -> bool:
        """Whether an account, or a role, has it. Of one name, the account has nothing of the role's; the role
        has what the account is given on a database for any host, not what on a table."""
        if self.user not in (user, *_EVERYBODY):
            return False
        if self.user not in _EVERYBODY and self.user in roles:
            if not self.host:
                return not host
            if not host and self.on_table:
                return False
        return not self.host or fits(self.host.lower(), host.lower())


def effective(on_databases: Iterable[Right], on_tables: Iterable[Right]) -> list[Right]:
    """The rights on the grant tables. Of the patterns that fit their database the nearest one counts."""
    nearest: dict[tuple[str, str], Right] = {}
    for each in on_databases:
        if fits_in_any_case(each.database, "mysql"):
            of = each.user, each.host
            nearest[of] = min(nearest.get(of, each), each, key=lambda right: breadth(right.database))
    return [*nearest.values(), *on_tables]
