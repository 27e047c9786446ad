"""What is asked of PostgreSQL's catalogues about tables that can be sampled."""

from typing import NamedTuple

PUBLIC_NAMESPACES = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

DATABASES = """
    SELECT datname, datallowconn, has_database_privilege(oid, 'CONNECT')
    FROM pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname
"""
TABLES = f"""
    SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.reltuples::float8, c.relpages,
        CASE WHEN c.relkind = 'p' OR pg_is_in_recovery() OR NOT current_setting('track_counts')::bool THEN ''
        ELSE concat_ws(' ', c.oid, c.xmin, c.relfilenode,
            (SELECT hashtextextended(string_agg(a.attname::text, ' ' ORDER BY a.attnum), 0)
                FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
            pg_stat_get_tuples_inserted(c.oid),
            pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid),
            extract(epoch FROM pg_postmaster_start_time()),
            extract(epoch FROM (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database())))
        END,
        has_schema_privilege(n.oid, 'USAGE'),
        CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND {PUBLIC_NAMESPACES}
    ORDER BY c.relispartition, n.nspname, c.relname
"""  # noqa: S608 - nothing in it comes from outside
COLUMNS = f"""
    SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod),
        has_column_privilege(a.attrelid, a.attnum, 'SELECT'), s.n_distinct
    FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
            AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
    WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND {PUBLIC_NAMESPACES} AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum
"""  # noqa: S608 - nothing in it comes from outside
SCHEMAS = f"SELECT n.nspname FROM pg_namespace n WHERE {PUBLIC_NAMESPACES} ORDER BY 1"  # noqa: S608 - as above
SECURED = f"""
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relrowsecurity AND {PUBLIC_NAMESPACES} ORDER BY 1
"""  # noqa: S608 - as above
SIZES = {
    "r": "pg_relation_size({oid}::oid)",
    "m": "pg_relation_size({oid}::oid)",
    "p": "(SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree({oid}::oid))",
}
"""Bytes of a relation, by its kind. What pg_class says of its blocks is from when it was counted last."""
SHARE = """least(100, 100.0 * {blocks} * current_setting('block_size')::int
    / greatest(1, coalesce({size}, 0)))"""
"""So many blocks as a percentage of a relation."""


class Table(NamedTuple):
    """A relation. rows: below 0 where nobody counted;  root: the whole that it is a part of, else None."""

    oid: int
    schema: str
    name: str
    kind: str
    rows: float
    pages: int
    version: str
    usable: bool | None
    root: int | None


class Column(NamedTuple):
    """A column. n_distinct as pg_stats has it: a share of the rows, negated, where it is below 0."""

    table: int
    name: str
    declared: str
    may_select: bool | None
    n_distinct: float | None
