"""Planting in files: what is not planted stays to the byte, and nothing is ever half planted."""

import errno
import json
import os
import random
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from grounds_in_files import run_script, write_csv, write_jsonl, write_xlsx
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground
from trapstreet.plugins.tables import _replace, open_ground, open_table

NEW: list[Row] = [("15", 'Ann "A" O\'Neil', "Köln"), ("45", "Bo, jr", "")]

TEXTS = {
    "plain": "id,name,city\n10,Jo,Ulm\n20,Al,Bonn\n50,Cy,Kiel\n",
    "crlf": "id,name,city\r\n10,Jo,Ulm\r\n20,Al,Bonn\r\n50,Cy,Kiel\r\n",
    "no last line break": "id,name,city\r\n10,Jo,Ulm\r\n20,Al,Bonn",
    "quoted": '"id";"name";"city"\n"10";"Jo";"Ulm"\n"20";"A\nl";"Bonn"\n"50";"C""y";"Kiel"\n',
    "separator hint and blank lines": "sep=;\r\nid;name;city\r\n\r\n10;Jo;Ulm\r\n\r\n50;Cy;Kiel\r\n\r\n",
    "rows that cannot be read": 'id,name,city\n10,Jo,Ulm\n20,Al\n3,"Al" x,B\n50,Cy,Kiel\n60,"never closed\n',
    "mixed line ends": "id,name,city\n10,Jo,Ulm\r\n20,Al,Bonn\r50,Cy,Kiel\n",
    "no rows": "id,name,city\n",
}


def rows_of(path: Path) -> list[Row]:
    return [row for batch in open_table(str(path)).batches() for row in batch.rows]


def planted(path: Path, rows: Sequence[Row], **more: Sequence[Link]) -> tuple[Ground, list[list[Row]]]:
    ground = open_ground(str(path), key=["id"], **more)
    return ground, ground.plant([rows, *([] for _ in ground.tables[1:])])


def alone(path: Path) -> bool:
    """Nothing was left beside it."""
    return [each.name for each in path.parent.iterdir()] == [path.name]


def without(path: Path, encoding: str, rows: Sequence[Row]) -> str:
    """The text of a CSV file without the lines that hold these keys."""
    keys = tuple(str(row[0]) for row in rows)
    lines = path.read_bytes().decode(encoding).splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip('"').startswith(keys))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_every_other_byte_of_a_text_file_stays_and_undo_gives_the_file_back(
    text: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(before := text.replace("Ulm", "Zürich").encode(encoding))
    ground, stored = planted(path, NEW)
    assert stored[0] == NEW
    assert without(path, encoding, NEW).rstrip("\r\n") == before.decode(encoding).rstrip("\r\n")
    assert path.read_bytes().decode(encoding).endswith("\n") == text.endswith("\n")
    found = [row[0] for row in rows_of(path)]
    assert found == sorted(found)
    ground.remove(stored)
    assert path.read_bytes() == before
    assert alone(path)


def test_new_rows_are_quoted_as_the_file_quotes(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text('id;name;city\n10;"Jo";Ulm\n20;"Al";Bonn\n')
    planted(path, [("15", "Ann", "Köln")])
    assert path.read_text() == 'id;name;city\n10;"Jo";Ulm\n15;"Ann";Köln\n20;"Al";Bonn\n'


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_json_lines_keep_every_byte(separators: tuple[str, str], mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "customers.jsonl"
    lines = [
        json.dumps({"id": n, "tags": ["a", n], "city": "Ulm"}, separators=separators) for n in (10, 20, 30)
    ]
    path.write_bytes(before := mark + "\n".join([lines[0], "no object", *lines[1:]]).encode())
    ground, stored = planted(path, [(5, '["b"]', "Köln"), (35, None, "Kiel")])
    after = path.read_bytes().decode("utf-8-sig").splitlines()
    assert [after[1], after[2], *after[3:5]] == [lines[0], "no object", *lines[1:]]
    new = {"id": 5, "tags": ["b"], "city": "Köln"}
    assert after[0] == json.dumps(new, separators=separators, ensure_ascii=False)
    ground.remove(stored)
    assert path.read_bytes() == before


def test_parquet_keeps_types_metadata_row_groups_and_comes_back_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), metadata={b"why": b"key"}),
            ("since", pa.timestamp("ns")),
            ("tags", pa.list_(pa.string())),
            ("city", pa.dictionary(pa.int8(), pa.string())),
        ],
        metadata={b"owner": b"crm"},
    )
    cells = {
        "id": range(0, 1000, 10),
        "since": [n * 10**9 + 7 for n in range(100)],
        "tags": [["a", None]] * 100,
        "city": ["Ulm", "Bonn"] * 50,
    }
    pq.write_table(
        pa.table(cells, schema), path, row_group_size=30, compression={"id": "zstd", "city": "snappy"}
    )
    before, old = path.read_bytes(), pq.ParquetFile(path)
    ground, stored = planted(path, [(15, None, '["b"]', "Ulm"), (9999, None, None, "Bonn")])
    new = pq.ParquetFile(path)
    assert new.schema_arrow.equals(old.schema_arrow, check_metadata=True)
    assert new.metadata.metadata.keys() == old.metadata.metadata.keys()
    assert [new.metadata.row_group(n).num_rows for n in range(4)] == [30, 30, 30, 12]
    columns = [[file.metadata.row_group(0).column(n) for n in range(4)] for file in (old, new)]
    for was, now in zip(*columns, strict=True):
        assert (now.compression, now.encodings) == (was.compression, was.encodings)
    table = new.read()
    real = old.read()
    assert table.filter(pc.is_in(table["id"], real["id"])).equals(real)
    assert table["id"].to_pylist() == sorted(table["id"].to_pylist())
    ground.remove(stored)
    assert path.read_bytes() == before


def test_a_workbook_keeps_everything_but_its_ranges_and_comes_back_to_the_byte(tmp_path: Path) -> None:
    import openpyxl

    path = tmp_path / "customers.xlsx"
    real = [(n * 10, f"name {n}", date(2020, 1, n), n * 1.5) for n in range(1, 20)]
    write_xlsx(path, ("id", "name", "since", "spent"), real)
    before = path.read_bytes()
    new = [
        (5, "name 9", date(2020, 5, 1), 2.25),
        (55, "<New> & ' ", None, None),
        (999, "Last", date(2021, 1, 1), 3),
    ]
    ground, stored = planted(path, new)
    assert stored == [new]
    assert rows_of(path) == sorted([*real, *new])
    book = openpyxl.load_workbook(path)
    sheet = book["Kunden & Co"]
    assert sheet.auto_filter.ref == "A1:D23"
    assert book["Other"]["A1"].value == "shared with the other sheet"
    assert {sheet.cell(row, 3).number_format for row in (2, 3, 23)} == {"dd.mm.yyyy"}
    with zipfile.ZipFile(path) as archive:
        strings = archive.read("xl/sharedStrings.xml").decode()
    assert strings.index("name 9<") < strings.index("name 1<"), "texts stand in the order of their first use"
    ground.remove(stored)
    assert path.read_bytes() == before
    assert alone(path)


@pytest.mark.parametrize(
    ("column", "cells", "new"),
    [
        ("numbers as text", ["9", "10", "11", "100", "101"], "99"),
        ("dates", ["1.2.2020", "15.2.2020", "3.1.2021", "2.2.2021", "1.1.2022"], "20.1.2021"),
        ("falling", ["9", "8", "6", "4", "1"], "5"),
        ("prefixed", ["K-8", "K-9", "K-10", "K-12", "K-110"], "K-11"),
    ],
)
def test_a_sorted_file_stays_sorted(column: str, cells: list[str], new: str, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    write_csv(path, ("id", "other"), [(cell, other) for cell, other in zip(cells, "dbeac", strict=True)])
    planted(path, [(new, "c")])
    at = [row[0] for row in rows_of(path)].index(new)
    assert at == {"99": 3, "20.1.2021": 3, "5": 3, "K-11": 3}[new]


def test_a_file_with_few_rows_out_of_order_still_says_where_a_row_belongs(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    ids = [str(10 * n) for n in range(1, 1001)]
    ids[5], ids[700] = ids[700], ids[5]
    write_csv(path, ("id", "other"), [(cell, str(random.Random(cell).random())) for cell in ids])
    planted(path, [("5005", "x")])
    assert [row[0] for row in rows_of(path)].index("5005") in (499, 500, 501)


def test_rows_of_an_unsorted_file_stand_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    rng = random.Random(3)
    ids = [str(n) for n in rng.sample(range(10_000), 400)]
    write_csv(path, ("id", "other"), [(cell, str(rng.random())) for cell in ids])
    new = [(str(n), "x") for n in range(20_000, 20_040)]
    planted(path, new)
    places = [at for at, row in enumerate(rows_of(path)) if int(str(row[0])) >= 20_000]
    assert 100 < sum(places) / len(places) < 340
    assert [row[0] for row in rows_of(path) if int(str(row[0])) < 20_000] == ids


def test_among_equals_a_row_stands_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    write_csv(
        path,
        ("day", "id"),
        [(f"2020-01-0{d}", f"{(n * 7919) % 1009}-{d}") for d in range(1, 5) for n in range(100)],
    )
    planted(path, [("2020-01-02", f"x{n}") for n in range(30)])
    rows = rows_of(path)
    assert [row[0] for row in rows] == sorted(str(row[0]) for row in rows)
    places = [at - 100 for at, row in enumerate(rows) if str(row[1]).startswith("x")]
    assert min(places) < 40 < 90 < max(places)


def test_linked_rows_follow_their_own_file(tmp_path: Path) -> None:
    """Orders stand together by customer, in no order of customers: so do the new ones."""
    customers, orders = tmp_path / "customers.csv", tmp_path / "orders.jsonl"
    ids = random.Random(5).sample(range(100, 999), 60)
    write_csv(customers, ("id", "name"), [(str(n), f"n{n}") for n in ids])
    write_jsonl(orders, ("what", "customer"), [(f"{(n * m) % 83}", n) for n in ids for m in (1, 2, 3)])
    ground = open_ground(str(customers), key=["id"], links=[Link(str(orders), "customer")])
    assert (ground.tables[1].refers, ground.tables[1].referred, ground.tables[1].parent) == ((1,), (0,), 0)
    stored = ground.plant([[("5", "Ann")], [("a", "5"), ("b", "5"), ("c", "5")]])
    assert stored[1] == [("a", 5), ("b", 5), ("c", 5)], "in the type that the column has"
    references = [row[1] for row in rows_of(orders)]
    changes = sum(a != b for a, b in pairwise(references))
    assert changes == 60, "every customer's orders are together"
    assert [row for batch in ground.kin(1, [("5",)]) for row in batch.rows] != []


class TestNothingHalfDone:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "customers.csv"
        path.write_text(TEXTS["plain"])
        return path

    def refused(
        self, path: Path, error: type[TrapstreetError], match: str, act: Callable[[], object]
    ) -> None:
        before = {each: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
        with pytest.raises(error, match=match) as caught:
            act()
        assert "\n" not in str(caught.value)
        assert "Köln" not in str(caught.value)
        assert {each: each.read_bytes() for each in path.parent.iterdir() if each.is_file()} == before

    def test_a_file_that_changed_since_it_was_opened(self, path: Path) -> None:
        ground = open_ground(str(path), key=["id"])
        path.write_text(TEXTS["plain"] + "70,Di,Trier\n")
        self.refused(
            path, UnusableInput, "changed meanwhile; nothing was planted", lambda: ground.plant([NEW])
        )

    def test_a_file_that_changes_while_the_new_one_is_written(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ground = open_ground(str(path), key=["id"])
        write = _replace.Replacement._dress
        changed = TEXTS["plain"].replace("Ulm", "Ulf")

        def meanwhile(self: _replace.Replacement, out: int) -> None:
            write(self, out)
            times = path.stat()
            path.write_text(changed)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

        monkeypatch.setattr(_replace.Replacement, "_dress", meanwhile)
        with pytest.raises(UnusableInput, match="changed meanwhile; nothing was planted"):
            ground.plant([NEW])
        assert path.read_text() == changed
        assert alone(path)

    def test_a_key_that_a_row_has(self, path: Path) -> None:
        ground = open_ground(str(path), key=["id"])
        self.refused(path, UnusableInput, "has the key", lambda: ground.plant([[("20", "Ann", "Köln")]]))

    def test_a_character_that_the_file_cannot_hold(self, path: Path) -> None:
        path.write_bytes("id,name,city\n10,Jo,Zürich\n".encode("cp1252"))
        ground = open_ground(str(path), key=["id"])
        self.refused(path, UnusableInput, "cp1252", lambda: ground.plant([[("20", "名", "Köln")]]))

    def test_a_file_with_two_names(self, path: Path) -> None:
        os.link(path, path.with_name("other.csv"))
        ground = open_ground(str(path), key=["id"])
        self.refused(path, UnusableInput, "hard links", lambda: ground.plant([NEW]))

    def test_a_file_that_an_office_program_has_open(self, path: Path) -> None:
        path.with_name(f".~lock.{path.name}#").write_text("")
        ground = open_ground(str(path), key=["id"])
        self.refused(path, UnusableInput, "office program", lambda: ground.plant([NEW]))

    def test_a_file_that_another_process_is_planting_in(self, path: Path) -> None:
        ground = open_ground(str(path), key=["id"])
        other = _replace.Replacement(str(path))
        self.refused(path, UnusableInput, "another process", lambda: ground.plant([NEW]))
        other.close()
        ground.plant([NEW])

    @pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
    def test_a_full_disk_and_an_interrupt(
        self, path: Path, fault: BaseException, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        orders = path.with_name("orders.csv")
        orders.write_text("no,customer\n1,10\n2,50\n")
        before = [path.read_bytes(), orders.read_bytes()]
        replace, calls = Path.replace, []

        def second_fails(self: Path, target: str) -> Path:
            calls.append(target)
            if len(calls) == 2:
                raise fault
            return replace(self, target)

        ground = open_ground(str(path), key=["id"], links=[Link(str(orders), "customer")])
        monkeypatch.setattr(Path, "replace", second_fails)
        with pytest.raises((Unreachable, KeyboardInterrupt)):
            ground.plant([NEW, [("3", "15")]])
        assert [path.read_bytes(), orders.read_bytes()] == before
        assert sorted(each.name for each in path.parent.iterdir()) == ["customers.csv", "orders.csv"]

    def test_a_folder_that_must_not_be_written(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        open_, ground = os.open, open_ground(str(path), key=["id"])

        def denied(name: str, flags: int, *mode: int) -> int:
            if flags & os.O_CREAT:
                raise PermissionError(errno.EACCES, "denied")
            return open_(name, flags, *mode)

        monkeypatch.setattr(os, "open", denied)
        self.refused(path, AccessDenied, "may not write", lambda: ground.plant([NEW]))

    def test_a_link_to_the_file_itself(self, path: Path) -> None:
        links = [Link(str(path), "id")]
        with pytest.raises(UnusableInput, match="named twice"):
            open_ground(str(path), key=["id"], links=links)

    def test_a_workbook_with_formulas(self, path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["id", "name"])
        book.active.append([1, "Jo"])
        book.active.append([2, "=A2+1"])
        book.save(path.with_name("f.xlsx"))
        ground = open_ground(str(path.with_name("f.xlsx")), key=["id"])
        self.refused(path, UnusableInput, "formulas", lambda: ground.plant([[(3, "Köln")]]))


def test_mode_and_place_stay_and_a_symbolic_link_still_is_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "customers.csv"
    real.write_text(TEXTS["plain"])
    real.chmod(0o640)
    link.symlink_to(real)
    planted(link, NEW)
    assert link.is_symlink()
    assert len(rows_of(real)) == 5
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_other_rows_that_came_since_stay_when_planted_ones_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(TEXTS["plain"])
    _, stored = planted(path, NEW)
    path.write_text(path.read_text() + "70,Di,Trier\n")
    ground = open_ground(str(path), key=["id"])
    assert ground.remove(stored).rows == 2
    assert path.read_text() == TEXTS["plain"] + "70,Di,Trier\n"


def test_a_change_script_refuses_another_file_than_it_was_made_for(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(TEXTS["plain"])
    script = open_ground(str(path), key=["id"]).change_script([NEW])
    path.write_bytes(TEXTS["crlf"].encode())
    with pytest.raises(
        AssertionError, match=r"nothing was changed: .*not the file that this script was made for"
    ):
        run_script(script, tmp_path)
    assert path.read_bytes() == TEXTS["crlf"].encode()


def test_scripts_for_workbooks_need_no_library(tmp_path: Path) -> None:
    path = tmp_path / "customers.xlsx"
    write_xlsx(path, ("id", "name"), [(n, f"name {n}") for n in range(10, 100, 10)])
    before = path.read_bytes()
    new = [(15, "Ann"), (200, "Bo")]
    run_script(open_ground(str(path), key=["id"]).change_script([new]), tmp_path)
    ground = open_ground(str(path), key=["id"])
    assert ground.find(0, [(15,), (200,), (16,)]) == [*new, None]
    said = run_script(ground.removal_script([new]), tmp_path)
    assert "2 rows removed" in said
    assert "Ann" not in said
    assert path.read_bytes() == before


_MILLION = """
import sys
from pathlib import Path
from trapstreet.plugins.tables import open_ground

ground = open_ground(sys.argv[1], key=["id"])
new = [(str(n * 300 + 1), f"new {n}", f"new{n}@owned.example", "Bonn") for n in range(10_000)]
assert ground.remove(ground.plant([new])).rows == len(new)
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
def test_a_million_rows_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    rows = [(str(n * 3), f"name {n}", f"user{n}@mail.example", "Ulm") for n in range(1_000_000)]
    write_csv(path, ("id", "name", "email", "city"), rows)
    before = _replace.look(str(path)).sha256
    ran = subprocess.run([sys.executable, "-c", _MILLION, path], capture_output=True, text=True, check=True)
    assert _replace.look(str(path)).sha256 == before
    assert int(ran.stdout) < 250_000, "kilobytes"
