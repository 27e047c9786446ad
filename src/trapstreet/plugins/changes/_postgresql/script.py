"""Changes of rights as a script for psql."""

from collections.abc import Sequence

from trapstreet.core.model.changes import Step
from trapstreet.core.model.words import printable
from trapstreet.plugins._postgresql import psql_connect


def script(head: Sequence[str], steps: Sequence[Step]) -> str:
    """One transaction a database. The first lines are comments."""
    lines = [*(f"-- {printable(each)}" for each in head), "\\set ON_ERROR_STOP on"]
    database = None
    for each in steps:
        where = each.database
        if database is None or where not in ("", database):
            if database is not None:
                lines.append("COMMIT;")
            if where:
                lines += psql_connect(where)
                database = where
            else:
                database = ""
            lines += ["BEGIN;", "SET LOCAL lock_timeout = '1s';", "SET LOCAL search_path = pg_catalog;"]
        lines.append(f"-- {printable(each.says)}")
        lines += [f"{statement};" for statement in each.statements]
    return "\n".join([*lines, "COMMIT;" if steps else "-- nothing to do", ""])
