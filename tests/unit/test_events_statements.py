"""Statements without their values: what is kept of one, and what says which records it was after."""

import pytest
from pglast import parser

from trapstreet.core.model.access_events import Act, Doubt
from trapstreet.events.statements import LONGEST, Shape, Shapes, mariadb, postgresql

SECRET = "sEcReT-4711"


def shape(text: str, dialect: str = "postgresql") -> Shape:
    shapes, _ = Shapes(postgresql() if dialect == "postgresql" else mariadb()).of(text)
    assert len(shapes) == 1
    return shapes[0]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "SELECT name, 'x' FROM crm.t WHERE id IN (1, 2) AND d > date '2020-01-01' AND ok = true LIMIT 10",
            (
                "SELECT name, $1 FROM crm.t WHERE id IN (CAST($2 AS int4), CAST($3 AS int4))"
                " AND d > CAST($4 AS date) AND ok = CAST($5 AS bool) LIMIT $6"
            ),
        ),
        ("select a from t order by 1 desc, 2", "SELECT a FROM t ORDER BY 1 DESC, 2"),
        (
            "select date_trunc('day', x), count(*) from t group by date_trunc('day', x)",
            "SELECT date_trunc($1, x), count(*) FROM t GROUP BY date_trunc($1, x)",
        ),
        ("select x::varchar(10) from t", "SELECT CAST(x AS varchar(10)) FROM t"),
        ("select extract(year from d) from t", "SELECT EXTRACT(YEAR FROM d) FROM t"),
        ("select 3000000000, 1.5 from t", "SELECT CAST($1 AS int8), CAST($2 AS numeric) FROM t"),
        ("copy t (a, b) to stdout with (format csv)", "COPY t (a, b) TO STDOUT"),
        ("copy t to '/tmp/x'", ""),
        ("copy t to program 'cat'", ""),
        ("explain analyze select * from t where id = 4", "SELECT * FROM t WHERE id = CAST($1 AS int4)"),
        ("set app.who = 'x'", "SET app.who TO DEFAULT"),
        ("set role anna", 'SET ROLE "anna"'),
        ("do $$ begin perform 1; end $$", "DO ''"),
        ("create role x password 'abc'", ""),
        ("comment on table t is 'abc'", ""),
        ("refresh materialized view crm.m", "REFRESH MATERIALIZED VIEW crm.m"),
        ("create index on t (a) where b = 'abc'", "CREATE INDEX ON t (a) WHERE b = $1"),
        ("grant agents to anna", "GRANT agents TO anna"),
        ("select nonsense from where", ""),
    ],
)  # fmt: skip
def test_a_statement_of_postgresql_is_kept_with_parameters_for_its_values(text: str, kept: str) -> None:
    found = shape(text).statement
    assert found == kept
    if found:
        parser.parse_sql(found)


@pytest.mark.parametrize("dialect", ["postgresql", "mariadb"])
@pytest.mark.parametrize(
    "text",
    [
        "select * from t where a = '{}'",
        "insert into t values (1, '{}'), (2, 'x')",
        "insert into t (a) values ('x'), ('{}')",
        "update t set a = '{}' where b = 'x{}y'",
        "select '{}' || a, coalesce(b, '{}') from t /* {} */ where c in ('{}', 'z') -- {}",
        "with q as (select '{}' as x) select * from q union select '{}' limit 3",
        "select case when a = '{}' then '{}' else b end from t group by a having max(b) > '{}'",
        "delete from t where a like '%{}%' or b between 'a' and '{}'",
        "create table c as select * from t where a = '{}'",
        "alter table t add constraint k check (a <> '{}')",
        "grant select on t to x; comment on table t is '{}'",
        "create user x password '{}'",
        "call f('{}')",
    ],
)
def test_no_value_of_a_statement_is_kept(text: str, dialect: str) -> None:
    shapes, _ = Shapes(postgresql() if dialect == "postgresql" else mariadb()).of(text.replace("{}", SECRET))
    assert SECRET not in repr(shapes)


@pytest.mark.parametrize(
    ("text", "tables", "act"),
    [
        ("select * from crm.t, u", {("crm", "t"), ("", "u")}, Act.READ),
        ("with c as (select * from x) select * from c", {("", "x")}, Act.READ),
        ("select * from pg_class, information_schema.tables, t", {("", "t")}, Act.READ),
        ("insert into t select * from u", {("", "t"), ("", "u")}, Act.WRITE),
        ("copy t to stdout", {("", "t")}, Act.READ),
        ("copy t from stdin", {("", "t")}, Act.WRITE),
        ("declare c cursor for select * from t", {("", "t")}, Act.READ),
        ("select (table u) from t where exists (table v)", {("", "t"), ("", "u"), ("", "v")}, Act.READ),
        ("explain select * from t", {("", "t")}, Act.EXPLAIN),
        ("explain (analyze false) delete from t", {("", "t")}, Act.EXPLAIN),
        ("explain (costs off, analyze) delete from t", {("", "t")}, Act.WRITE),
        ("begin", set(), Act.OTHER),
    ],
)  # fmt: skip
def test_the_tables_of_a_statement_are_those_it_names(
    text: str, tables: set[tuple[str, str]], act: Act
) -> None:
    found = shape(text)
    assert set(found.tables) == tables
    assert found.act == act


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("CREATE TABLE c AS SELECT * FROM t WHERE a = 7", Act.WRITE),
        ("CREATE OR REPLACE TEMPORARY TABLE c (a int) SELECT a FROM t", Act.WRITE),
        ("CREATE TABLE IF NOT EXISTS c AS WITH x AS (SELECT * FROM t) SELECT * FROM x", Act.WRITE),
        ("CREATE TABLE c LIKE t", Act.EXPLAIN),
        ("CREATE VIEW c AS SELECT * FROM t", Act.EXPLAIN),
        ("CREATE FUNCTION c() RETURNS int RETURN (SELECT count(*) FROM t)", Act.EXPLAIN),
    ],
)
def test_of_what_makes_things_in_mariadb_a_table_made_of_a_query_alone_is_a_use(text: str, act: Act) -> None:
    ((found,), _) = Shapes(mariadb()).of(text)
    assert (found.act, {name for _, name in found.tables}) == (act, {"c", "t"})


def _asked_for(text: str, dialect: str = "postgresql") -> dict[tuple[str, str], list[str]]:
    shapes = Shapes(postgresql() if dialect == "postgresql" else mariadb())
    shapes.of(text.replace("7", "99").replace("'b'", "'zzz'"))  # known by another instance of its shape
    (found,), literals = shapes.of(text)
    return {
        (found.tables[each.table][1], each.column): [
            *(shapes.value(literals[n]) for n in each.literals),
            *(f"${n}" for n in each.parameters),
        ]
        for each in found.values
    }


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("select * from t where id = 7", {("t", "id"): ["7"]}),
        ("select * from t where 7 = t.id and x > 3", {("t", "id"): ["7"]}),
        ("select * from t a where a.id in (7, 8)", {("t", "id"): ["7", "8"]}),
        ("select * from t where id = $1", {("t", "id"): ["$1"]}),
        ("select * from t where id = any(array[7, 8])", {("t", "id"): ["7", "8"]}),
        ("select * from t where id = any('{7,8}')", {("t", "id"): ["{7,8}"]}),
        ("select * from t where id = 7 or id = 9", {("t", "id"): ["7", "9"]}),
        ("select * from t where id = 7 or x = 9", {}),
        ("select * from t where not id = 7", {}),
        ("select * from t where id > 7", {}),
        ("select * from t where id = 7 union all select * from t", {}),
        ("select * from t left join u on t.id = 7", {}),
        ("select * from t join u on u.k = 7 and t.id = 'b'", {("u", "k"): ["7"], ("t", "id"): ["b"]}),
        ("select * from t a, t b where a.id = 7", {}),
        ("update t set x = 5 where id = 7", {("t", "id"): ["7"]}),
        ("delete from t where id = 'O''B'", {("t", "id"): ["O'B"]}),
        ("select 'ï' from t where ü = E'a\\tb' /*7*/ and id = 7", {("t", "ü"): ["a\tb"], ("t", "id"): ["7"]}),
    ],
)  # fmt: skip
def test_what_says_which_records_a_statement_is_after_is_found_again_in_each_of_its_shape(
    text: str, records: dict[tuple[str, str], list[str]]
) -> None:
    assert _asked_for(text) == records


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("select * from t where id = 7", {("t", "id"): ["7"]}),
        ('select 1 from `t` where `t`.`id` = "b\\"c" and x = 7', {("t", "id"): ['b"c'], ("t", "x"): ["7"]}),
        ("select * from t where id in (7, 8)", {("t", "id"): ["7", "8"]}),
        ("select * from t where id = 7 or x = 3", {}),
        ("update t set a = 1 where id = 7 # and k = 5", {("t", "id"): ["7"]}),
    ],
)  # fmt: skip
def test_the_same_for_mariadb(text: str, records: dict[tuple[str, str], list[str]]) -> None:
    assert _asked_for(text, "mariadb") == records


def test_a_statement_of_mariadb_is_kept_with_question_marks() -> None:
    text = "select `a`, 5 from crm.t where x = 'y' group by 1 order by 2 limit 5, 10"
    assert shape(text, "mariadb").statement == (
        "select `a`, ? from crm.t where x = ? group by 1 order by 2 limit 1, 1"
    )


@pytest.mark.parametrize(
    ("text", "kept", "act"),
    [
        ("EXPLAIN SELECT * FROM t WHERE a = 5", "EXPLAIN SELECT * FROM t WHERE a = ?", Act.EXPLAIN),
        ("describe  select 1", "describe select ?", Act.EXPLAIN),
        ("ANALYZE FORMAT=JSON UPDATE t SET a='x'", "ANALYZE FORMAT=JSON UPDATE t SET a=?", Act.WRITE),
        ("REPLACE INTO t VALUES (1, 'x')", "REPLACE INTO t VALUES (?, ?)", Act.WRITE),
        ("call crm.`p 1`('x', 5);", "call crm.`p 1`(?, ?)", Act.READ),
        ("set role `a b`", "SET ROLE `a b`", Act.BECOME),
        ("set role None;", "SET ROLE NONE", Act.BECOME),
        ("SET ROLE 'a b'", "SET ROLE `a b`", Act.BECOME),
        ("use `crm`;", "USE crm", Act.READ),
        ("CREATE TEMPORARY TABLE a.t LIKE b.t", "CREATE TEMPORARY TABLE a.t LIKE b.t", Act.EXPLAIN),
        ("CREATE TABLE t (a int)", "CREATE TABLE t (a int)", Act.EXPLAIN),
        ("DESC crm.t name", "DESC crm.t name", Act.READ),
        ("SHOW FULL FIELDS IN `t 1` IN crm LIKE 'S3'", "SHOW FULL FIELDS IN `t 1` IN crm LIKE ?", Act.READ),
        ("select a rlike 'x' from t", "select a rlike ? from t", Act.READ),
        ("SELECT a FROM t LOCK IN SHARE MODE", "SELECT a FROM t LOCK IN SHARE MODE", Act.READ),
        ("SELECT 0x5333 FROM t -- S3", "SELECT ? FROM t", Act.READ),
        ("SELECT _utf8'x' 'y', a AS 'z' FROM `t  1`", "SELECT ? , a AS `v2` FROM `t  1`", Act.READ),
        ("SELECT group_concat(a separator ';')", "SELECT group_concat(a separator '')", Act.READ),
    ],
)  # fmt: skip
def test_what_mariadb_is_asked_is_kept_as_it_was_written(text: str, kept: str, act: Act) -> None:
    found = shape(text, "mariadb")
    assert (found.statement, found.act) == (kept, act)
    assert found.fingerprint


def test_statements_that_need_other_rights_have_other_fingerprints() -> None:
    begins = ("INSERT INTO t", "REPLACE INTO t", "EXPLAIN INSERT INTO t", "EXPLAIN REPLACE INTO t")
    found = [shape(f"{each} VALUES (1)", "mariadb").fingerprint for each in begins]
    assert len({*found}) == len(begins)
    assert shape("SET @a = 5", "mariadb").fingerprint, "nobody needs a right for it"
    assert not shape("SET @a = (SELECT max(a) FROM t)", "mariadb").fingerprint
    assert shape("/*!40101 SET NAMES utf8 */", "mariadb").fingerprint, "nor for what mysqldump begins with"
    for text in (
        "/*!40101 SET ROLE x */",
        "/*!40101 SET @a=1, ROLE x */",
        "SHOW TABLES /*!50000 LIKE 'S3' */",
    ):
        assert not shape(text, "mariadb").fingerprint


@pytest.mark.parametrize(
    ("text", "doubt", "sure"),
    [
        ("SELECT /*!40001 SQL_NO_CACHE */ a FROM t WHERE id = 1", Doubt.NONE, True),
        ("SELECT /*! */ a FROM t WHERE id IN (1, 2) /* 50000 */", Doubt.NONE, True),
        ("SELECT a FROM t WHERE b = '/*! FROM u */'", Doubt.NONE, True),
        ("SELECT a FROM t WHERE id = 1 /*!50000 LIMIT 1 */", Doubt.NONE, False),
        ("SELECT /*M!100100 (SELECT 1 FROM u), */ a FROM t", Doubt.NONE, False),
        ("SELECT /*!SQL_NO_CACHE (SELECT 1 FROM u), */ a FROM t", Doubt.NONE, False),
        ("DELETE /*!50000 LOW_PRIORITY */ FROM t WHERE id = 1", Doubt.NONE, True),
        ("SELECT a FROM t WHERE b = 'ü' AND c = '\\ü'", Doubt.NONE, True),
        ("SELECT a FROM t WHERE b = 'ü\\' OR c = 1 -- '", Doubt.NONE, False),
        ("SELECT a FROM t WHERE b = '\ufffd\\' OR c = 1 -- '", Doubt.NONE, False),
        ("SELECT a FROM t WHERE b = '\ufffd'", Doubt.NONE, True),
        ("SELECT a FROM `t\ufffdr`", Doubt.NONE, False),
        ("SELECT a FROM `tür`", Doubt.NONE, True),
        ("SELECT a FROM t", Doubt.CUT, False),
        ("SELECT a FROM t WHERE b = 'x'", Doubt.QUOTES, True),
        ("SELECT a FROM t WHERE b = '{\"x\": \\n}'", Doubt.QUOTES, True),
        ('SELECT "a" FROM t', Doubt.QUOTES, False),
        ("SELECT a FROM t WHERE b = 'O\\'Brien'", Doubt.QUOTES, False),
        ('SET NAMES "utf8mb4"', Doubt.QUOTES, True),
    ],
)
def test_what_the_server_may_have_read_otherwise_is_not_known(text: str, doubt: Doubt, sure: bool) -> None:
    ((found,), _) = Shapes(mariadb()).of(text, doubt)
    assert (bool(found.fingerprint), bool(found.statement)) == (sure, sure and "SET" not in text)
    assert sure or found.tables


def test_names_that_look_like_values_part_shapes() -> None:
    shapes = Shapes(postgresql())
    texts = [
        "select 1 from t1",
        "select 1 from t2",
        'select 1 from "t 1"',
        "select 1 from t$1",
        "select 1 from t$2",
    ]
    assert [shapes.of(each)[0][0].tables[0][1] for each in texts] == ["t1", "t2", "t 1", "t$1", "t$2"]


def test_a_quote_in_a_comment_does_not_hide_a_table() -> None:
    shapes = Shapes(postgresql())
    for name in ("t", "u"):
        ((found,), _) = shapes.of(f"select 1 -- don't\n from {name} where a = 'x'")
        assert found.tables == (("", name),)
        ((found,), _) = shapes.of(f"select 1 /* it's /* don't */ */ from {name} where a = 'x'")
        assert found.tables == (("", name),)
        ((found,), _) = shapes.of(f"select $$it's$$ from {name} where a = 'x'")
        assert found.tables == (("", name),)


def test_several_statements_in_one_text_are_several() -> None:
    found, _ = Shapes(postgresql()).of("begin; select 1 from z; commit")
    assert [each.statement for each in found] == ["BEGIN", "SELECT CAST($1 AS int4) FROM z", "COMMIT"]
    assert found[1].fingerprint == parser.fingerprint("select 1 from z")


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("refresh materialized view crm.m", Act.MANAGE),
        ("comment on table t is 'abc'", Act.MANAGE),
        ("grant agents to anna", Act.MANAGE),
        ("lock table t", Act.MANAGE),
        ("do 'begin end'", Act.MANAGE),
        ("begin", Act.OTHER),
        ("set x = 1", Act.OTHER),
        ("show x", Act.OTHER),
        ("execute p (1)", Act.OTHER),
        ("truncate t", Act.WRITE),
    ],
)
def test_what_asks_for_rights_but_to_read_and_write_is_told_apart_from_what_asks_for_none(
    text: str, act: Act
) -> None:
    assert shape(text).act == act


def test_what_cannot_be_parsed_is_counted_each_time() -> None:
    shapes = Shapes(postgresql())
    for text in ("selec 1", "selec 2", "x" * (LONGEST + 1)):
        assert shapes.of(text)[0] == (Shape(),)
    assert shapes.unparsed == 3
