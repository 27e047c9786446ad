"""Logs of files taken in: names of any bytes stay what they are, from the log to the advice."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from desk import Desk
from trapstreet.app.uses import past_uses, record_ids_of, records_used
from trapstreet.app.workspace import Workspace
from trapstreet.plugins.changes import place_at

TIME = 1_795_410_860


@pytest.fixture
def share(desk: Desk) -> Path:
    """A folder with a file whose name is Latin-1."""
    folder = desk.folder / "share"
    folder.mkdir()
    (folder / "caf\udce9.csv").write_text("x")
    return folder


def audited(name: bytes, who: str = "root") -> str:
    head = f"msg=audit({TIME}.103:1):"
    return (
        f"type=SYSCALL {head} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=0 a3=0 items=1"
        " ppid=1 pid=2 auid=4294967295 uid=3056 gid=5 euid=3056 suid=3056 fsuid=3056 egid=5 sgid=5 fsgid=5"
        f' tty=(none) ses=4294967295 comm="cat" exe="/bin/cat" key=(null)\x1dARCH=x86_64 FSUID="{who}"\n'
        f'type=CWD {head} cwd="/"\n'
        f"type=PATH {head} item=0 name={name.hex().upper()} inode=4 dev=fd:00 mode=0100644 ouid=0 ogid=0"
        " rdev=00:00 nametype=NORMAL cap_fp=0\n"
    )


@pytest.mark.parametrize("kind", ["audit.log", "lines of one's own"])
def test_a_name_of_any_bytes_is_kept_as_it_is(desk: Desk, share: Path, kind: str) -> None:
    whole = f"{share}/caf\udce9.csv"
    if kind == "audit.log":
        text = audited(os.fsencode(whole))
    else:
        text = json.dumps({"ts": TIME, "user": "root", "object": whole}) + "\n"
    log = desk.write("log", text)
    assert "1 use" in desk.do("access", "import", log, "--place", share)
    (use,) = past_uses(Workspace.open(desk.workspace), str(share))
    assert use.on == ((str(share), "caf\udce9.csv"),)
    with place_at(str(share)) as place:
        assert place.replay([use], []).unproven == {}  # it is there


def test_lines_of_ones_own_name_records_in_files_of_any_name(desk: Desk, share: Path) -> None:
    line = {"ts": TIME, "user": "anna", "object": f"{share}/caf\udce9.csv", "records": [4711], "column": "id"}
    log = desk.write("log", json.dumps(line) + "\n")
    assert "1 use" in desk.do("access", "import", log, "--place", share)
    workspace, path = Workspace.open(desk.workspace), (str(share), "caf\udce9.csv")
    found = records_used(workspace, str(share), path, key="id")["anna"]
    ids = record_ids_of(workspace, str(share), path, "id", ["4711"])
    assert np.array_equal(found.named["id"].records, ids)
