"""Registering a CSV file: 68,000 rows in 3 s, 1,000,000 in 60 s and 500 MB."""

from itertools import count
from pathlib import Path

from measuring import CUSTOMERS, Cost, Desk, best_of, desk, write_customers


def main() -> None:
    with desk() as at:
        at.begin()
        table = at.folder / "customers.csv"
        write_customers(table, CUSTOMERS)
        names = (f"customers-{number}" for number in count())
        at.say("register 68,000 rows", best_of(3, lambda: _register(at, table, next(names))), seconds=3)
        at.say(
            "register them again, nothing changed", best_of(3, lambda: _register(at, table, "customers-0"))
        )
        if not at.quick:
            write_customers(table, 1_000_000)
            at.say("register 1,000,000 rows", _register(at, table, "million"), seconds=60, mb=500)


def _register(at: Desk, table: Path, name: str) -> Cost:
    return at.run("register", table, "--name", name)


if __name__ == "__main__":
    main()
