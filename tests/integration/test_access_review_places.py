"""What owners of folders and of a MariaDB server are asked, and what is made of their answers."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk import Desk
from drifts import folder
from servers import mariadb_url
from towns import Town

__all__ = ["folder", "mariadb_url"]


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    made = Town(mariadb_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE TABLE {crm}.customers (a int)",
        "CREATE TABLE {crm}.pay (a int)",
        "CREATE USER {anna}@'%'",
        "CREATE USER {bert}@'%'",
        "CREATE ROLE {agents}",
        "GRANT SELECT ON {crm}.customers TO {agents}",
        "GRANT {agents} TO {anna}@'%'",
        "GRANT SELECT ON {crm}.pay TO {bert}@'%'",
    ):
        made.do(statement)
    yield made
    made.close()


def asked(desk: Desk, target: object, owners: str) -> list[dict[str, Any]]:
    """The items of a new review."""
    desk.do("access", "review", "start", target, "--name", "Q4", "--owners", desk.write("owners.csv", owners))
    return list(desk.json("access", "review", "show", "Q4")["items"])


@pytest.mark.system
def test_owners_of_a_mariadb_server_are_asked_about_accounts_roles_and_who_has_them(
    town: Town, desk: Desk
) -> None:
    owners = f"what,who,owner\n{town.name('crm')}.pay,,pay@you.example\n,,desk@you.example\n"
    url = f"{town.url.rpartition('/')[0]}/{town.name('crm')}"
    anna, bert, agents = f"{town.name('anna')}@%", f"{town.name('bert')}@%", town.name("agents")
    found = {(each["sort"], each["who"]): each for each in asked(desk, url, owners)}
    assert found["reads", bert]["what"] == [[town.name("crm"), "pay"]]
    assert found["reads", bert]["owner"] == "pay@you.example"
    assert found["reads", agents]["what"] == [[town.name("crm"), "customers"]]
    assert (found["member", anna]["group"], found["member", anna]["owner"]) == (agents, "desk@you.example")
    number = found["reads", bert]["item"]
    desk.do("access", "review", "remove", "Q4", number, "--by", "Dee", "--reason", "left the team")
    kept = {each["item"]: each for each in desk.json("access", "review", "show", "Q4")["items"]}
    assert kept[number]["decision"] == "remove"


def test_what_all_may_read_of_a_folder_is_asked_once_and_of_each_folder(desk: Desk, folder: Path) -> None:
    inner = folder / "hr"
    inner.mkdir(mode=0o755)
    (inner / "a").write_text("x")
    (inner / "a").chmod(0o644)
    (folder / "list0.csv").chmod(0o644)
    owners = f"what,who,owner\n{inner}*,,people@you.example\n,,desk@you.example\n"
    found = asked(desk, folder, owners)
    everybody = {each["what"][0][0]: each["owner"] for each in found if each["who"] == "everybody"}
    assert everybody == {str(folder): "desk@you.example", str(inner): "people@you.example"}


def test_files_that_all_may_read_in_a_folder_that_few_enter_are_not_everybodys(
    desk: Desk, folder: Path
) -> None:
    board, inner = folder / "board", folder / "board" / "open within"
    inner.mkdir(parents=True)
    for each in (board / "minutes.eml", inner / "health.csv", folder / "list0.csv"):
        each.write_text("x")
        each.chmod(0o644)
    inner.chmod(0o777)
    board.chmod(0o700)
    os.setxattr(board, "system.posix_acl_access", _one_more_enters(os.getuid() + 1))
    found = asked(desk, folder, "what,who,owner\n,,desk@you.example\n")
    (everybody,) = [each for each in found if each["who"] == "everybody"]
    assert [each[0] for each in everybody["what"]] == [str(folder)]


def _one_more_enters(uid: int) -> bytes:
    entries = (0x01, 7, -1), (0x02, 1, uid), (0x04, 0, -1), (0x10, 1, -1), (0x20, 0, -1)
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *each) for each in entries)
