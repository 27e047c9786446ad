"""Functions, triggers and what else runs code, for a world of `proofs_postgresql.py`."""

from proofs_postgresql_world import Database, World, q, text


def code(made: World, database: Database) -> None:
    """Functions by their owners, who give them to some; then what calls them."""
    rng = made.rng
    for n in range(rng.randint(2, 4)):
        _function(made, database, n)
    for n in range(rng.randint(1, 3)):
        _trigger(made, database, n)
    if rng.random() < 0.6:
        _pure(made, database)
    if rng.random() < 0.4:
        _operator(made, database)
    if rng.random() < 0.3:
        _type(made, database)
    if rng.random() < 0.3:
        _procedure(made, database)
    if rng.random() < 0.15:
        _on_ddl(made, database)
    if rng.random() < 0.3:
        made.say(database, "SELECT lo_from_bytea(4711, 'large')", "ALTER LARGE OBJECT 4711 OWNER TO postgres")
        made.say(database, f"GRANT SELECT ON LARGE OBJECT 4711 TO {made.some(3)}")


def _closed(made: World, database: Database, signature: str) -> None:
    """Owned by somebody; perhaps no longer for everybody."""
    owner = q(made.rng.choice(made.owners))
    made.say(database, f"ALTER FUNCTION {signature} OWNER TO {owner}")
    if made.rng.random() < 0.5:
        made.say(database, f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
    made.say(database, f"GRANT EXECUTE ON FUNCTION {signature} TO {made.some(3)}")


def _security(made: World) -> str:
    return made.rng.choice(("SECURITY DEFINER", "SECURITY INVOKER"))


def _function(made: World, database: Database, n: int) -> None:
    rng = made.rng
    name, table = q(rng.choice(database.schemas), made.name(f"f{n}")), rng.choice(database.relations)
    written = rng.choice((table, table, _bare(table)))
    path = f"SET search_path = {', '.join(map(q, database.schemas))}" if written != table else ""
    how = rng.choice(("sql", "plpgsql", "plpgsql", "dynamic"))
    if how == "sql":
        body = f"LANGUAGE sql AS {text(f'SELECT count(*)::int FROM {written} WHERE id < x')}"
    elif how == "plpgsql":
        body = f"BEGIN RETURN (SELECT count(*) FROM {written} WHERE id < x); END"
        body = f"LANGUAGE plpgsql AS {text(body)}"
    else:
        query = text(f"SELECT count(*) FROM {written} WHERE id < $1")
        body = f"DECLARE r int; BEGIN EXECUTE {query} INTO r USING x; RETURN r; END"
        body = f"LANGUAGE plpgsql AS {text(body)}"
    made.say(database, f"CREATE FUNCTION {name}(x int) RETURNS int STABLE {_security(made)} {path} {body}")
    _closed(made, database, f"{name}(int)")
    database.functions.append(name)


def _bare(table: str) -> str:
    """The table without its schema, and in capitals where that means the same."""
    name = table.split('"."', 1)[1].removesuffix('"')
    return (
        name.upper() if name.isascii() and name.isalnum() and name.islower() else q(name.replace('""', '"'))
    )


def _trigger(made: World, database: Database, n: int) -> None:
    """A table that notes in another what is done to it; or takes a number from a sequence."""
    rng = made.rng
    schema, table = rng.choice(database.schemas), rng.choice(database.tables)
    function, noted = q(schema, f"note{n}"), q(rng.choice(database.schemas), f"noted{n}")
    made.say(database, f"CREATE TABLE {noted} (at timestamptz DEFAULT now(), what text)")
    made.say(database, f"ALTER TABLE {noted} OWNER TO {q(rng.choice(made.owners))}")
    made.say(database, f"GRANT INSERT ON {noted} TO {made.some(4)}")
    action = f"INSERT INTO {noted} (what) VALUES (TG_OP);"
    if rng.random() < 0.3 and database.sequences:
        action = f"PERFORM nextval({text(rng.choice(database.sequences))});"
    body = text(f"BEGIN {action} RETURN COALESCE(NEW, OLD); END")
    made.say(
        database, f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql {_security(made)} AS {body}"
    )
    events = rng.choice(("INSERT", "UPDATE OR DELETE", "INSERT OR UPDATE OR DELETE"))
    made.say(
        database,
        f"CREATE TRIGGER noting AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    )
    _closed(made, database, f"{function}()")


def _pure(made: World, database: Database) -> None:
    """A function that reads nothing, where the server calls it of its own accord as somebody writes."""
    rng = made.rng
    name, table = q(rng.choice(database.schemas), "pure"), rng.choice(database.tables)
    made.say(
        database,
        f"CREATE FUNCTION {name}(x int) RETURNS int IMMUTABLE LANGUAGE plpgsql {_security(made)}"
        " AS 'BEGIN RETURN x; END'",
        rng.choice(
            (
                f"CREATE INDEX ON {table} ({name}(a))",
                f"ALTER TABLE {table} ADD CHECK ({name}(id) > 0)",
                f"ALTER TABLE {table} ALTER COLUMN a SET DEFAULT {name}(1)",
                f"ALTER TABLE {table} ADD COLUMN g int GENERATED ALWAYS AS ({name}(id)) STORED",
                f"CREATE DOMAIN {q(database.schemas[0], 'dom')} AS int CHECK ({name}(VALUE) > 0)",
            )
        ),
    )
    _closed(made, database, f"{name}(int)")
    database.functions.append(name)


def _operator(made: World, database: Database) -> None:
    rng = made.rng
    schema, table = rng.choice(database.schemas), rng.choice(database.tables)
    name = q(schema, "closer")
    body = text(f"BEGIN RETURN x + (SELECT count(*) FROM {table}) > y; END")
    made.say(
        database,
        f"CREATE FUNCTION {name}(x int, y int) RETURNS bool STABLE LANGUAGE plpgsql {_security(made)}"
        f" AS {body}",
        f"CREATE OPERATOR {q(schema)}.?> (FUNCTION = {name}, LEFTARG = int, RIGHTARG = int)",
    )
    _closed(made, database, f"{name}(int, int)")
    database.operators.append(f"OPERATOR({q(schema)}.?>)")
    folded, last = q(schema, "folding"), q(schema, "last")
    made.say(
        database,
        f"CREATE FUNCTION {folded}(x int, y int) RETURNS int LANGUAGE sql AS 'SELECT COALESCE(x, 0) + y'",
        f"CREATE FUNCTION {last}(x int) RETURNS int LANGUAGE plpgsql AS "
        + text(f"BEGIN RETURN x + (SELECT count(*) FROM {table}); END"),
        f"CREATE AGGREGATE {q(schema, 'folded')}(int) (SFUNC = {folded}, STYPE = int, FINALFUNC = {last})",
    )
    database.functions.append(q(schema, "folded"))


def _type(made: World, database: Database) -> None:
    """A domain and a cast whose functions look into tables."""
    rng = made.rng
    schema, table = rng.choice(database.schemas), rng.choice(database.tables)
    check, small, pair, cast = (q(schema, each) for each in ("fits", "small", "pair", "casting"))
    made.say(
        database,
        f"CREATE FUNCTION {check}(x int) RETURNS bool LANGUAGE plpgsql {_security(made)} AS "
        + text(f"BEGIN RETURN (SELECT count(*) FROM {table}) >= 0; END"),
        f"CREATE DOMAIN {small} AS int CHECK ({check}(VALUE))",
        f"CREATE TYPE {pair} AS (x int)",
        f"CREATE FUNCTION {cast}(x {pair}) RETURNS int LANGUAGE plpgsql {_security(made)} AS "
        + text(f"BEGIN RETURN (SELECT count(*) FROM {table}); END"),
        f"CREATE CAST ({pair} AS int) WITH FUNCTION {cast}({pair})",
    )
    _closed(made, database, f"{cast}({pair})")
    database.types += [f"(5::{small})", f"(ROW(1)::{pair}::int)"]


def _procedure(made: World, database: Database) -> None:
    rng = made.rng
    name, table = q(rng.choice(database.schemas), "doing"), rng.choice(database.tables)
    body = text(f"BEGIN UPDATE {table} SET c = DEFAULT WHERE id = x; END")
    made.say(
        database,
        f"CREATE PROCEDURE {name}(x int) LANGUAGE plpgsql {_security(made)} AS {body}",
        f"ALTER PROCEDURE {name}(int) OWNER TO {q(rng.choice(made.owners))}",
    )
    database.procedures.append(name)


def _on_ddl(made: World, database: Database) -> None:
    """Notes what is made, as whoever makes it."""
    name = q(made.rng.choice(database.schemas), "made")
    made.say(
        database,
        f"CREATE TABLE {name} (what text)",
        f"GRANT INSERT ON {name} TO {made.some(4)}",
        f"CREATE FUNCTION {name}() RETURNS event_trigger LANGUAGE plpgsql AS "
        + text(f"BEGIN INSERT INTO {name} VALUES (tg_tag); END"),
        f"CREATE EVENT TRIGGER noting ON ddl_command_end EXECUTE FUNCTION {name}()",
    )
