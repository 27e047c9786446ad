"""Makes worlds for bench/proofs_mariadb.py. Nothing that is drawn hangs on what the server says."""

import random

from proofs_mariadb_rights import people, rights
from proofs_mariadb_world import PARENT, SCRATCH, TABLE, VIEW, Relation, Routine, World, on, quoted, text

_SCHEMAS = ("crm", "crm2", "hr", "s_1", "sx1", "S%", "Order db", "tür", "q`x", "it's", "a.b")
_TABLES = (
    "customers", "orders", "Orders", "select", "group by", "t_1", "tx1", "50%", "né", "таб", "a,b", "q`t",
    "don't", '"', "2024", "x.y", "key", "staff", "a\\b", "*/",
)  # fmt: skip
_COLUMNS = ("name", "order", "e mail", "größe", "a.b", "c`c", "Total", "x'", "1st", "user")


def world_of(rng: random.Random) -> World:
    """A world: four databases and one to make things in, tables, views and code, and who may do what."""
    made = World(schemas=rng.sample(_SCHEMAS, 4))
    made.setup += [f"CREATE DATABASE {quoted(each)}" for each in (*made.schemas, SCRATCH)]
    for schema in made.schemas:
        for name in rng.sample(_TABLES, rng.randint(2, 4)):
            _table(made, rng, schema, name)
    people(made, rng)
    for number in range(7):
        _view(made, rng, f"v{number}")
    for number in range(5):
        _routine(made, rng, number)
    for number in range(2):
        _trigger(made, rng, number)
    rights(made, rng)
    return made


def _table(made: World, rng: random.Random, schema: str, name: str) -> None:
    odd = rng.sample(_COLUMNS, 2)
    columns = ("id", "a", "b", *odd)
    lines = [
        "id int NOT NULL PRIMARY KEY", "a int DEFAULT 1", "b varchar(40) DEFAULT 'x'",
        *(f"{quoted(each)} varchar(20) DEFAULT 'y'" for each in odd),
    ]  # fmt: skip
    engine, behind, given = (
        rng.choice(("InnoDB", "InnoDB", "InnoDB", "MyISAM", "Aria", "MEMORY")),
        "",
        columns,
    )
    shape = rng.randrange(9)
    if shape == 0:
        behind, engine = " PARTITION BY HASH (id) PARTITIONS 2", "InnoDB"
    elif shape == 1:
        lines.append("g int GENERATED ALWAYS AS (a + 1) STORED")
        engine = "InnoDB"
        columns = (*columns, "g")
    elif shape == 2:
        behind = " WITH SYSTEM VERSIONING"
    elif shape == 3 and (parents := [each for each in made.relations if each.kind == PARENT]):
        parent, how = rng.choice(parents), rng.choice(("CASCADE", "RESTRICT"))
        lines.append(f"FOREIGN KEY (a) REFERENCES {on(*parent[:2])} (id) ON DELETE {how}")
        engine = "InnoDB"
    elif shape == 4 and rng.random() < 0.2:
        lines.append("KEY by_b (b)")
        engine = "MyISAM"
    elif shape == 5:
        made.setup.append(f"CREATE SEQUENCE {on(schema, f'seq_of_{name}')}")
        made.sequences.append((schema, f"seq_of_{name}"))
    made.setup.append(f"CREATE TABLE {on(schema, name)} ({', '.join(lines)}) ENGINE={engine}{behind}")
    first = ", ".join(["id", "a", "b"])
    made.setup.append(
        f"INSERT INTO {on(schema, name)} ({first}) VALUES (1, 1, 'x'), (2, 1, 'it''s'), (3, 2, '😀')"
    )
    kind = PARENT if engine == "InnoDB" and not behind else TABLE
    made.relations.append(Relation(schema, name, columns, given, kind))
    if "KEY by_b (b)" in lines:
        whole = f"CREATE TABLE {on(schema, f'all of {name}')} ({', '.join(lines[:-1])}) ENGINE=MERGE"
        made.setup.append(f"{whole} UNION=({on(schema, name)}) INSERT_METHOD=LAST")
        made.relations.append(Relation(schema, f"all of {name}", columns, given, TABLE))


def _definer(made: World, rng: random.Random) -> str:
    return rng.choice((*["root@localhost"] * len(made.accounts), *made.accounts))


def _view(made: World, rng: random.Random, name: str) -> None:
    schema = rng.choice(made.schemas)
    one, other = rng.choice(made.relations), rng.choice(made.relations)
    columns = (
        "id",
        *rng.sample([each for each in one.columns if each != "id"], min(2, len(one.columns) - 1)),
    )
    names = ", ".join(f"x.{quoted(each)}" for each in columns)
    calls = [each for each in made.routines if each.kind == "FUNCTION"]
    shown = rng.choice(
        (
            f"SELECT {names} FROM {on(*one[:2])} x",
            f"SELECT {names} FROM {on(*one[:2])} x WHERE x.id > 0",
            f"SELECT {names} FROM {on(*one[:2])} x JOIN {on(*other[:2])} y ON x.id = y.id",
            f"SELECT {names} FROM {on(*one[:2])} x WHERE x.id IN (SELECT y.id FROM {on(*other[:2])} y)",
            f"SELECT {names} FROM {on(*one[:2])} x UNION SELECT {names} FROM {on(*one[:2])} x",
            f"WITH c AS (SELECT * FROM {on(*one[:2])}) SELECT {names} FROM c x",
            *(f"SELECT {names}, {on(*each[:2])}(1) AS called FROM {on(*one[:2])} x" for each in calls[:1]),
        )
    )
    if rng.random() < 0.04:
        shown, columns = "SELECT TABLE_NAME AS id FROM information_schema.TABLES", ("id",)
    algorithm = rng.choice(("", "", "ALGORITHM=MERGE ", "ALGORITHM=TEMPTABLE "))
    security = rng.choice(("DEFINER", "INVOKER"))
    check = (
        rng.choice((" WITH CHECK OPTION", "", ""))
        if shown.endswith("> 0") and "TEMP" not in algorithm
        else ""
    )
    made.setup.append(
        f"CREATE {algorithm}DEFINER={_definer(made, rng)} SQL SECURITY {security} VIEW {on(schema, name)}"
        f" AS {shown}{check}"
    )
    made.relations.append(Relation(schema, name, columns, columns, VIEW))


def _routine(made: World, rng: random.Random, number: int) -> None:
    schema, one, other = rng.choice(made.schemas), rng.choice(made.relations), rng.choice(made.relations)
    security = f"SQL SECURITY {rng.choice(('DEFINER', 'INVOKER'))}"
    head = f"CREATE DEFINER={_definer(made, rng)}"
    if rng.random() < 0.5:
        name = f"f{number}"
        body = rng.choice(("RETURN n + 1", f"RETURN (SELECT COUNT(*) FROM {on(*one[:2])})"))
        made.setup.append(f"{head} FUNCTION {on(schema, name)}(n int) RETURNS int {security} {body}")
        made.routines.append(Routine(schema, name, "FUNCTION"))
        return
    name = f"p{number}"
    careful = "DECLARE EXIT HANDLER FOR SQLEXCEPTION SELECT -1"
    dynamic = text(f"SELECT b FROM {on(*one[:2])} ORDER BY id")
    body = rng.choice(
        (
            f"SELECT COUNT(*) FROM {on(*one[:2])}",
            f"INSERT INTO {on(*one[:2])} (id) SELECT 70 + MAX(id) FROM {on(*other[:2])}",
            f"BEGIN EXECUTE IMMEDIATE {dynamic}; END",
            f"BEGIN {careful}; SELECT MAX(id) FROM {on(*other[:2])}; END",
        )
    )
    made.setup.append(f"{head} PROCEDURE {on(schema, name)}(n int) {security} {body}")
    made.routines.append(Routine(schema, name, "PROCEDURE"))


def _trigger(made: World, rng: random.Random, number: int) -> None:
    tables = [each for each in made.relations if each.kind != VIEW]
    of, other = rng.sample(tables, 2)
    when = rng.choice(("AFTER INSERT", "BEFORE UPDATE", "AFTER DELETE"))
    made.setup.append(
        f"CREATE DEFINER={_definer(made, rng)} TRIGGER {on(of.schema, f'tr{number}')} {when} ON {on(*of[:2])}"
        f" FOR EACH ROW UPDATE {on(*other[:2])} SET b = 'seen' WHERE id = 1"
    )
