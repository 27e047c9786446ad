"""Who there is in a world of bench/proofs_mariadb.py, and who may do what, by grants that hide others."""

import random

from proofs_mariadb_world import SCRATCH, VISITOR, Login, World, on, quoted, text

NETWORK = "10.0.0.0/255.0.0.0"
CLIENTS = {
    "%": ("10.1.2.3", "10.9.9.9", "192.168.0.7", "127.0.0.1", "2001:db8::7"),
    "10.%": ("10.1.2.3", "10.9.9.9"),
    "10.1.2.3": ("10.1.2.3",),
    "2001:db8::%": ("2001:db8::7",),
    "192.168.%": ("192.168.0.7",),
    NETWORK: ("10.1.2.3", "10.9.9.9"),
    "127.%": ("127.0.0.1",),
}
"""By the host of an account: from where somebody may come in by it."""
EVERYWHERE = "10.9.9.9"
_USERS = ("anna", "bert", "Carl", "d'or", "eve e", "fü", "group", "h%", "i,j")
_ROLES = ("agents", "readers", "Writer", "staff`s", "anna")
_DATA = ("SELECT", "SELECT", "SELECT", "INSERT", "UPDATE", "DELETE")
_MAKING = (
    "CREATE", "DROP", "ALTER", "INDEX", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE",
    "TRIGGER", "EVENT", "LOCK TABLES", "CREATE TEMPORARY TABLES", "REFERENCES", "DELETE HISTORY",
)  # fmt: skip
_GLOBAL = (
    "PROCESS",
    "RELOAD",
    "FILE",
    "SHOW DATABASES",
    "REPLICATION CLIENT",
    "CREATE USER",
    "CREATE TEMPORARY TABLES",
)


def people(made: World, rng: random.Random) -> None:
    made.roles = rng.sample(_ROLES, 4)
    made.setup += [f"CREATE ROLE {quoted(each)}" for each in made.roles]
    made.setup.append(f"CREATE USER {VISITOR}")
    for user in [*rng.sample(_USERS, 6), *([""] if rng.random() < 0.1 else [])]:
        hosts = rng.sample([*CLIENTS], rng.choice((1, 1, 2, 3)))
        if NETWORK in hosts:  # it fits as well as an address: which of them counts, MariaDB leaves open
            hosts = [each for each in hosts if each != "10.1.2.3"]
        hosts = hosts if rng.random() < 0.3 or len(hosts) > 1 else ["%"]
        homes = tuple(rng.sample(made.schemas, 2))
        for host in hosts:
            made.setup.append(f"CREATE USER {text(user)}@{text(host)}")
            made.accounts.append(f"{text(user)}@{text(host)}")
        fitting = sorted({each for host in hosts for each in CLIENTS[host]})
        some = [*rng.sample(fitting, min(2, len(fitting))), *([EVERYWHERE] if rng.random() < 0.1 else [])]
        made.logins += [Login(user or "nobody", each, homes) for each in some]


def rights(made: World, rng: random.Random) -> None:
    roles = [quoted(each) for each in made.roles]
    for n, role in enumerate(roles[1:], 1):
        if rng.random() < 0.6:
            made.setup.append(f"GRANT {rng.choice(roles[:n])} TO {role}")
    for account in made.accounts:
        for role in rng.sample(roles, rng.choice((0, 1, 1, 2))):
            made.setup.append(f"GRANT {role} TO {account}{rng.choice((' WITH ADMIN OPTION', '', '', ''))}")
            if rng.random() < 0.4:
                made.setup.append(f"SET DEFAULT ROLE {role} FOR {account}")
    made.setup.append(
        f"GRANT CREATE, DROP, ALTER, INSERT, SELECT, CREATE VIEW, INDEX ON {SCRATCH}.* TO {roles[0]}"
    )
    for account in made.accounts:
        if rng.random() < 0.1:
            made.setup.append(f"GRANT SELECT, EXECUTE ON sys.* TO {account}")
        if rng.random() < 0.6:
            made.setup.append(
                f"GRANT {rng.choice(('ALL', 'SELECT, INSERT, CREATE, DROP'))} ON {SCRATCH}.* TO {account}"
            )
    homes = {text(each.user): each.homes for each in made.logins}
    holders = [*made.accounts, *roles, *made.accounts, "PUBLIC"]
    for holder in holders:
        for _ in range(rng.randint(2, 5)):
            near = homes.get(holder.rpartition("@")[0], ()) if rng.random() < 0.8 else made.schemas
            made.setup.append(_grant(made, rng, holder, rng.choice(near or made.schemas)))


def _grant(made: World, rng: random.Random, holder: str, schema: str) -> str:
    """One GRANT about a schema, on any level."""
    option = " WITH GRANT OPTION" if rng.random() < 0.08 and holder != "PUBLIC" else ""
    rights = ", ".join(dict.fromkeys(rng.choices(_DATA, k=rng.randint(1, 4))))
    within = [each for each in made.relations if each.schema == schema]
    level = rng.randrange(20)
    if level == 0 and holder != "PUBLIC":
        return (
            f"GRANT {rng.choice((rights, rights, rng.choice(_GLOBAL), 'EXECUTE'))} ON *.* TO {holder}{option}"
        )
    if level < 4:
        return f"GRANT {', '.join(rng.sample(_MAKING, 3))} ON {quoted(schema)}.* TO {holder}{option}"
    if level < 6 and made.routines:
        routine = rng.choice(made.routines)
        return f"GRANT EXECUTE ON {routine.kind} {on(*routine[:2])} TO {holder}{option}"
    if level < 10:
        escaped = schema.replace("_", "\\_").replace("%", "\\%")
        pattern = rng.choice((schema, schema, escaped, f"{schema[:1]}%", f"_{schema[1:]}", "%"))
        also = rng.choice(("", ", EXECUTE", ", SHOW VIEW"))
        return f"GRANT {rights}{also} ON {quoted(pattern)}.* TO {holder}{option}"
    if level < 12 and made.sequences:
        return f"GRANT SELECT, INSERT ON {on(*rng.choice(made.sequences))} TO {holder}{option}"
    relation = rng.choice(within or made.relations)
    if level < 15:
        some = rng.sample(relation.columns, min(2, len(relation.columns)))
        right = f"{rng.choice(('SELECT', 'SELECT', 'UPDATE', 'INSERT'))} ({', '.join(map(quoted, some))})"
        return f"GRANT {right} ON {on(*relation[:2])} TO {holder}"
    return f"GRANT {rights} ON {on(*relation[:2])} TO {holder}{option}"
