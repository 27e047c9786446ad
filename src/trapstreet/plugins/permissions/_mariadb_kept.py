"""What MariaDB keeps of all tables beside them, and who may read that.

What only a server shows, and is so here: after ANALYZE TABLE … PERSISTENT, column_stats has the least and the
greatest value of each column; general_log and slow_log have everybody's statements, with the values in them,
where log_output is TABLE; so has performance_schema, where it is on and set to keep them.
"""

from collections.abc import Callable, Iterator

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._mariadb_accounts import Accounts
from trapstreet.plugins.permissions._mariadb_contents import Contents
from trapstreet.plugins.permissions._mariadb_matching import DatabaseGrant
from trapstreet.plugins.permissions._mariadb_tables import Given, on_tables

_KEPT = (
    (How.STATISTICS, "mysql", ("column_stats",), "values of tables that were analyzed"),
    (
        How.STATEMENTS,
        "mysql",
        ("general_log", "slow_log"),
        "what others asked, where that is logged in tables",
    ),
    (
        How.STATEMENTS,
        "performance_schema",
        (
            "events_statements_current", "events_statements_history", "events_statements_history_long",
            "prepared_statements_instances", "threads", "user_variables_by_thread",
        ),
        "what others ask, where it is on",
    ),
)  # fmt: skip


def doors(
    contents: Contents,
    accounts: Accounts,
    on_database: Callable[[str, Callable[[DatabaseGrant], bool]], Given],
) -> Iterator[Door]:
    """Doors to every table, for who may read what is kept, by less than SELECT on everything."""
    schemas = {schema for _, schema, _, _ in _KEPT}
    whole, parts = on_tables(
        accounts,
        (each for each in contents.tables if each.schema in schemas),
        (each for each in contents.columns if each.schema in schemas),
    )
    for how, schema, names, what in _KEPT:
        on_all: Bits = sum(on_database(schema, lambda grant: grant.selects))
        on_one: Bits = 0
        for name in names:
            for sure, perhaps in (whole.get((schema, name), (0, 0)), *parts.get((schema, name), {}).values()):
                on_one |= sure | perhaps
        if opens := accounts.acts.arriving(on_all) | accounts.has.arriving(on_one):
            text = f"SELECT on {schema}.{names[0] if len(names) == 1 else '*'}: {what}"
            grant = Grant(text, on_all | on_one)
            yield Door(None, how, opens, (grant,), accounts.everybody, Rows.SHOWN, sure=False)
