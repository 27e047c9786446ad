"""Who may alter a table of MariaDB, or make an index on it, and comes to values of it by that.

What only a server shows, and is so here: where a column of text is made one of numbers, the error has the
first value that is none; a unique index names the first that is there twice; and with DROP beside ALTER the
table can be moved (RENAME TABLE) to where somebody reads. TRIGGER shows nothing without SELECT, nor does
REFERENCES: a foreign key tells whether a value is there that one knows already.
"""

from collections.abc import Callable, Iterable, Iterator

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import Contents
from trapstreet.plugins.permissions._mariadb_matching import DatabaseGrant
from trapstreet.plugins.permissions._mariadb_tables import Given, on_things


def doors(
    contents: Contents,
    accounts: Accounts,
    on_database: Callable[[str, Callable[[DatabaseGrant], bool]], Given],
    *,
    beside: Iterable[Door],
) -> Iterator[Door]:
    """Doors to tables, for those who do not surely read them anyway.  beside  what they read by"""
    read_by: dict[int, Bits] = {}
    for each in beside:
        if each.resource is not None and each.how == How.GRANT and each.sure:
            read_by[each.resource] = read_by.get(each.resource, 0) | each.opens
    if contents.alters:
        grant = Grant("ALTER or INDEX on *.*: errors tell values", contents.alters)
        opens = accounts.has.arriving(contents.alters)
        yield Door(None, How.ALTERING, opens, (grant,), accounts.everybody, Rows.SHOWN, sure=False)
    views = {(each.schema, each.name) for each in contents.views}
    own = on_things(
        accounts, (((each.schema, each.name), each.user, each.host, each.alters) for each in contents.tables)
    )
    by_schema: dict[str, tuple[Bits, Bits]] = {}
    for table, number in contents.relations.items():
        if table in views:
            continue
        if table[0] not in by_schema:
            sure, perhaps = on_database(table[0], lambda grant: grant.alters)
            by_schema[table[0]] = sure | perhaps, accounts.acts.arriving(sure | perhaps)
        (on_all, opens), (sure, perhaps) = by_schema[table[0]], own.get(table, (0, 0))
        if sure | perhaps:
            opens |= accounts.has.arriving(sure | perhaps)
        if opens := opens & ~read_by.get(number, 0):
            grant = Grant(f"ALTER or INDEX on {'.'.join(table)}: errors tell values", on_all | sure | perhaps)
            yield Door(number, How.ALTERING, opens, (grant,), accounts.everybody, Rows.SHOWN, sure=False)
