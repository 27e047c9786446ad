"""What a statement of MariaDB's log is taken for: by that it is asked for, or nothing on it changes."""

import pytest

from trapstreet.plugins.changes._mariadb.kinds import Kind, is_never_run, kind_of, named_by, writes


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CONNECT", Kind.CONNECT),
        ("use `a``b`", Kind.USE),
        ("SET ROLE agents", Kind.SET_ROLE),
        ("SHOW FULL TABLES FROM crm", Kind.LIST),
        ("SHOW FULL COLUMNS FROM t", Kind.SHOW),
        ("SHOW CREATE TABLE t", Kind.SHOW),
        ("DESC t", Kind.DESCRIBE),
        ("EXPLAIN t", Kind.DESCRIBE),
        ("EXPLAIN EXTENDED (SELECT 1)", Kind.EXPLAIN),
        ("DESCRIBE UPDATE t SET a = ?", Kind.EXPLAIN),
        ("ANALYZE FORMAT=JSON SELECT a FROM t", Kind.EXPLAIN),
        ("ANALYZE LOCAL TABLE t", Kind.OTHER),
        ("((SELECT a FROM t) UNION (SELECT ?))", Kind.QUERY),
        ("WITH x AS (SELECT ?) SELECT * FROM x", Kind.QUERY),
        ("CREATE TABLE t (a int)", Kind.MAKE),
        ("CREATE TABLE t\nAS SELECT a FROM other", Kind.OTHER),
        ("ALTER TABLE t RENAME TO other", Kind.OTHER),
        ("CALL p()", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_a_statement_is_what_it_begins_with(statement: str, kind: Kind) -> None:
    assert kind_of(statement) == kind


def test_the_name_behind_use_and_set_role_is_as_the_server_has_it() -> None:
    assert named_by("USE `a``b`") == "a`b"
    assert named_by("SET ROLE agents ") == "agents"


def test_words_in_names_write_and_do_nothing() -> None:
    assert writes("WITH x AS (SELECT ?) DELETE FROM t")
    assert not writes("SELECT `delete` FROM t")
    assert is_never_run("INSERT INTO t SELECT sleep(?)")
    assert not is_never_run("INSERT INTO t SELECT `sleep` FROM other")
