"""An index file that is damaged or somebody else's: one clear line, never a crash, no other answer."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest

from children import ran
from desk import Desk, workspace_in
from offices import Office
from people import customer_file
from trapstreet.index.segment import ARRAYS, MAGIC, Header, Segment

ADVICE = "restore it from a backup, or register the data set again"
Damage = Callable[[Header, bytearray], Header]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, a copy of it, and another data set."""
    folder = tmp_path_factory.mktemp("made")
    return workspace_in(
        folder,
        ("register", customer_file(folder / "a.csv", 300), "--name", "customers"),
        ("share", "customers", "--to", "Auditor", "--out", folder / "copy.csv"),
        ("register", customer_file(folder / "b.csv", 300, seed=8), "--name", "others"),
    )


@pytest.fixture
def desk(made: Path, office: Office) -> Desk:
    """The same, to be damaged."""
    shutil.copytree(made, office.folder, dirs_exist_ok=True)
    desk = Desk(office.folder, office.capsys)
    desk.do("doctor")
    return desk


def segment(desk: Desk, name: str, pattern: str) -> Path:
    """The only segment of the data set whose file's name is like that."""
    from trapstreet.store.models import DataSet

    (path,) = (desk.workspace / "index" / DataSet.objects.get(name=name).id).glob(pattern)
    return path


def written(path: Path, header: Header, data: bytes) -> None:
    encoded = msgspec.json.encode(header)
    start = MAGIC + len(encoded).to_bytes(4, "little") + encoded
    path.write_bytes(start + bytes(ARRAYS - len(start)) + data[ARRAYS:])


def damaged(path: Path, damage: Damage) -> None:
    data = bytearray(path.read_bytes())
    written(path, damage(Segment(path).header, data), bytes(data))


def array(name: str, change: Callable[[int, str, int], tuple[int, str, int]]) -> Damage:
    """The header says something else of one array."""

    def damage(header: Header, data: bytearray) -> Header:
        return msgspec.structs.replace(header, arrays={**header.arrays, name: change(*header.arrays[name])})

    return damage


def content(name: str, change: Callable[[np.ndarray], None]) -> Damage:
    """The array has other numbers."""

    def damage(header: Header, data: bytearray) -> Header:
        offset, dtype, count = header.arrays[name]
        change(np.frombuffer(data, dtype=dtype, count=count, offset=offset))
        return header

    return damage


def fields(**changes: object) -> Damage:
    return lambda header, data: msgspec.structs.replace(header, **changes)


def without(name: str) -> Damage:
    return lambda header, data: msgspec.structs.replace(
        header, arrays={each: extent for each, extent in header.arrays.items() if each != name}
    )


def put(at: int, value: int) -> Callable[[np.ndarray], None]:
    def change(numbers: np.ndarray) -> None:
        numbers[at] = value

    return change


FILES: Mapping[str, Callable[[bytes], bytes]] = {
    "another program's": lambda data: b"PK\x03\x04" + data,
    "of a format to come": lambda data: b"TSINDEX\x09" + data[8:],
    "empty": lambda data: b"",
    "cut in its header": lambda data: data[:100],
    "cut in its arrays": lambda data: data[: len(data) // 2],
    "its last byte gone": lambda data: data[:-1],
    "a header that says it is longer": lambda data: data[:8] + b"\xff\xff\xff\xff" + data[12:],
    "a header that is no JSON": lambda data: data[:20] + b"\x00\xff" + data[22:],
    "zeros": lambda data: bytes(len(data)),
}

VERSION: Mapping[str, Damage] = {
    "an array behind the end": array("entries", lambda at, kind, n: (1 << 40, kind, n)),
    "an array before the beginning": array("entries", lambda at, kind, n: (-64, kind, n)),
    "a negative length": array("ended", lambda at, kind, n: (at, kind, -1)),
    "arrays over each other": array("entries", lambda at, kind, n: (ARRAYS, kind, n)),
    "an array of a length beyond all": array("entries", lambda at, kind, n: (at, kind, 1 << 60)),
    "an array between the places": array("entries", lambda at, kind, n: (at + 4, kind, n - 1)),
    "objects": array("entries", lambda at, kind, n: (at, "|O8", n)),
    "another type": array("directory", lambda at, kind, n: (at, "<u8", n // 2)),
    "no filter": array("filter", lambda at, kind, n: (at, kind, 0)),
    "a short directory": array("directory", lambda at, kind, n: (at, kind, n - 7)),
    "half a directory": array("directory", lambda at, kind, n: (at, kind, n // 2 + 1)),
    "a directory of one bucket": array("directory", lambda at, kind, n: (at, kind, 2)),
    "too few entries": array("entries", lambda at, kind, n: (at, kind, n - 1)),
    "too few slots": array("name.slots", lambda at, kind, n: (at, kind, n - 1)),
    "no slots": array("name.slots", lambda at, kind, n: (at, kind, 1)),
    "too few digests": array("digests", lambda at, kind, n: (at, kind, n - 1)),
    "no records": array("record_ids", lambda at, kind, n: (at, kind, 0)),
    "without entries": without("entries"),
    "without records": without("record_ids"),
    "a directory that begins late": content("directory", put(0, 9)),
    "a directory that goes beyond the entries": content("directory", put(-1, 1 << 31)),
    "a directory that goes back": content("directory", put(2048, 0xFFFFFFF0)),
    "phone numbers of 70 digits": fields(phone_lengths=(70,)),
    "phone numbers of no digits": fields(phone_lengths=(-1,)),
    "somebody else's data set": fields(data_set="ds-abcdefghjkmn"),
    "another version's": fields(owner="version:2"),
    "a copy's": fields(owner="copy:1-abc"),
    "older normal forms": fields(normal_forms=1),
    "newer normal forms": fields(normal_forms=99),
}

COPY: Mapping[str, Damage] = {
    "records beyond the last": content("email.record", put(0, 1 << 31)),
    "one record beyond the last": content("name.record", put(-1, 1000)),
    "records of fewer": array("email.record", lambda at, kind, n: (at, kind, n - 1)),
    "slots of fewer": array("name.slot", lambda at, kind, n: (at, kind, n - 1)),
    "without records": without("email.record"),
    "another copy's": fields(owner="copy:1-abcdefghjk"),
}


def refused(desk: Desk) -> None:
    """Trace, too, ends with one line that says what to do."""
    assert "register the data set again" in desk.refused(2, "trace", desk.folder / "a.csv")


def test_a_file_that_is_no_segment_is_one_clear_line(desk: Desk) -> None:
    path = segment(desk, "customers", "version-*")
    sound = path.read_bytes()
    for name, change in FILES.items():
        path.write_bytes(change(sound))
        assert ADVICE in desk.refused(2, "scan", desk.folder / "a.csv"), name
    refused(desk)
    ended = ran(desk.folder, ["scan", desk.folder / "a.csv", "--workspace", desk.workspace])
    assert (ended.status, ended.out) == (2, ""), ended.err
    (line,) = ended.err.splitlines()
    assert line.startswith("trapstreet: ")


@pytest.mark.parametrize(("pattern", "damages"), [("version-*", VERSION), ("copy-*", COPY)])
def test_a_segment_that_contradicts_itself_is_one_clear_line(
    desk: Desk, pattern: str, damages: Mapping[str, Damage]
) -> None:
    path = segment(desk, "customers", pattern)
    sound = path.read_bytes()
    for name, damage in damages.items():
        path.write_bytes(sound)
        damaged(path, damage)
        assert "register the data set again" in desk.refused(2, "scan", desk.folder / "a.csv"), name
    refused(desk)


def test_a_segment_in_the_place_of_another_is_one_clear_line(desk: Desk) -> None:
    shutil.copy(segment(desk, "others", "version-*"), segment(desk, "customers", "version-*"))
    assert ADVICE in desk.refused(2, "scan", desk.folder / "a.csv")


@pytest.mark.slow
def test_entries_of_records_that_are_not_there_find_nothing_and_nothing_breaks(desk: Desk) -> None:
    def change(entries: np.ndarray) -> None:
        entries |= np.uint64(0x1FF)  # 300 records have numbers of nine bits

    damaged(segment(desk, "customers", "version-*"), content("entries", change))
    ended = ran(desk.folder, ["scan", desk.folder / "a.csv", "--workspace", desk.workspace, "--json"])
    assert (ended.status, ended.err) == (0, "")
    assert msgspec.json.decode(ended.out)["findings"] == []


FLIPPED = """
import random
from pathlib import Path
import trapstreet.index.kernel as kernel
from trapstreet.app.search import shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import KernelMatcher, Lookup, ReferenceMatcher, Segment
workspace = Workspace.open(Path("workspace"))
from trapstreet.store import catalogue
text = Path("a.csv").read_bytes() + Path("copy.csv").read_bytes()[:9000]
paths = sorted(Path("workspace/index").rglob("*.segment"))
sound = {path: path.read_bytes() for path in paths}
draw = random.Random(20190)
def hits(matcher):
    return [tuple(each) for part in matcher.matches([text]) for each in part]
places = {
    path: [(8, 900)]
    + [(at, at + n) for at, _, n in Segment(path).header.arrays.values() if n]
    for path in paths
}
refused = read = 0
for number in range(100):
    path = draw.choice(paths)
    data = bytearray(sound[path])
    for first, last in draw.sample(places[path], draw.choice([1, 1, 2])):
        for _ in range(draw.choice([1, 3, 40, 4000])):
            data[draw.randrange(first, last)] = draw.choice([0, 255, draw.randrange(256)])
    path.write_bytes(data if number % 20 else data[: draw.randrange(len(data))])
    kernel.FEW_TABLES = draw.choice([0, 4])
    try:
        lookup = Lookup(catalogue.all_indexes(shelf_of(workspace)))
        found = hits(KernelMatcher(lookup, workspace.ring.fingerprint_key))
        if number % 10 == 1:
            assert found == hits(ReferenceMatcher(lookup, workspace.ring.fingerprint_key))
        read += 1
    except UnusableInput:
        refused += 1
    path.write_bytes(sound[path])
print(refused, read, file=sys.stderr)
"""


@pytest.mark.slow
def test_whatever_bytes_are_changed_the_process_lives_and_says_so(desk: Desk) -> None:
    ended = ran(desk.folder, ["--version"], before=FLIPPED)
    assert ended.status == 0, ended.err[-3000:]
    refused, read = map(int, ended.err.split())
    assert refused > 10
    assert read > 10
