"""What a past use needs beside what EXPLAIN asks for: rights that the server asks for row by row, in the name
of a table's owner, or by what it only finds in a value. As a text: where that stays the same, they do."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trapstreet.plugins.changes._postgresql.behind import Touched
from trapstreet.plugins.changes._postgresql.catalogue import Catalogue, Oid
from trapstreet.plugins.changes._postgresql.probe import array_of, as_they_are, rights_on
from trapstreet.plugins.changes._postgresql.statements import Asked, Way

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

LISTS_BY_RIGHTS = re.compile(r"\b(has_\w+_privilege|pg_database_size|pg_tablespace_size)\(")
"""In a plan: what it gives hangs on the rights of who asks."""
_BY_ROLE = re.compile(
    r"\b(pg_has_role|pg_stat_get_activity|pg_terminate_backend|pg_cancel_backend|lo_\w+|loread|lowrite"
    r"|pg_read_file|pg_read_binary_file|pg_stat_file|pg_ls_\w+)\("
)


@dataclass(frozen=True, slots=True)
class Powers:
    """What of a use is to stay as it is for those as whom it is done.

    roles     in which roles they are
    open      which schemas are open to them, and which sequences;  schemas  which of these are
    makes     where they may make things
    counters  what they may do with these sequences
    guarded   which policies of these tables are theirs
    called    whether they may call these functions
    fired     what the owners of these tables may do with them
    """

    roles: bool = False
    open: bool = False
    makes: bool = False
    counters: frozenset[Oid] = frozenset()
    guarded: frozenset[Oid] = frozenset()
    called: frozenset[Oid] = frozenset()
    fired: frozenset[Oid] = frozenset()
    schemas: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self != _NONE


_NONE = Powers()


def powers_of(found: Asked, touched: Touched, catalogue: Catalogue, plans: str) -> Powers:
    """What a statement needs of them, by its names, what lies behind these, and how it would be run."""
    guarded = (oid for oid in touched.relations if catalogue.relations[oid].row_security)
    unknown = found.makes and found.writes
    unnamed = found.way == Way.COMPARE and (unknown or not touched.relations)
    return Powers(
        roles=touched.asks_roles or unnamed or bool(found.becomes) or bool(_BY_ROLE.search(plans)),
        open=touched.looks_up or found.looks_up,
        makes=found.makes or touched.makes,
        counters=touched.counters,
        guarded=frozenset(guarded) if found.writes or touched.unseen else frozenset(),
        called=frozenset(oid for oid in touched.called if catalogue.functions[oid].runs_as),
        fired=touched.fired,
        schemas=touched.schemas,
    )


def held(connection: "Connection", persons: list[str], powers: Powers, catalogue: Catalogue) -> str:
    """What somebody has of them, as one text, inside `undone`. Raises Refusal."""
    texts = []
    if powers != Powers(fired=powers.fired):
        flags = ["t" if each else "f" for each in (powers.roles, powers.open, powers.makes)]
        things = [array_of(each) for each in (powers.counters, powers.guarded, powers.schemas)]
        texts.append(as_they_are(connection, _HELD, [array_of(persons), *flags, *things]))
        texts.append(rights_on(connection, persons, [], sorted(powers.called)))
    for owner in sorted({catalogue.relations[oid].owner for oid in powers.fired}):
        theirs = sorted(oid for oid in powers.fired if catalogue.relations[oid].owner == owner)
        texts.append(rights_on(connection, [owner], theirs, sorted(powers.called)))
    return "\n".join(texts)


_HELD = b"""
    SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
        SELECT concat_ws(' ', r, 'role', g.oid, pg_has_role(r::name, g.oid, 'USAGE'),
            pg_has_role(r::name, g.oid, 'MEMBER')) AS line
        FROM unnest($1::text[]) r CROSS JOIN pg_roles g WHERE $2::bool
        UNION ALL
        SELECT concat_ws(' ', r, 'schema', n.oid, has_schema_privilege(r::name, n.oid, 'USAGE'))
        FROM unnest($1::text[]) r CROSS JOIN pg_namespace n
        WHERE ($3::bool AND n.nspname !~ '^pg_') OR n.nspname = ANY($7::text[])
        UNION ALL
        SELECT concat_ws(' ', r, 'in', n.oid, has_schema_privilege(r::name, n.oid, 'CREATE'))
        FROM unnest($1::text[]) r CROSS JOIN pg_namespace n WHERE $4::bool AND n.nspname !~ '^pg_'
        UNION ALL
        SELECT concat_ws(' ', r, 'here', has_database_privilege(r::name, current_database(), 'CREATE'),
            has_database_privilege(r::name, current_database(), 'TEMPORARY'))
        FROM unnest($1::text[]) r WHERE $4::bool
        UNION ALL
        SELECT concat_ws(' ', r, 'sequence', c.oid, has_sequence_privilege(r::name, c.oid, 'USAGE'),
            has_sequence_privilege(r::name, c.oid, 'UPDATE'),
            has_sequence_privilege(r::name, c.oid, 'SELECT'))
        FROM unnest($1::text[]) r CROSS JOIN pg_class c
        WHERE c.relkind = 'S' AND (c.oid = ANY($5::oid[]) OR $3::bool)
        UNION ALL
        SELECT concat_ws(' ', r, 'policies', p.polrelid, p.oid)
        FROM unnest($1::text[]) r CROSS JOIN pg_policy p
        WHERE p.polrelid = ANY($6::oid[]) AND EXISTS (
            SELECT FROM unnest(p.polroles) g WHERE g = 0 OR pg_has_role(r::name, g, 'USAGE'))
    ) lines
"""
