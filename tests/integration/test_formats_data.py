"""Databases, columns, web archives, Git packs: every planted record comes out, and no file harms the next."""

import gzip
import io
import random
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest

from formats_data import (
    ADDRESS,
    PACKS,
    SAMPLES,
    Make,
    Repository,
    brotli,
    database,
    history,
    in_chunks,
    lines,
    loose,
    page,
    web_archive,
)
from planted import ROWS, everything, lost
from taken_apart import read, source
from trapstreet.core.model.objects import Unread

UNMARKED = zlib.compress(b"")[:2]
"""What begins like this may be anything until its beginning is unpacked."""
EVERY = [(name, make) for name, make, _ in SAMPLES] + PACKS


def zipped(content: bytes = b"inner@example.com\n" * 9) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", content)
    return out.getvalue()


def beside(data: bytes) -> tuple[dict[str, bytes], list[Unread]]:
    """What is read of a file that lies in an archive before a good one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bad", data)
        archive.writestr("good.csv", lines(ROWS))
    texts, unread = everything(out.getvalue(), "z")
    assert lost(texts["z!/good.csv"]) == []
    assert all(each.path.startswith("z!/bad") for each in unread)
    return texts, unread


@pytest.mark.parametrize(("make", "inner"), [s[1:] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_every_planted_row_is_found_with_its_cells_beside_each_other(make: Make, inner: str) -> None:
    texts, unread = read(source(make(ROWS), "d"))
    assert lost(texts["d" + inner]) == []
    assert unread == []


@pytest.mark.parametrize("make", [p[1] for p in PACKS], ids=[p[0] for p in PACKS])
def test_every_planted_row_is_found_in_an_old_state_of_a_file(make: Make) -> None:
    texts, unread = read(source(make(ROWS), "d"))
    assert any(lost(text) == [] for text in texts.values())
    assert unread == []


@pytest.mark.slow
@pytest.mark.parametrize("make", [e[1] for e in EVERY], ids=[e[0] for e in EVERY])
def test_a_file_damaged_anywhere_ends_and_raises_nothing(make: Make) -> None:
    chance = random.Random(13)
    whole = make(ROWS[:6])
    for _ in range(40):
        damaged = bytearray(whole)
        at = chance.randrange(len(damaged))
        damaged[at : at + 4] = chance.randbytes(4)
        texts, unread = beside(bytes(damaged))
        assert any(path.startswith("z!/bad") for path in [*texts, *(each.path for each in unread)])


@pytest.mark.parametrize("make", [e[1] for e in EVERY], ids=[e[0] for e in EVERY])
def test_a_truncated_file_is_read_or_listed(make: Make) -> None:
    whole = make(ROWS)
    for share in (0.2, 0.5, 0.9, 0.99):
        texts, unread = beside(whole[: int(len(whole) * share)])
        together = b"\n".join(text for path, text in texts.items() if path.startswith("z!/bad"))
        assert unread or all(row[1].encode() in together for row in ROWS) or whole[:2] == UNMARKED


# ---- SQLite


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
def test_rows_of_a_table_that_was_dropped_are_found_with_their_cells_apart(encoding: str) -> None:
    gone = [[f"Gone {n}", f"gone{n}@example.com", str(n), "2"] for n in range(500)]
    texts, unread = read(source(database(ROWS, gone=gone, encoding=encoding), "d"))
    assert all(
        f"Gone {n}\tgone{n}@example.com\t{n}\t2\n" in texts["d"].decode("utf-8", "replace")
        for n in range(500)
    )
    assert b"person1@" not in texts["d"]
    assert unread == []


def test_single_rows_that_were_deleted_are_found_with_their_cells_apart(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "db")
    base.execute("PRAGMA secure_delete = off")
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name, mail, phone, ticket)")
    people = [[f"Name {n}", f"person{n}@example.com", f"0151 {2345000 + n}", n] for n in range(2000)]
    base.executemany("INSERT INTO t (name, mail, phone, ticket) VALUES (?, ?, ?, ?)", people)
    base.commit()
    base.execute("DELETE FROM t WHERE id % 50 = 7")
    base.commit()
    base.close()
    texts, _ = read(source((tmp_path / "db").read_bytes(), "d"))
    deleted = [row for number, row in enumerate(people, 1) if number % 50 == 7]
    found = [row for row in deleted if f"{row[1]}\t{row[2]}\t{row[3]}\n".encode() in texts["d"]]
    assert len(found) == len(deleted) == 40


def test_cells_are_written_as_people_write_them_and_files_in_them_are_opened() -> None:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE t (a, b, c, d)")
    base.execute("INSERT INTO t VALUES (491512345678.0, 1.5, NULL, ?)", [zipped()])
    base.execute("INSERT INTO t VALUES (1, 'tab\there', CAST(x'4ac3' AS TEXT), ?)", [b"\0J\xfcrgen\0"])
    base.execute("CREATE VIRTUAL TABLE search USING fts5 (body)")
    base.execute("INSERT INTO search VALUES ('maria@example.com')")
    base.commit()
    texts, unread = read(source(base.serialize(), "d"))
    assert texts["d!t"].decode() == "491512345678\t1.5\t\t\n1\ttab\there\tJÃ\t Jürgen \n"
    assert texts["d!t/1/4!/a.csv"] == b"inner@example.com\n" * 9
    assert b"maria@example.com" in texts["d!search_content"]
    assert b"CREATE TABLE t" in texts["d!sqlite_master"]
    assert unread == []


MANY = [[f"N{n}", f"many{n}@example.com", "1", "2"] for n in range(4000)]
LONG = [[f"L{n}", f"long{n}@example.com", "word " * 1500, f"end{n}"] for n in range(60)]


def pages_zeroed(data: bytearray) -> bytes:
    size = int.from_bytes(data[16:18])
    data[5 * size : 6 * size] = bytes(size)
    return bytes(data)


def bytes_changed(data: bytearray) -> bytes:
    size = int.from_bytes(data[16:18])
    for number in (4, 9, 14):  # the headers of pages, too
        data[number * size : number * size + 8] = b"\xa5" * 8
    return bytes(data)


@pytest.mark.parametrize(
    ("harm", "share"),
    [
        (pages_zeroed, 0.97),
        (bytes_changed, 0.98),
        (lambda data: bytes(data[:-100]), 0.99),
        (lambda data: bytes(data[: -int.from_bytes(data[16:18])]), 0.97),
        (lambda data: bytes(data[: len(data) * 2 // 3]), 0.64),
    ],
    ids=["a page of zeros", "headers of pages changed", "last bytes gone", "last page gone", "cut at 2/3"],
)
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
def test_nearly_all_rows_of_a_damaged_database_are_found_with_their_cells_apart(
    harm: Callable[[bytearray], bytes], share: float, encoding: str
) -> None:
    texts, unread = read(source(harm(bytearray(database(MANY, encoding=encoding))), "d"))
    found = set(b"\n".join(texts.values()).splitlines())
    assert sum("\t".join(row).encode() in found for row in MANY) >= share * len(MANY)
    assert "the rest was read as plain text: the database is damaged" in unread[-1].why


def test_rows_that_were_read_before_the_damage_are_kept() -> None:
    texts, unread = read(source(pages_zeroed(bytearray(database(MANY))), "d"))
    assert b"N0\tmany0@example.com\t1\t2\n" in texts["d!our customers"]
    assert b"many3999@example.com" in texts["d!/rows"]
    assert [each.path for each in unread] == ["d!our customers", "d"]


def test_rows_of_a_damaged_database_are_whole_where_they_fill_several_pages() -> None:
    data = bytearray(database(LONG))
    texts, _ = read(source(bytes(data[:-1]), "d"))
    found = set(texts["d!/rows"].splitlines())
    assert sum("\t".join(row).encode() in found for row in LONG) >= len(LONG) - 1


def test_rows_of_a_damaged_table_without_row_numbers_are_found() -> None:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE t (name PRIMARY KEY, mail, a, b) WITHOUT ROWID")
    base.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", MANY)
    base.commit()
    texts, _ = read(source(pages_zeroed(bytearray(base.serialize())), "d"))
    found = set(texts["d!/rows"].splitlines())
    assert sum("\t".join(row).encode() in found for row in MANY) >= 0.95 * len(MANY)


def test_a_database_whose_schema_calls_functions_is_whole() -> None:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE t (name, more TEXT CHECK (json_valid(more)), low AS (lower(name)))")
    base.execute("CREATE INDEX i ON t (json_extract(more, '$.mail'))")
    base.execute("""INSERT INTO t VALUES ('Maria', '{"mail": "maria@example.com"}')""")
    base.commit()
    texts, unread = read(source(base.serialize(), "d"))
    assert texts["d!t"] == b'Maria\t{"mail": "maria@example.com"}\tmaria\n'
    assert unread == []


def test_pages_that_point_at_each_other_end() -> None:
    data = bytearray(database([[f"N{n}", f"many{n}@example.com", "1", "2"] for n in range(9000)]))
    size = int.from_bytes(data[16:18])
    root = next(n for n in range(1, len(data) // size) if data[n * size] == 5)
    cells = int.from_bytes(data[root * size + 3 : root * size + 5])
    for number in range(cells):
        at = root * size + int.from_bytes(data[root * size + 12 + 2 * number :][:2])
        data[at : at + 4] = (root + 1).to_bytes(4)
    data[32:36] = (root + 1).to_bytes(4)  # and the freelist
    texts, unread = beside(bytes(data))
    assert unread
    assert any(b"many" in text for text in texts.values())


# ---- columns


def test_columns_of_every_type_are_written() -> None:
    import datetime as dt
    from decimal import Decimal

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "phone": [491512345678.0, None],
            "float": pa.array([1.5, float("nan")], pa.float32()),
            "date": [dt.date(2019, 11, 5), None],
            "exact": [Decimal("7.50"), None],
            "kind": pa.array(["x", None]).dictionary_encode(),
            "list": [[{"mail": "ä@example.com", "raw": b"J\xfc"}], []],
            "raw": [b"J\xfcrgen\tx", zipped()],
            "yes": [True, None],
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    texts, unread = read(source(out.getvalue(), "d"))
    first, second = texts["d"].decode().splitlines()
    assert (
        first
        == '491512345678\t1.5\t2019-11-05\t7.50\tx\t[{"mail": "ä@example.com", "raw": "Jü"}]\tJürgen\tx\ttrue'
    )
    assert second == "\tnan\t\t\t\t[]\t\t"
    assert texts["d!/2/raw!/a.csv"] == b"inner@example.com\n" * 9
    assert unread == []


def test_an_encrypted_column_file_is_listed() -> None:
    assert read(source(b"PARE" + bytes(99) + b"PARE", "d")) == (
        {},
        [Unread("d", "encrypted; passwords are not tried on it: unpack it first")],
    )


def test_a_column_file_that_says_one_value_very_often_is_stopped() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000_000, pa.int32()), pa.array(["x" * 1000]))
    out = io.BytesIO()
    pq.write_table(pa.table({"a": values}), out)
    assert len(out.getvalue()) < 1_000_000
    _, unread = beside(out.getvalue())
    assert any("more than 200 times the size" in each.why for each in unread)


# ---- web archives


def test_requests_headers_and_files_of_a_web_archive_are_read() -> None:
    data = web_archive(zipped(), kind="application/zip", Set_Cookie="mail=cookie@example.com")
    texts, unread = read(source(data, "x.warc.gz"))
    assert b"user=login@example.com" in texts[f"x.warc.gz!/{ADDRESS} (request)"]
    assert b"cookie@example.com" in texts[f"x.warc.gz!/{ADDRESS} (headers)"]
    assert texts[f"x.warc.gz!/{ADDRESS}!/a.csv"] == b"inner@example.com\n" * 9
    assert unread == []


def test_a_page_is_read_in_the_encoding_that_its_server_declares() -> None:
    data = web_archive("Мария maria@example.com".encode("koi8-r"), kind="text/html; charset=koi8-r")
    assert "Мария maria@example.com" in read(source(data, "w"))[0][f"w!/{ADDRESS}"].decode()


def test_values_are_whole_where_pieces_of_a_body_meet() -> None:
    body = "".join(f"Jürgen{n}\tperson{n}@example.com\n" for n in range(120_000)).encode()
    data = web_archive(
        in_chunks(gzip.compress(body, 1), 5000), Content_Encoding="gzip", Transfer_Encoding="chunked"
    )
    text = read(source(data, "w"))[0][f"w!/{ADDRESS}"]
    assert text.endswith(body)


def test_a_damaged_record_does_not_hide_those_behind_it() -> None:
    packed = bytearray(gzip.compress(page(ROWS)))
    packed[len(packed) // 2 :] = bytes(len(packed) - len(packed) // 2)
    data = web_archive(bytes(packed), Content_Encoding="gzip") + web_archive(page(ROWS))
    texts, unread = everything(data, "w")
    assert lost(texts[f"w!/{ADDRESS}"]) == []
    [unread_one] = unread
    assert unread_one.path == f"w!/{ADDRESS}"
    assert unread_one.why.startswith("the compressed body")
    rest = web_archive(page(ROWS), packed=False) + b"\r\n\r\nno record, but maria@example.com"
    texts, [unread_one] = everything(rest, "w")
    assert b"maria@example.com" in texts["w!/(rest)"]
    assert "damaged in the middle" in unread_one.why


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gzip.compress, brotli, zlib.compress], ids=["gzip", "br", "deflate"])
def test_a_bomb_in_a_web_archive_is_left_and_the_next_file_is_read(pack: object) -> None:
    encoding = {gzip.compress: "gzip", brotli: "br", zlib.compress: "deflate"}[pack]  # type: ignore[index]
    bomb = pack(bytes(80 << 20))  # type: ignore[operator]
    _, unread = beside(web_archive(bomb, Content_Encoding=encoding))
    assert any("more than 200 times the size" in each.why for each in unread)


# ---- Git


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path)
    table = [*ROWS]
    for number in range(30):
        table[number % len(table)] = ["Changed", f"state{number}@example.com", "1", "2"]
        found.commit(list=lines(table), book=zipped(lines(table)), note=b"%d" % number)
    found.run("tag", "-a", "v1", "-m", "for tagged@example.com")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("--delta-base-offset",), (), ("--depth=4000", "--window=250")])
def test_a_pack_gives_every_commit_tag_and_file_of_every_state(
    repository: Repository, arguments: tuple[str, ...]
) -> None:
    objects = {oid: content for oid, (kind, content) in repository.objects().items() if kind != "tree"}
    books = {oid for oid, content in objects.items() if content.startswith(b"PK")}
    texts, unread = read(source(repository.pack(*arguments), "p"))
    assert unread == []
    assert {path for path in texts if "/a.csv" in path} == {f"p!/{oid}!/a.csv" for oid in books}
    assert {oid: texts[f"p!/{oid}"] for oid in objects.keys() - books} == {
        oid: objects[oid] for oid in objects.keys() - books
    }
    assert any(b"committer@example.com" in text for text in texts.values())
    assert any(b"tagged@example.com" in text for text in texts.values())


@pytest.mark.slow
def test_of_a_long_text_that_changed_often_every_change_is_read_and_the_rest_once(tmp_path: Path) -> None:
    repository, chance = Repository(tmp_path), random.Random(5)
    table = [[f"N{n}", f"many{n}@example.com", f"{chance.random()}", f"{n}"] for n in range(5000)]
    for row in ROWS:
        at = chance.randrange(len(table))
        before = table[at]
        table[at] = row
        repository.commit(list=lines(table))
        table[at] = before
    packed = repository.pack("--delta-base-offset", "--depth=4000")
    texts, unread = read(source(packed, "p"))
    assert lost(b"\n".join(texts.values())) == []
    assert all(f"many{n}@example.com".encode() in b"".join(texts.values()) for n in range(5000))
    assert sum(map(len, texts.values())) < 2 * len(lines(table))
    assert unread == []


def test_a_pack_that_was_sent_is_read_as_far_as_it_goes(repository: Repository) -> None:
    thin = repository.run("pack-objects", "-q", "--thin", "--revs", "--stdout", stdin=b"HEAD\n^HEAD~3\n")
    texts, [unread] = read(source(thin, "p"))
    assert any(b"committer@example.com" in text for text in texts.values())
    assert "differences from others that are not in this pack" in unread.why


def entry(kind: int, content: bytes, *, size: int | None = None, base: bytes = b"") -> bytes:
    size = len(content) if size is None else size
    first, size = kind << 4 | size & 15, size >> 4
    head = bytearray()
    while size:
        head.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    head.append(first)
    return bytes(head) + base + zlib.compress(content)


def pack(*entries: bytes) -> bytes:
    body = b"PACK" + struct.pack(">2L", 2, len(entries)) + b"".join(entries)
    return body + sha1(body).digest()


def delta(source_size: int, target: int, operations: bytes) -> bytes:
    def number(value: int) -> bytes:
        out = bytearray()
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    return number(source_size) + number(target) + operations


GOOD = entry(3, b"maria@example.com")
OID = sha1(b"blob 17\0maria@example.com").digest()
ROUND = bytes(20)
HOSTILE_PACKS = {
    "a size that lies": pack(GOOD, entry(3, b"x@example.com", size=10 << 30)),
    "a base that is itself": pack(GOOD, entry(6, delta(17, 17, b"\x91\0\x11"), base=b"\0")),
    "a base before the pack": pack(GOOD, entry(6, delta(17, 17, b"\x91\0\x11"), base=b"\xff\xff\x7f")),
    "bases in a circle": pack(GOOD, entry(7, b"\x11\x11\x91\0\x11", base=ROUND), entry(7, b"x", base=ROUND)),
    "a delta that copies from behind its base": pack(
        GOOD, entry(7, delta(17, 50, b"\x91\x10\x32"), base=OID)
    ),
    "a delta that makes too much": pack(GOOD, entry(7, delta(17, 5, b"\x91\0\x11"), base=OID)),
    "a delta that ends in the middle": pack(GOOD, entry(7, delta(17, 50, b"\x91"), base=OID)),
    "a delta without an end of its size": pack(GOOD, entry(7, b"\xff" * 99, base=OID)),
    "an unknown kind": pack(GOOD, entry(5, b"x"), GOOD),
    "more objects than there are": b"PACK" + struct.pack(">2L", 2, 1 << 31) + GOOD,
}


@pytest.mark.parametrize("data", HOSTILE_PACKS.values(), ids=HOSTILE_PACKS.keys())
def test_a_hostile_pack_is_listed_and_its_good_objects_are_read(data: bytes) -> None:
    texts, unread = beside(data)
    assert texts[f"z!/bad!/{OID.hex()}"] == b"maria@example.com"
    assert unread or data == HOSTILE_PACKS["a size that lies"]


def test_a_chain_of_deltas_that_grows_without_end_is_stopped() -> None:
    """Each makes twice its base; twenty of them make 18 MB, twenty-five 600."""
    size, before, entries = 17, GOOD, [GOOD]
    for _ in range(25):
        operations = b"".join(
            b"\xff" + struct.pack("<L", at) + min(0xFFFFFF, size - at).to_bytes(3, "little")
            for at in range(0, size, 0xFFFFFF)
        )
        distance = bytearray([len(before) & 0x7F])
        rest = len(before) >> 7
        while rest:
            distance.insert(0, (rest - 1) & 0x7F | 0x80)
            rest = (rest - 1) >> 7
        before = entry(6, delta(size, 2 * size, operations * 2), base=bytes(distance))
        entries.append(before)
        size *= 2
    texts, unread = beside(pack(*entries))
    assert any(path.startswith("z!/bad!/") for path in texts)
    assert unread


@pytest.mark.slow
def test_a_loose_object_that_is_a_bomb_is_stopped() -> None:
    _, unread = beside(loose(bytes(150 << 20)))
    assert any("more than 200 times the size" in each.why for each in unread)


@pytest.mark.slow
def test_a_state_of_a_file_is_read_however_deep_it_lies() -> None:
    assert any(lost(text) == [] for text in read(source(history(ROWS, states=60), "p"))[0].values())
