"""What a node of a cluster is given and does, without a cluster: the index in memory, units in, parts out."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from desk import Desk, copy_of, workspace_in
from people import customer_file
from trapstreet.app.scale import node
from trapstreet.app.scale.job import Job, job_of
from trapstreet.app.scale.node import Keeper, KeeperGone, block_name, scanned
from trapstreet.app.scale.units import Listing
from trapstreet.app.search import matcher_of, public_of, texts
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.watch import Part, TextSearch, search, told

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    table = customer_file(folder / "customers.csv", 300)
    lines = table.read_text().splitlines(keepends=True)
    (folder / "heap").mkdir()
    for number in range(6):
        shown = "".join(lines[1 + 9 * number : 9 + 9 * number]) if number % 2 else "test@example.com\n"
        (folder / "heap" / f"{number}.txt").write_text(shown)
    register = ("register", table, "--name", "customers")
    return workspace_in(
        folder, register, ("share", "customers", "--to", "Acme", "--out", folder / "copy.csv")
    )


@pytest.fixture
def desk(
    registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    desk = copy_of(registered, tmp_path, capsys)
    settings = desk.workspace / "trapstreet.toml"
    public = (tmp_path / "customers.csv").read_text().splitlines()[10].split(",")[2]
    settings.write_text(settings.read_text().replace("public = []", f'public = ["{public}"]'))
    monkeypatch.chdir(tmp_path)
    return desk


def job(desk: Desk) -> tuple[Job, list[Path], Workspace]:
    workspace = Workspace.open(desk.workspace)
    lookup, _ = matcher_of(workspace)
    public = public_of(workspace, lookup)
    made, paths = job_of(
        workspace, ["heap"], lookup=lookup, public=public, passwords=(Protected("open sesame"),), ocr=False
    )
    return made, paths, workspace


def kept(made: Job, paths: Sequence[Path], *, block: int = 1000) -> Keeper:
    """A keeper to which all has come in blocks."""
    keeper = Keeper()
    keeper.begin(KEY, seal(KEY, msgspec.msgpack.encode(made), aad=node.JOB))
    for number, path in enumerate(paths):
        content = path.read_bytes()
        for offset in range(0, len(content), block):
            name = block_name(number, offset)
            keeper.take(number, offset, seal(KEY, content[offset : offset + block], aad=name))
    return keeper


def parts_at(place: tuple[int, int]) -> list[Part]:
    with Listing(["heap"]) as listing:
        sealed = [seal(KEY, unit.encoded(), aad=node.UNIT) for unit in listing.units()]
    return [Part.decoded(open_sealed(KEY, scanned(place, each), aad=node.PART)) for each in sealed]


def test_a_unit_gives_at_a_node_what_it_gives_here(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.app.scale.units.OBJECTS", 2)
    made, paths, workspace = job(desk)
    place = kept(made, paths).ready()
    there = Part.united(parts_at(place))
    lookup, matcher = matcher_of(workspace)
    here = search(texts(["heap"]), TextSearch(lookup, matcher, public_of(workspace, lookup)))
    assert told(there, lookup) == told(here, lookup)
    assert len(told(there, lookup).findings) == 3
    assert there.aside == here.aside != {}


def test_nobody_can_write_to_the_index_of_a_node_and_it_has_no_name(desk: Desk) -> None:
    made, paths, _ = job(desk)
    keeper = kept(made, paths)
    process, about = keeper.ready()
    files = [Path(f"/proc/{process}/fd/{each}") for each in keeper._files]
    assert [each.stat().st_nlink for each in files] == [0] * len(paths)
    with pytest.raises(PermissionError), files[0].open("r+b", buffering=0) as file:
        file.write(b"\0")
    assert b"open sesame" in Path(f"/proc/{process}/fd/{about}").read_bytes()  # and nowhere else


def test_an_index_that_did_not_come_whole_is_refused(desk: Desk) -> None:
    made, paths, _ = job(desk)
    keeper = kept(made, [*paths[:-1], Path("/dev/null")])
    with pytest.raises(UnusableInput, match="did not come whole"):
        keeper.ready()


def test_a_job_holds_fingerprint_keys_and_no_other(desk: Desk) -> None:
    made, _, workspace = job(desk)
    ring, encoded = workspace.ring, msgspec.msgpack.encode(made)
    assert made.keys
    assert all(key == ring.fingerprint_key(kind, epoch) for kind, epoch, key in made.keys)
    data_set = made.data_sets[0]
    others = [
        ring.master.reveal(),
        ring.record_key(data_set.data_set),
        ring.recipients_key(),
        ring.scan_key(),
    ]
    others += [ring.storage_key(copy)[:16] for copy in data_set.copies] + ring.code_keys(data_set.copies)
    assert not any(key in encoded for key in others)


def test_a_task_whose_keeper_has_gone_says_so(desk: Desk) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(KeeperGone):
        scanned((ended.pid, 3), b"")


def test_what_comes_under_another_key_is_not_taken(desk: Desk) -> None:
    made, paths, _ = job(desk)
    place = kept(made, paths).ready()
    with pytest.raises(UnusableInput):
        scanned(place, seal(os.urandom(32), b"", aad=node.UNIT))


def test_a_node_without_the_folder_says_it_of_every_object(desk: Desk) -> None:
    made, paths, _ = job(desk)
    place = kept(msgspec.structs.replace(made, folder="/nowhere/to be/found"), paths).ready()
    (part,) = parts_at(place)
    assert [each.path for each in part.unread] == [f"heap/{number}.txt" for number in range(6)]
    assert {each.why for each in part.unread} == {"/nowhere/to be/found is not there on the node"}
    assert part.texts == 0
