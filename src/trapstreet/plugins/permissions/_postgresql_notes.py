"""What is to be known of a PostgreSQL database beside its tables: what leads out of it, or into tables that
are not there yet."""

from collections.abc import Iterable, Iterator

from trapstreet.plugins.permissions._postgresql_catalogue import (
    Coming,
    Database,
    Foreign,
    Handler,
    Publication,
    Trusting,
)
from trapstreet.plugins.permissions._postgresql_roles import Roles

_NAMED = 3
"""So many tables are named."""


def beside(
    database: Database,
    roles: Roles,
    *,
    published: Iterable[Publication],
    foreign: Iterable[Foreign],
    handlers: Iterable[Handler],
    trusting: Iterable[Trusting],
    coming: Iterable[Coming],
) -> Iterator[str]:
    """Each in one sentence."""
    for publication in published:
        yield (
            f"{database.name}: publication {publication.name} hands out {_handed_out(publication)};"
            " who subscribes to it is not known"
        )
    for link in foreign:
        yield (
            f"{database.name}: {link.user} reaches foreign server {link.server};"
            " what that lets it read is not known"
        )
    for handler in handlers:
        yield (
            f"{database.name}: {roles.name(handler.owner)} could change function {handler.function},"
            f" which runs with rows of {_some(handler.tables)}, and see them"
        )
    for those in trusting:
        yield (
            f"{database.name}: {_some(those.functions)} without SET search_path: who executes one and may"
            f" make tables, temporary ones too, could have it run something else as {roles.name(those.owner)}"
        )
    for each in coming:
        to = [oid for oid in each.may_select if oid != each.owner]
        if to:
            where = f"schema {each.schema}" if each.schema else "any schema"
            names = ", ".join(sorted(roles.name(oid) for oid in to))
            yield (
                f"{database.name}: tables that {roles.name(each.owner)} makes in {where}"
                f" will be readable by {names}"
            )


def _handed_out(publication: Publication) -> str:
    if publication.all_tables:
        return "the rows of every table"
    return f"the rows of {_some(publication.tables)}" if publication.tables else "no table yet"


def _some(tables: list[str]) -> str:
    more = f" and {len(tables) - _NAMED:,} more" if len(tables) > _NAMED else ""
    return f"{', '.join(tables[:_NAMED])}{more}"
