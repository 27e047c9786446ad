"""Random statements over relations with the columns id, a, b and c, for `proofs_postgresql.py`."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from proofs_postgresql_world import COLUMNS, ROWS, Database, q, text

Said = tuple[str, str, bool]
"""A statement, by which means it is sent, and whether its rows are to be the same again."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a statement is drawn from: what somebody may read and write, and at times anything else."""

    rng: random.Random
    database: Database
    reads: Sequence[str]
    writes: Mapping[str, Sequence[str]]
    roles: Sequence[str]
    version: int

    def table(self, right: str = "SELECT") -> str:
        known = self.reads if right == "SELECT" else self.writes[right]
        everything = self.database.relations if self.rng.random() < 0.1 else ()
        name = self.rng.choice(everything or known or self.database.relations)
        return q(_last(name)) if self.rng.random() < 0.12 else name

    @property
    def n(self) -> int:
        return self.rng.randint(1, ROWS)

    @property
    def columns(self) -> str:
        if self.rng.random() < 0.4:
            return "*"
        return ", ".join(self.rng.sample(COLUMNS, self.rng.randint(1, 3)))

    def one(self, *choices: str) -> str:
        return self.rng.choice(choices)


def _last(name: str) -> str:
    return name.split('"."', 1)[1].removesuffix('"').replace('""', '"')


def statement(d: Drawn) -> Iterator[Said]:
    """A statement; some are several."""
    kinds: Sequence[tuple[int, Callable[[Drawn], Iterator[Said]]]] = (
        (40, _reads), (22, _writes), (8, _code), (8, _cursors), (7, _copies), (7, _own), (6, _asks),
        (5, _makes), (5, _rights), (3, _sequences),
    )  # fmt: skip
    weights, makers = zip(*kinds, strict=True)
    yield from d.rng.choices(makers, weights)[0](d)


def _reads(d: Drawn) -> Iterator[Said]:
    t, u, n = d.table(), d.table(), d.n
    select = d.one(
        f"SELECT {d.columns} FROM {t} ORDER BY 1",
        f"SELECT {d.columns} FROM {t} WHERE id = {n} OR b LIKE '%p%'",
        f"SELECT x.id, y.b FROM {t} x {d.one('', 'LEFT', 'FULL')} JOIN {u} y ON x.a = y.id",
        f"SELECT x.id, l.a FROM {t} x, LATERAL (SELECT a FROM {u} y WHERE y.id = x.a LIMIT 1) l",
        f"WITH RECURSIVE r(id, a) AS (SELECT id, a FROM {t} WHERE id = {n}"
        f" UNION SELECT u.id, u.a FROM {u} u JOIN r ON u.id = r.a) SELECT count(*) FROM r",
        f"SELECT id FROM {t} {d.one('UNION', 'INTERSECT ALL', 'EXCEPT')} SELECT a FROM {u} ORDER BY 1",
        f"SELECT id, rank() OVER (ORDER BY a, id), sum(a) OVER w FROM {t} WINDOW w AS (ORDER BY b)",
        f"SELECT a, b, count(*) FROM {t} GROUP BY GROUPING SETS ((a), (b), ()) ORDER BY 1, 2, 3",
        f"SELECT a, max(b) FROM {t} GROUP BY CUBE (a) HAVING count(*) > {n - 1} ORDER BY 1",
        f"SELECT id FROM {t} TABLESAMPLE BERNOULLI (100) ORDER BY id",
        f"SELECT id, a FROM {t} WHERE id < {n} ORDER BY id FOR {d.one('UPDATE', 'SHARE', 'KEY SHARE')}",
        f"SELECT id FROM {t} WHERE EXISTS (SELECT FROM {u} WHERE {u}.id = {n}) AND a IN (SELECT id FROM {u})",
        f"SELECT CASE WHEN id > {n} THEN (SELECT max(id) FROM {u}) ELSE 0 END FROM {t} ORDER BY id",
        f"SELECT DISTINCT ON (a) a, id FROM {t} ORDER BY a, id DESC LIMIT {n}",
        f"SELECT count(*) FILTER (WHERE id > {n}), string_agg(b, ',' ORDER BY id) FROM {t}",
        f"TABLE {t}",
        f"SELECT t FROM {t} t ORDER BY id",
        f"SELECT count(*) FROM {t}",
        f"SELECT 1 FROM {t} LIMIT 1",
        f"SELECT array(SELECT id FROM {u} ORDER BY id), (SELECT b FROM {t} WHERE id = {n})",
        f"SELECT id FROM {t} WHERE b = current_user OR id = ANY(ARRAY[1, {n}])",
        f"SELECT * FROM {t} WHERE (id, a) IN (VALUES (1, 1), ({n}, 2))",
    )
    yield select, d.one("plain", "plain", "bound", "prepared", "cursor", "pipeline"), True


def _writes(d: Drawn) -> Iterator[Said]:
    i, w, x, t, n = d.table("INSERT"), d.table("UPDATE"), d.table("DELETE"), d.table(), d.n
    back = d.one("", "", " RETURNING id", " RETURNING *")
    new = d.rng.randint(1_000, 9_999)
    change = d.one(
        f"INSERT INTO {i} (id, a, b) VALUES ({new}, {n}, 'new')",
        f"INSERT INTO {i} (a, b) VALUES ({n}, 'new')",
        f"INSERT INTO {i} (id, a) SELECT id + {new}, a FROM {t}",
        f"INSERT INTO {i} (id, a) VALUES ({n}, 1) ON CONFLICT (id) DO UPDATE SET a = EXCLUDED.a",
        f"INSERT INTO {i} (id, a) VALUES ({n}, 1) ON CONFLICT DO NOTHING",
        f"UPDATE {w} SET b = 'changed' WHERE id = {n}{back}",
        f"UPDATE {w} SET a = {n}",
        f"UPDATE {w} w SET b = t.b FROM {t} t WHERE t.id = w.a",
        f"UPDATE {w} SET id = id + 500 WHERE id = {n}",
        f"DELETE FROM {x} WHERE id = {n}{back}",
        f"DELETE FROM {x}",
        f"DELETE FROM {x} x USING {t} t WHERE x.a = t.id",
        f"MERGE INTO {w} w USING {t} t ON w.id = t.a WHEN MATCHED THEN UPDATE SET b = 'merged'",
        f"MERGE INTO {i} w USING {t} t ON w.id = t.id + {new} WHEN NOT MATCHED THEN"
        f" INSERT (id, a) VALUES (t.id + {new}, 1)",
        f"WITH gone AS (DELETE FROM {x} WHERE id = {n} RETURNING id, a) SELECT * FROM gone",
        f"WITH done AS (UPDATE {w} SET a = 1 WHERE id = {n} RETURNING a) INSERT INTO {i} (id, a)"
        f" SELECT {new}, a FROM done",
        f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) UPDATE {w} SET a = 1 WHERE id = {n}",
    )
    yield change, d.one("plain", "plain", "bound", "pipeline"), not change.startswith("EXPLAIN")


def _code(d: Drawn) -> Iterator[Said]:
    base, t = d.database, d.table()
    choices = [f"SELECT {each}({d.n})" for each in base.functions]
    choices += [f"SELECT id FROM {t} WHERE {each}(id) >= 0 ORDER BY id" for each in base.functions]
    choices += [f"SELECT {d.n} {each} 2" for each in base.operators]
    choices += [f"SELECT {each}" for each in base.types]
    choices += [f"CALL {each}({d.n})" for each in base.procedures]
    choices += [f"DO {text(f'BEGIN PERFORM count(*) FROM {t}; END')}"]
    choices += ["SELECT length(lo_get(4711))", f"SELECT query_to_xml({text(f'TABLE {t}')}, true, true, '')"]
    yield d.one(*choices), "plain", True


def _cursors(d: Drawn) -> Iterator[Said]:
    t, w = d.table(), d.table("UPDATE")
    dice = d.rng.random()
    if dice < 0.4:
        yield f"DECLARE cur {d.one('', 'SCROLL')} CURSOR FOR SELECT id, a FROM {t} ORDER BY id", "plain", True
        yield f"FETCH {d.n} FROM cur", "plain", True
        yield "CLOSE cur", "plain", True
    elif dice < 0.6:
        yield f"DECLARE cur CURSOR FOR SELECT id FROM {w} FOR UPDATE", "plain", True
        yield "FETCH 1 FROM cur", "plain", False
        yield f"UPDATE {w} SET b = 'at' WHERE CURRENT OF cur", "plain", True
    else:
        yield f"PREPARE asked (int) AS SELECT id, a FROM {t} WHERE id = $1", "plain", True
        yield f"EXECUTE asked ({d.n})", "plain", True
        yield "DEALLOCATE asked", "plain", True


def _copies(d: Drawn) -> Iterator[Said]:
    t, i = d.table(), d.table("INSERT")
    choices = (
        (f"COPY {t} TO STDOUT", "copy"),
        (f"COPY {t} (id, a) TO STDOUT WITH (FORMAT csv, HEADER)", "copy"),
        (f"COPY (SELECT id, b FROM {t} ORDER BY id) TO STDOUT", "copy"),
        (f"COPY {i} (id, a, b) FROM STDIN", f"feed {d.rng.randint(1_000, 9_999)}"),
        (f"COPY {i} (a, b) FROM STDIN", "feed"),
    )
    sql, how = d.rng.choice(choices)
    yield sql, how, True


def _own(d: Drawn) -> Iterator[Said]:
    """Tables of one's own, and such as hide others."""
    t, n = d.table(), d.rng.randint(1_000, 9_999)
    schema = q(d.rng.choice(d.database.schemas))
    hidden = q(_last(t)) if '"."' in t else t
    temporary = d.one(
        f"CREATE TEMP TABLE {hidden} AS SELECT * FROM {t}",
        f"CREATE TEMP TABLE {hidden} (LIKE {t})",
        f"CREATE TEMP TABLE own{n} AS SELECT id FROM {t}",
        f"SELECT id INTO TEMP own{n} FROM {t}",
        f"CREATE TABLE {schema}.own{n} AS SELECT id, a FROM {t}",
        f"CREATE TABLE {schema}.own{n} (id int)",
        f"CREATE MATERIALIZED VIEW {schema}.own{n} AS SELECT id FROM {t}",
    )
    yield temporary, "plain", True
    if "hidden" not in temporary and hidden in temporary:
        yield f"SELECT count(*) FROM {hidden}", "plain", True


def _asks(d: Drawn) -> Iterator[Said]:
    """Looks at the catalogue and at the server."""
    t, copy = d.table(), d.one(*(d.database.copies or [d.table()]))
    ask, compares = d.rng.choice(
        (
            (f"SELECT {text(t)}::regclass::text", True),
            (f"SELECT pg_relation_size({text(t)}) > 0", True),
            (f"SELECT has_table_privilege({text(t)}, 'SELECT')", True),
            ("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'", True),
            ("SELECT count(*) FROM pg_stats WHERE tablename = 't1'", True),
            ("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace", False),
            ("SELECT count(*) > 0 FROM pg_stat_activity WHERE query = '<insufficient privilege>'", True),
            ("SHOW data_directory", False),
            ("SHOW server_version", True),
            ("SELECT count(*) FROM pg_settings", True),
            ("SELECT current_setting('config_file') IS NULL", True),
            ("SELECT pg_database_size(current_database()) > 0", True),
            (f"SELECT count(*) FROM pg_roles WHERE pg_has_role(oid, {text(d.one('MEMBER', 'USAGE'))})", True),
            (f"REFRESH MATERIALIZED VIEW {copy}", True),
            (f"EXPLAIN SELECT * FROM {t}", False),
            (f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM {t}", False),
            (f"LOCK TABLE {t} IN {d.one('ACCESS SHARE', 'ROW EXCLUSIVE')} MODE", True),
            ("LISTEN news", True),
            ("NOTIFY news, 'old'", True),
        )
    )  # fmt: skip
    yield ask, "plain", compares


def _makes(d: Drawn) -> Iterator[Said]:
    """Changes of what one owns, or is in the group that does."""
    t, schema, n = d.table(), q(d.rng.choice(d.database.schemas)), d.rng.randint(1_000, 9_999)
    yield (
        d.one(
            f"COMMENT ON TABLE {t} IS 'seen'",
            f"CREATE VIEW {schema}.seen{n} AS SELECT id FROM {t}",
            f"CREATE INDEX ON {t} (a)",
            f"CREATE TABLE {schema}.child{n} (id int REFERENCES {t} (id))",
            f"TRUNCATE {t} {d.one('', 'CASCADE')}",
            f"ALTER TABLE {t} ADD COLUMN extra{n} int",
            f"CLUSTER {t}",
            f"REINDEX TABLE {t}",
            f"DROP TABLE {t}",
            f"CREATE FUNCTION {schema}.own{n}() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ),
        "plain",
        True,
    )


def _rights(d: Drawn) -> Iterator[Said]:
    to = q(d.rng.choice(d.roles))
    yield (
        d.one(
            f"GRANT SELECT ON {d.table()} TO {to}",
            f"GRANT INSERT ON {d.table('INSERT')} TO {to}",
            f"REVOKE SELECT ON {d.table()} FROM {to}",
            f"GRANT {q(d.rng.choice(d.roles))} TO {to}",
        ),
        "plain",
        False,
    )


def _sequences(d: Drawn) -> Iterator[Said]:
    for each in d.database.sequences[:1]:
        yield f"SELECT nextval({text(each)})", d.one("plain", "bound"), False
        yield f"SELECT currval({text(each)}), lastval()", "plain", False
        if d.rng.random() < 0.3:
            yield f"SELECT last_value > 0 FROM {each}", "plain", True
