"""A scan on a Ray cluster of several nodes finds what one process finds, whatever dies meanwhile."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from children import PATIENCE, program, ran
from desk import Desk, copy_of, workspace_in
from formats_containers import zipped
from heaps import heap
from people import customer_file
from ray_nodes import ON_LOOPBACK, Nodes
from trapstreet.app.scale.tries import LEFT_OUT

pytestmark = pytest.mark.slow

FILES, FOLDERS = 4, 8
LISTENING = "0A"

SMALL = f"""
from trapstreet.app.scale import units
units.OBJECTS = {FILES}
"""

AT_WORK = """
from trapstreet.app.scale import node
really = node.scanned
def scanned(place, sealed):
    import os, signal, time
    from trapstreet.app.scale import station
    ordinary = station.object_at
    def at(location, source, ref):
        {what}
        return ordinary(location, source, ref)
    station.object_at = at
    try:
        return really(place, sealed)
    finally:
        station.object_at = ordinary
node.scanned = scanned
"""
"""It travels with the task to the node: something happens there before an object is opened."""

SLOWLY = SMALL + AT_WORK.format(
    what='time.sleep(0.15); print(ref.path, file=open("opened", "a", errors="replace"), flush=True)'
)
DEADLY = SMALL + AT_WORK.format(what='"poison" in ref.path and os.kill(os.getpid(), signal.SIGKILL)')


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    table = customer_file(folder / "customers.csv", 400)
    lines = table.read_text().splitlines(keepends=True)
    heap(folder / "heap", lines[1:], folders=FOLDERS, files=FILES, every=5)
    (folder / "heap" / "3" / "packed.zip").write_bytes(
        zipped({"in it.csv": "".join(lines[200:230]).encode()})
    )
    (folder / "heap" / "5" / "empty.gz").write_bytes(b"\x1f\x8b\x08")
    (folder / "heap" / os.fsdecode(b"not \xff UTF-8.txt")).write_text("".join(lines[300:310]))
    return workspace_in(folder, ("register", table, "--name", "customers"))


@pytest.fixture
def desk(
    registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    for name, value in ON_LOOPBACK.items():
        monkeypatch.setenv(name, value)
    return copy_of(registered, tmp_path, capsys)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    made = Nodes(2)
    yield made
    made.stop()


def local(desk: Desk) -> Any:
    ended = ran(desk.folder, ["scan", "heap", "--json", "--workspace", desk.workspace])
    assert ended.status == 1, ended.err
    found = json.loads(ended.out)
    assert len(found["findings"]) == 9
    return found


def line(desk: Desk, nodes: Nodes | None, *more: object) -> list[object]:
    address = ("--address", nodes.address) if nodes else ()
    return ["scan", "heap", "--json", "--workspace", desk.workspace, "--engine", "ray", *address, *more]


def begun(desk: Desk, nodes: Nodes, *, before: str = "") -> "subprocess.Popen[str]":
    """A slow scan that has finished its first units."""
    process = subprocess.Popen(
        program(desk.folder / "peak", *line(desk, nodes, "--resume", "notes"), before=before + SLOWLY),
        cwd=desk.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: _size(desk) > 300 or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


def _size(desk: Desk) -> int:
    notes = desk.folder / "notes"
    return notes.stat().st_size if notes.exists() else 0


def until(happens: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def below(process: int) -> list[int]:
    """The processes that a process has begun, and those that these have."""
    found, waiting = [], [process]
    while waiting:
        parent = waiting.pop()
        for each in Path(f"/proc/{parent}/task").glob("*/children"):
            children = [int(child) for child in each.read_text().split()]
            found += children
            waiting += children
    return found


def holding(nodes: Nodes) -> list[str]:
    """The files in memory that processes of the nodes hold."""
    found = []
    for process in (each for pid in nodes.pids for each in below(pid)):
        for file in Path(f"/proc/{process}/fd").glob("*"):
            try:
                found.append(str(file.readlink()))
            except OSError:
                continue
    return [each for each in found if each.startswith("/memfd:trapstreet")]


def scanning(nodes: Nodes) -> list[int]:
    """The processes of the nodes that are at a unit."""
    of_nodes = [each for pid in nodes.pids for each in below(pid)]
    return [each for each in of_nodes if b"ray::scanned" in _called(each)]


def _called(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_the_same_is_found_and_said_and_nothing_of_it_stays_with_ray(desk: Desk, nodes: Nodes) -> None:
    ended = ran(desk.folder, line(desk, nodes), before=SMALL)
    assert (ended.status, ended.err) == (1, "9 new alerts: trapstreet case list\n")
    assert json.loads(ended.out) == local(desk)
    until(lambda: not holding(nodes))
    written = [each for each in nodes.folder.rglob("*") if each.is_file()]
    assert written
    for each in written:
        held = each.read_bytes()
        assert b"@" + b"quayside" not in held, each
        assert b"heap/" not in held, each


def test_a_node_is_killed_in_the_middle_and_the_same_is_found_once(desk: Desk, nodes: Nodes) -> None:
    process = begun(desk, nodes)
    until(lambda: holding(nodes))
    os.kill(nodes.pids.pop(), signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err
    assert json.loads(out) == local(desk)
    nodes.pids.append(nodes.add())


def test_a_scan_whose_nodes_have_all_gone_says_so_and_goes_on_with_others(desk: Desk, nodes: Nodes) -> None:
    impatient = "from trapstreet.app.scale import cluster; cluster._AGAIN = 5.0\n"
    process = begun(desk, nodes, before=impatient)
    while nodes.pids:
        os.kill(nodes.pids.pop(), signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4, err
    assert "no node of the cluster is left" in json.loads(out)["error"]["message"]
    nodes.pids = [nodes.add(), nodes.add()]
    resumed = ran(desk.folder, line(desk, nodes, "--resume", "notes"), before=SMALL)
    assert json.loads(resumed.out) == local(desk)


def test_after_kill_9_of_the_driver_it_goes_on_and_no_index_stays_behind(desk: Desk, nodes: Nodes) -> None:
    process = begun(desk, nodes)
    process.kill()
    process.communicate()
    until(lambda: not holding(nodes))
    before = opened(desk)
    resumed = ran(desk.folder, line(desk, nodes, "--resume", "notes"), before=SLOWLY)
    assert resumed.status == 1, resumed.err
    assert json.loads(resumed.out) == local(desk)
    again = before & opened(desk)
    assert len(again) <= 2 * FILES  # what the two nodes were at
    assert before - again
    assert not (desk.folder / "notes").exists()


def opened(desk: Desk) -> set[str]:
    """What was opened at the nodes since this was asked last."""
    names = set((desk.folder / "opened").read_text(errors="replace").splitlines())
    (desk.folder / "opened").unlink()
    return names


def test_what_kills_whoever_reads_it_is_left_out_and_said(desk: Desk, nodes: Nodes) -> None:
    poison = desk.folder / "heap" / "2" / "poison.txt"
    poison.write_text("nothing of ours")
    ended = ran(desk.folder, line(desk, nodes), before=DEADLY)
    assert ended.status == 1, ended.err
    found = json.loads(ended.out)
    assert [each for each in found["unread"] if each["why"] == LEFT_OUT] == [
        {"path": "heap/2/poison.txt", "why": LEFT_OUT}
    ]
    poison.unlink()
    without = local(desk)
    assert found["findings"] == without["findings"]
    assert found["scanned"] == without["scanned"]


def test_ctrl_c_ends_it_in_order_with_what_was_finished(desk: Desk, nodes: Nodes) -> None:
    process = begun(desk, nodes)
    until(lambda: scanning(nodes))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    until(lambda: not scanning(nodes))
    found = json.loads(out)
    assert found["stopped"] is True
    assert 0 < found["scanned"]["objects"] < FOLDERS * FILES
    assert "new alert" in err
    until(lambda: not holding(nodes))


def test_without_an_address_ray_is_started_here_and_heard_here_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ON_LOOPBACK:
        monkeypatch.delenv(name)
    with tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        heard, found = _alone(desk)
    assert found == local(desk)
    assert heard
    assert all(each.endswith("0100007F") for each in heard), heard


def _alone(desk: Desk) -> tuple[list[str], Any]:
    """Where a scan without an address was heard, and what it said."""
    process = subprocess.Popen(
        program(desk.folder / "peak", *line(desk, None), before=SLOWLY),
        cwd=desk.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: (desk.folder / "opened").exists() or process.poll() is not None)
    heard = listening(process.pid)
    out, _ = process.communicate(timeout=PATIENCE)
    return heard, json.loads(out)


def listening(process: int) -> list[str]:
    """The addresses, as the kernel writes them, at which processes below one are heard."""
    files = (file for pid in below(process) for file in Path(f"/proc/{pid}/fd").glob("*"))
    sockets = set()
    for file in files:
        try:
            sockets.add(str(file.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    found = []
    for table in ("tcp", "tcp6"):
        for each in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = each.split()
            if columns[3] == LISTENING and columns[9] in sockets:
                found.append(columns[1].partition(":")[0])
    return found
