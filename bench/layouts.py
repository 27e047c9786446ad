"""Customers as they stand in leaks: ten layouts, each value spelt in its own way."""

import json
from collections.abc import Callable, Sequence
from random import Random

from spellings import respelt

Row = tuple[str, ...]
Person = tuple[str, str, str, str]
"""Name, e-mail address, phone number, ticket."""

FIELDS = ("name", "email", "phone", "ticket")
COLUMN_LENGTH = 50


def laid_out(rows: Sequence[Row], layout: str, random: Random) -> bytes:
    """Customers (people.HEADER) in a layout of LAYOUTS, with new spellings."""
    return LAYOUTS[layout]([respelt(row, random) for row in rows], random).encode()


def _csv(people: Sequence[Person], _: Random) -> str:
    return ";".join(FIELDS) + "\r\n" + "".join(";".join(person) + "\r\n" for person in people)


def _json(people: Sequence[Person], random: Random) -> str:
    records = [dict(zip(FIELDS, person, strict=True)) | {"score": random.random()} for person in people]
    return json.dumps(records, indent=random.choice((None, 2)))


def _sql(people: Sequence[Person], _: Random) -> str:
    rows = ("('" + "', '".join(cell.replace("'", "''") for cell in person) + "')" for person in people)
    return "INSERT INTO users (name, email, phone, ticket) VALUES\n" + ",\n".join(rows) + ";\n"


def _log(people: Sequence[Person], random: Random) -> str:
    return "".join(
        f"2026-02-03T{random.randrange(24):02}:{random.randrange(60):02}:07Z INFO "
        f"crm[{random.randrange(9000)}] "
        f'ticket={ticket} caller="{name}" from={line} notify={address} took={random.randrange(900)}ms\n'
        for name, address, line, ticket in people
    )


def _prose(people: Sequence[Person], random: Random) -> str:
    sentences = (
        "On Tuesday {0} called again about {3} and asked us to write to {1}; the number is {2}.\n",
        "Please ring {2} before noon.  {0} ({1}) is still waiting for an answer to\n{3}.\n\n",
        "I spoke with {0} today. We agreed that {3} can be closed, so tell {1} and, if that fails, {2}.\n",
    )
    return "".join(random.choice(sentences).format(*person) for person in people)


def _html(people: Sequence[Person], _: Random) -> str:
    rows = (
        f'<tr class="row"><td><b>{name}</b></td><td><a href="mailto:{address}">{address}</a></td>'
        f"<td>{line}</td>\n<td>{ticket}</td></tr>\n"
        for name, address, line, ticket in people
    )
    return "<table>\n" + "".join(rows) + "</table>\n"


def _blocks(people: Sequence[Person], _: Random) -> str:
    titles = ("Name", "E-Mail", "Tel", "Ref")
    blocks = (
        "".join(f"{title}: {cell}\n" for title, cell in zip(titles, each, strict=True)) for each in people
    )
    return "\n---\n".join(blocks)


def _fixed(people: Sequence[Person], _: Random) -> str:
    return "".join(
        f"{ticket:<14}{name:<30}{line:<24}{address:<52}X\n" for name, address, line, ticket in people
    )


def _columns(people: Sequence[Person], _: Random) -> str:
    """All names, then all addresses, and so on, of some people at a time."""
    parts = (people[at : at + COLUMN_LENGTH] for at in range(0, len(people), COLUMN_LENGTH))
    return "".join("\n".join(column) + "\n\n" for part in parts for column in zip(*part, strict=True))


def _mixed(people: Sequence[Person], random: Random) -> str:
    separators = ("\t", " | ", ",", ";;", " - ", "\u00a0", "\n", '","', " / ")
    lines = []
    for person in people:
        cells = random.sample(person, len(person))
        lines.append("".join(cell + random.choice(separators) for cell in cells) + "\n")
    return "".join(lines)


LAYOUTS: dict[str, Callable[[Sequence[Person], Random], str]] = {
    "CSV": _csv,
    "JSON": _json,
    "SQL": _sql,
    "log lines": _log,
    "prose": _prose,
    "HTML": _html,
    "key: value blocks": _blocks,
    "fixed width": _fixed,
    "column by column": _columns,
    "mixed separators": _mixed,
}
