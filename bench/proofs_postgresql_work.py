"""What the people of a made-up world do for `proofs_postgresql.py`: sessions of random statements.

Nearly each is in a transaction that is rolled back, so that none hangs on what became of another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proofs_postgresql_grammar import Drawn, statement
from proofs_postgresql_world import Database, World, q

Reach = Mapping[tuple[str, str, str], Sequence[str]]
"""By database, role and right: the relations that somebody may read or change now."""
STEPS = 14


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a client does.

    how       by which means: plain, bound (parameters), cursor, prepared, pipeline, copy, psql, dump
    compares  whether what it gives is to be the same, too
    acting    as whom
    """

    sql: str
    how: str = "plain"
    compares: bool = True
    acting: str = ""


@dataclass(slots=True)
class Session:
    """What somebody does over one connection; `options` are the client's."""

    login: str
    database: Database
    options: str = ""
    steps: list[Step] = field(default_factory=list)


def sessions(made: World, reach: Reach, becomes: Mapping[str, Sequence[str]]) -> list[Session]:
    """Two or three sessions of each login. becomes: as whom else each login may act."""
    found = []
    for login in made.logins:
        times = range(made.rng.randint(2, 3))
        found += [_session(made, login, reach, becomes.get(login, ())) for _ in times]
    return found


def _session(made: World, login: str, reach: Reach, groups: Sequence[str]) -> Session:
    rng = made.rng
    session = Session(login, rng.choice(made.databases))
    path = ", ".join(map(q, rng.sample(session.database.schemas, 2)))
    if rng.random() < 0.1 and "\\" not in path:
        session.options = "-c search_path=" + path.replace(" ", "\\ ")
    acting = login
    while len(session.steps) < STEPS:
        dice = rng.random()
        if dice < 0.12 and groups:
            acting = rng.choice(groups)
            word = "SET SESSION AUTHORIZATION" if login == "boss" and rng.random() < 0.5 else "SET ROLE"
            session.steps.append(Step(f"{word} {q(acting)}", acting=login))
        elif dice < 0.15 and acting != login:
            reset = (
                "RESET ROLE; RESET SESSION AUTHORIZATION"
                if login == "boss"
                else rng.choice(("RESET ROLE", "SET ROLE NONE"))
            )
            session.steps += [Step(each, acting=login) for each in reset.split("; ")]
            acting = login
        elif dice < 0.18:
            some = ", ".join(map(q, rng.sample(session.database.schemas, 2)))
            session.steps.append(Step(f"SET search_path TO {some}", acting=acting))
        else:
            _work(made, session, acting, reach)
    return session


def _work(made: World, session: Session, acting: str, reach: Reach) -> None:
    """A few statements in a transaction that is undone; or one that cannot be in one."""
    rng, name = made.rng, session.database.name
    drawn = Drawn(
        rng,
        session.database,
        reads=reach.get((name, acting, "SELECT"), ()),
        writes={each: reach.get((name, acting, each), ()) for each in ("INSERT", "UPDATE", "DELETE")},
        roles=made.roles,
        version=made.version,
    )
    if rng.random() < 0.08:
        session.steps.append(_alone(made, drawn, acting))
        return
    session.steps.append(Step("BEGIN", acting=acting))
    for _ in range(rng.randint(1, 2)):
        for sql, how, compares in statement(drawn):
            session.steps.append(Step(sql, how, compares, acting))
    twice = ("PREPARE TRANSACTION 'two'", "ROLLBACK PREPARED 'two'")
    for each in twice if rng.random() < 0.05 else ("ROLLBACK",):
        session.steps.append(Step(each, acting=acting))


def _alone(made: World, drawn: Drawn, acting: str) -> Step:
    rng, table = made.rng, drawn.table()
    choices = [
        Step(f"VACUUM {table}", compares=False),
        Step(f"ANALYZE {table}", compares=False),
        Step("CHECKPOINT", compares=False),
        Step(f"SELECT id, a, b FROM {table} ORDER BY id", "psql"),
        Step(f"\\copy (SELECT id, b FROM {table} ORDER BY id) TO STDOUT", "psql"),
        Step(f"\\d {table}", "psql", compares=False),
        Step(f"--data-only --table={table}", "dump", compares=False),
    ]
    each = rng.choice(choices)
    return Step(each.sql, each.how, each.compares, acting)
