"""A server and a folder whose rights change, for tests of what is told of that."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from access_worlds import World, world
from desk import Desk

BASE = """
CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN IN ROLE {agents}; CREATE ROLE {bert} LOGIN;
CREATE ROLE {carl} LOGIN; CREATE ROLE {dora} LOGIN; CREATE ROLE {owner} LOGIN;
CREATE SCHEMA crm AUTHORIZATION {owner};
SET ROLE {owner};
CREATE TABLE crm.customers (id int, name text, email text);
CREATE TABLE crm.tickets (id int, agent text);
ALTER TABLE crm.tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON crm.tickets FOR SELECT TO {agents} USING (agent = current_user);
GRANT USAGE ON SCHEMA crm TO {agents}, {bert}, {carl};
GRANT SELECT ON crm.customers, crm.tickets TO {agents};
RESET ROLE
"""


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named(*"agents anna bert carl dora owner eve".split())
        for statement in BASE.split(";\n"):
            made.do(statement)
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="trapstreet-drift-", dir="/tmp"))
    made.chmod(0o755)
    for n in range(3):
        (made / f"list{n}.csv").write_text("x")
        (made / f"list{n}.csv").chmod(0o640)
    yield made
    shutil.rmtree(made)


def diff(desk: Desk, target: object, *, status: int = 1) -> list[dict[str, Any]]:
    """The changes of a comparison that ends with a status."""
    return list(desk.json("access", "diff", target, status=status)["changes"])


def texts(changes: list[dict[str, Any]]) -> list[str]:
    return [each["text"] for each in changes]


def own(crm: World, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those about this world: others on the server come and go while tests run side by side."""
    names = set(crm.names.values())
    return [
        each
        for each in changes
        if names & {*each["who"]} or any(crm.database in path for path in each["what"])
    ]


def answered(desk: Desk, target: object) -> Any:
    """A comparison whose status says whatever else goes on at the server."""
    desk.run("access", "diff", target, "--json", "--workspace", desk.workspace)
    return json.loads(desk.out)
