"""What a past statement is asked for as: itself, without a value in it, and nothing else beside it."""

import pytest

from trapstreet.plugins.changes._postgresql.statements import Way, asked

VALUES = [
    "SELECT * FROM t WHERE a = 'S3CRET' AND b IN (4711, 47.11, 471147114711) OR c = B'0101' LIMIT 4711",
    "INSERT INTO t (a, b) VALUES ('S3CRET', 4711), (E'S3CRET\\'', 4711) ON CONFLICT (a) DO NOTHING",
    "UPDATE t SET a = $$S3CRET$$ WHERE b BETWEEN 4711 AND 4711 RETURNING 'S3CRET'",
    "DELETE FROM t USING u WHERE t.a = U&'S3CRET' AND t.d < date 'S3CRET' - interval 'S3CRET'",
    "COPY (SELECT * FROM t WHERE a = 'S3CRET') TO STDOUT WITH (DELIMITER 'S')",
    "DECLARE c CURSOR FOR SELECT CASE a WHEN 'S3CRET' THEN 4711 END FROM t",
    "SELECT array_agg(a ORDER BY b), ARRAY['S3CRET'], t.x[4711] FROM t GROUP BY GROUPING SETS ((c), ())",
    "WITH x AS (SELECT 'S3CRET' AS a /* S3CRET */) SELECT * FROM x -- S3CRET",
]


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.parametrize("split", [False, True])
def test_no_value_is_left(text: str, split: bool) -> None:
    found = asked(text, split=split)
    assert found
    assert found.way == Way.EXPLAIN
    assert "S3CRET" not in found.statement
    assert "4711" not in found.statement
    assert found.parameters


def test_positions_sizes_and_words_of_the_language_stay() -> None:
    found = asked("SELECT a::varchar(7), extract(year FROM b) FROM t GROUP BY 1, 2 ORDER BY 2 DESC")
    assert found
    assert found.statement == (
        "SELECT CAST(a AS varchar(7)), EXTRACT(YEAR FROM b) FROM t GROUP BY 1, 2 ORDER BY 2 DESC"
    )
    assert found.parameters == 0


def test_what_is_no_word_of_the_language_does_not_become_one() -> None:
    found = asked("SELECT extract('year FROM a); DROP TABLE t; --' FROM b) FROM t")
    assert found
    assert "DROP" not in found.statement.upper()


def test_equal_values_are_one_parameter_unless_they_are_split() -> None:
    text = "SELECT date_trunc('day', a) FROM t GROUP BY date_trunc('day', a)"
    once, apart = asked(text), asked(text, split=True)
    assert once and apart
    assert (once.parameters, apart.parameters) == (1, 2)


@pytest.mark.parametrize("text", ["SELECT 1; DROP TABLE t", "", ";", "SELEKT", "SELECT 'a", "\x00"])
def test_what_is_not_one_statement_is_not_asked_for(text: str) -> None:
    assert asked(text) is None


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("BEGIN", Way.NO_RIGHT),
        ("SET search_path = 'a'", Way.NO_RIGHT),
        ("FETCH 5 FROM c", Way.NO_RIGHT),
        ("SET ROLE agents", Way.SET_ROLE),
        ("TRUNCATE t", Way.COMPARE),
        ("COPY t FROM STDIN", Way.COMPARE),
        ("COPY t TO '/tmp/x'", Way.COMPARE),
        ("COPY t TO PROGRAM 'cat'", Way.COMPARE),
        ("CALL f(1)", Way.COMPARE),
        ("DO 'x'", Way.COMPARE),
        ("ALTER ROLE a PASSWORD 'x'", Way.COMPARE),
        ("SELECT * INTO b FROM t", Way.EXPLAIN),
        ("CREATE TABLE b AS SELECT * FROM t", Way.EXPLAIN),
        ("EXPLAIN ANALYZE SELECT * FROM t", Way.EXPLAIN),
    ],
)
def test_each_statement_is_asked_for_in_its_way(text: str, way: Way) -> None:
    found = asked(text)
    assert found
    assert found.way == way


def test_a_table_that_is_copied_is_a_table_that_is_read() -> None:
    found = asked('COPY crm."od d" (a, "B") TO STDOUT')
    assert found
    assert found.statement == 'SELECT a, "B" FROM crm."od d"'
    assert found.relations == {("crm", "od d")}


def test_names_of_tables_functions_and_operators_are_found_wherever_they_stand() -> None:
    found = asked(
        "SELECT f(a) FROM s.t WHERE b ~@ 1 AND EXISTS (SELECT g(1) FROM u WHERE c = ANY (SELECT 1))"
    )
    assert found
    assert found.relations == {("s", "t"), ("", "u")}
    assert found.functions == {"f", "g"}
    assert {"~@", "="} <= found.operators
    assert not found.writes
