"""What leads to functions in PostgreSQL: operators, types, the orders of types, aggregates, other functions.

A thing is a number of its own in the whole database: its class in the catalogue, and its oid there.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

Oid = int
Thing = int
_CLASSES = "('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_opclass'::regclass)"
_OWN = "<> 'pg_catalog'::regnamespace"


def thing(name: str, oid: str) -> str:
    """The SQL for a thing: by the name of its class, or what gives its oid."""
    return f"(({name})::oid::int8 << 32) + ({oid})::int8"


_FUNCTION, _OPERATOR, _TYPE, _CLASS = (
    f"'{name}'::regclass" for name in ("pg_proc", "pg_operator", "pg_type", "pg_opclass")
)
REFERRED = thing("d.refclassid", "d.refobjid")
"""What something in pg_depend is made of."""
IS_LEADING = f"d.refclassid IN {_CLASSES}"
_OUT_OF_ITSELF = f"""
    SELECT {thing("d.classid", "d.objid")}, {REFERRED} FROM pg_depend d
    WHERE d.classid IN {_CLASSES} AND {IS_LEADING}
    UNION ALL
    SELECT {thing(_TYPE, "w.contypid")}, {REFERRED} FROM pg_depend d
    JOIN pg_constraint w ON d.classid = 'pg_constraint'::regclass AND d.objid = w.oid
    WHERE w.contypid <> 0 AND {IS_LEADING}
    UNION ALL
    SELECT {thing(_TYPE, "c.reltype")}, {thing(_TYPE, "a.atttypid")}
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.reltype <> 0 AND t.typnamespace {_OWN}
    UNION ALL
    SELECT {thing(_OPERATOR, "o.oid")}, {thing(_OPERATOR, "other")}
    FROM pg_operator o CROSS JOIN unnest(ARRAY[o.oprcom, o.oprnegate]) other
    WHERE other <> 0 AND o.oprnamespace {_OWN}
"""  # noqa: S608 - nothing in it comes from outside
_BY_CASTS = f"""
    SELECT {thing(_TYPE, "t.oid")}, {thing(_FUNCTION, "p.oid")}
    FROM pg_cast c JOIN pg_proc p ON p.oid = c.castfunc
    JOIN pg_type a ON a.oid = c.castsource JOIN pg_type b ON b.oid = c.casttarget
    JOIN pg_type t ON t.oid IN (a.oid, b.oid)
    WHERE p.pronamespace {_OWN} AND (t.typnamespace {_OWN} OR (a.typnamespace, b.typnamespace)
        = ('pg_catalog'::regnamespace, 'pg_catalog'::regnamespace))
"""  # noqa: S608 - nothing in it comes from outside
_BY_ORDERS = f"""
    SELECT {thing(_TYPE, "k.opcintype")}, {thing(_CLASS, "k.oid")} FROM pg_opclass k
    WHERE k.opcdefault AND k.opcnamespace {_OWN}
    UNION ALL
    SELECT {thing(_TYPE, "t.oid")}, {thing(_FUNCTION, "p.oid")}
    FROM pg_amproc m JOIN pg_proc p ON p.oid = m.amproc
    JOIN pg_type t ON t.oid IN (m.amproclefttype, m.amprocrighttype)
    WHERE p.pronamespace {_OWN} AND t.typnamespace {_OWN}
    UNION ALL
    SELECT {thing(_TYPE, "t.oid")}, {thing(_OPERATOR, "o.oid")}
    FROM pg_amop m JOIN pg_operator o ON o.oid = m.amopopr
    JOIN pg_type t ON t.oid IN (m.amoplefttype, m.amoprighttype)
    WHERE o.oprnamespace {_OWN} AND t.typnamespace {_OWN}
    UNION ALL
    SELECT {thing(_CLASS, "k.oid")}, {thing(_FUNCTION, "p.oid")}
    FROM pg_opclass k JOIN pg_amproc m ON m.amprocfamily = k.opcfamily JOIN pg_proc p ON p.oid = m.amproc
    WHERE p.pronamespace {_OWN}
    UNION ALL
    SELECT {thing(_CLASS, "k.oid")}, {thing(_OPERATOR, "o.oid")}
    FROM pg_opclass k JOIN pg_amop m ON m.amopfamily = k.opcfamily JOIN pg_operator o ON o.oid = m.amopopr
    WHERE o.oprnamespace {_OWN}
    UNION ALL
    SELECT {thing(_OPERATOR, "m.amopopr")}, {thing(_FUNCTION, "p.oid")}
    FROM pg_amop m JOIN pg_amproc f ON f.amprocfamily = m.amopfamily JOIN pg_proc p ON p.oid = f.amproc
    WHERE p.pronamespace {_OWN}
"""  # noqa: S608 - nothing in it comes from outside
LEADS = f"{_OUT_OF_ITSELF} UNION ALL {_BY_CASTS} UNION ALL {_BY_ORDERS}"
"""Each thing, and one that the server may use where it uses this: a type's checks, casts and orders; what an
operator is turned into; what functions and aggregates are made of, and take where nothing is given."""
NAMED = f"""
    SELECT p.proname, {thing(_FUNCTION, "p.oid")} FROM pg_proc p WHERE p.pronamespace {_OWN}
    UNION ALL
    SELECT t.typname, {thing(_TYPE, "t.oid")} FROM pg_type t
"""  # noqa: S608 - nothing in it comes from outside
OPERATORS = f"""
    SELECT o.oprname, {thing(_OPERATOR, "o.oid")} FROM pg_operator o WHERE o.oprnamespace {_OWN}
"""  # noqa: S608 - nothing in it comes from outside
OF_ROWS = f"""
    SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_type t ON t.oid = p.proargtypes[0]
    WHERE p.pronamespace {_OWN} AND t.typtype IN ('c', 'd', 'p') AND NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attname = p.proname
            AND NOT a.attisdropped)
"""  # noqa: S608 - nothing in it comes from outside
"""Functions that may be called as if they were columns of a row: t.f is f(t)."""
IN_POLICIES = f"""
    SELECT p.polrelid,
        ARRAY(SELECT CASE r WHEN 0 THEN '' ELSE pg_get_userbyid(r) END FROM unnest(p.polroles) r), {REFERRED}
    FROM pg_policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
    WHERE {IS_LEADING}
"""  # noqa: S608 - nothing in it comes from outside
ATTACHED = f"""
    SELECT w.ev_class, {REFERRED}, 'read' FROM pg_depend d
    JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid WHERE {IS_LEADING}
    UNION ALL
    SELECT w.adrelid, {REFERRED}, 'row' FROM pg_depend d
    JOIN pg_attrdef w ON d.classid = 'pg_attrdef'::regclass AND d.objid = w.oid WHERE {IS_LEADING}
    UNION ALL
    SELECT w.conrelid, {REFERRED}, 'row' FROM pg_depend d
    JOIN pg_constraint w ON d.classid = 'pg_constraint'::regclass AND d.objid = w.oid
    WHERE w.conrelid <> 0 AND {IS_LEADING}
    UNION ALL
    SELECT a.attrelid, {REFERRED}, 'row' FROM pg_depend d
    JOIN pg_constraint w ON d.classid = 'pg_constraint'::regclass AND d.objid = w.oid
    JOIN pg_attribute a ON a.atttypid = w.contypid WHERE {IS_LEADING}
    UNION ALL
    SELECT w.partrelid, {REFERRED}, 'read' FROM pg_depend d
    JOIN pg_partitioned_table w ON d.classid = 'pg_class'::regclass AND d.objid = w.partrelid
    WHERE {IS_LEADING}
    UNION ALL
    SELECT w.stxrelid, {REFERRED}, 'row' FROM pg_depend d
    JOIN pg_statistic_ext w ON d.classid = 'pg_statistic_ext'::regclass AND d.objid = w.oid
    WHERE {IS_LEADING}
    UNION ALL
    SELECT t.tgrelid, {REFERRED}, 'row' FROM pg_depend d
    JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
    WHERE {IS_LEADING} AND (d.refclassid, d.refobjid) <> ({_FUNCTION}, t.tgfoid)
    UNION ALL
    SELECT i.indrelid, {REFERRED}, CASE WHEN d.refclassid = {_CLASS} THEN 'read' ELSE 'row' END
    FROM pg_depend d JOIN pg_index i ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
    WHERE {IS_LEADING}
    UNION ALL
    SELECT a.attrelid, {thing(_TYPE, "a.atttypid")}, 'read' FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (t.typnamespace {_OWN} OR EXISTS (
        SELECT FROM pg_cast k JOIN pg_proc p ON p.oid = k.castfunc
        WHERE p.pronamespace {_OWN} AND t.oid IN (k.castsource, k.casttarget)) OR EXISTS (
        SELECT FROM pg_opclass k WHERE k.opcintype = t.oid AND k.opcdefault AND k.opcnamespace {_OWN}))
    UNION ALL
    SELECT t.tgrelid, {thing(_FUNCTION, "t.tgfoid")}, 'trigger' FROM pg_trigger t WHERE NOT t.tgisinternal
"""  # noqa: S608 - nothing in it comes from outside
"""Tables and views, what is used with them, and when: as they are read, as a row is written, by a trigger."""


class Leading:
    """Which functions with a text a thing leads to, in however many steps.

    function  the number that pg_proc has as a class
    """

    def __init__(self, leads: Iterable[tuple[Thing, Thing]], function: Oid, texts: Iterable[Oid]) -> None:
        self._next: dict[Thing, list[Thing]] = {}
        for one, other in leads:
            self._next.setdefault(one, []).append(other)
        self._texts = {(function << 32) + oid: oid for oid in texts}
        self.to: Callable[[Thing], tuple[Oid, ...]] = cache(self._to)

    def _to(self, one: Thing) -> tuple[Oid, ...]:
        seen, left = {one}, [one]
        while left:
            new = {*self._next.get(left.pop(), ())} - seen
            seen |= new
            left += new
        return tuple(self._texts[each] for each in sorted(seen & self._texts.keys()))

    def by(self, pairs: Iterable[tuple[Any, Thing]]) -> list[tuple[Any, Oid]]:
        """Names of things as names of the functions that they lead to."""
        return [(name, oid) for name, each in pairs for oid in self.to(each)]
