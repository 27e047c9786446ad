"""Databases, column files, web archives and Git packs around rows of cells, written by other programs."""

import gzip
import io
import sqlite3
import subprocess
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

Rows = list[list[str]]
Make = Callable[[Rows], bytes]
COLUMNS = ("name", "mail", "phone", "ticket")


def lines(rows: Rows) -> bytes:
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def database(rows: Rows, *, encoding: str = "UTF-8", gone: Rows = (), wal: bool = False) -> bytes:  # type: ignore[assignment]
    """A table of customers; those of `gone` were in it and were deleted."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "db")
        with closing(sqlite3.connect(path)) as base:
            base.execute(f"PRAGMA encoding = '{encoding}'")
            base.execute(f"PRAGMA journal_mode = {'wal' if wal else 'delete'}")
            base.execute("PRAGMA secure_delete = off")
            base.execute(f'CREATE TABLE "our customers" ({", ".join(COLUMNS)})')
            base.execute(f"CREATE TABLE gone ({', '.join(COLUMNS)})")
            insert = f"VALUES ({', '.join('?' * len(COLUMNS))})"
            base.executemany(f'INSERT INTO "our customers" {insert}', rows)
            base.executemany(f"INSERT INTO gone {insert}", gone)
            base.commit()
            base.execute("DROP TABLE gone")
            base.commit()
        return path.read_bytes()


def parquet(rows: Rows, **how: object) -> bytes:
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(_table(rows), out, row_group_size=7, **how)
    return out.getvalue()


def arrow(rows: Rows) -> bytes:
    import pyarrow as pa

    out = io.BytesIO()
    with pa.ipc.new_file(out, _table(rows).schema) as writer:
        writer.write_table(_table(rows))
    return out.getvalue()


def orc(rows: Rows) -> bytes:
    from pyarrow import orc as library

    out = io.BytesIO()
    library.write_table(_table(rows), out)
    return out.getvalue()


def _table(rows: Rows) -> object:
    import pyarrow as pa

    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    return pa.table(
        {**columns, "number": [float(row[3]) for row in rows], "parts": [row[:2] for row in rows]}
    )


ADDRESS = "https://shop.example/kunden?x=1"


def web_archive(
    body: bytes, *, packed: bool = True, kind: str = "text/html; charset=utf-8", **headers: str
) -> bytes:
    """What a crawler keeps of one page; headers of the answer with "_" for "-"."""
    said = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items()) + "\r\n"
    asked = b"POST /login HTTP/1.1\r\nHost: shop.example\r\n\r\nuser=login@example.com"
    records = [
        ("warcinfo", b"software: crawler\r\n"),
        ("request", asked),
        ("response", answer.encode() + body),
    ]
    return b"".join(_record(kind, content, packed) for kind, content in records)


def _record(kind: str, content: bytes, packed: bool) -> bytes:
    from fastwarc import stream_io, warc

    record = warc.WarcRecord()
    record.init_headers(getattr(warc.WarcRecordType, kind))
    record.headers["WARC-Record-ID"] = "<urn:uuid:00000000-0000-4000-8000-000000000000>"
    record.headers["WARC-Date"] = "2026-02-02T10:00:00Z"
    record.headers["WARC-Target-URI"] = ADDRESS
    record.set_bytes_content(content)
    out = io.BytesIO()
    if not packed:
        record.write(out)
        return out.getvalue()
    writer = stream_io.GzipWriter(out)
    record.write(writer)
    writer.close()
    return out.getvalue()


def old_web_archive(rows: Rows) -> bytes:
    """ARC, as the Internet Archive wrote it before 2009."""
    head = b"1 0 Example\nURL IP-address Archive-date Content-type Archive-length\n\n"
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + lines(rows)
    first = b"filedesc://x.arc 0.0.0.0 20040101000000 text/plain %d\n" % len(head) + head + b"\n"
    second = f"{ADDRESS} 192.0.2.1 20040101000000 text/html {len(answer)}\n".encode() + answer + b"\n"
    return gzip.compress(first) + gzip.compress(second)


def in_chunks(data: bytes, size: int = 100) -> bytes:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def page(rows: Rows) -> bytes:
    return b"<html><pre>" + lines(rows) + b"</pre></html>"


def brotli(data: bytes) -> bytes:
    import brotli as library

    packed: bytes = library.compress(data, quality=5)
    return packed


def zstandard(data: bytes) -> bytes:
    import zstandard as library

    return library.compress(data)


class Repository:
    """A history of files, made by git."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.run("init", "-q")

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        who = ("-c", "user.name=Jürgen Müßig", "-c", "user.email=committer@example.com", "-c", "gc.auto=0")
        command = ["git", "-C", str(self._folder), *who, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout

    def commit(self, **files: bytes) -> None:
        for name, content in files.items():
            (self._folder / name).write_bytes(content)
        self.run("add", ".")
        self.run("commit", "-q", "-m", "state")

    def pack(self, *arguments: str) -> bytes:
        """All objects; by references to ids, unless `--delta-base-offset` is among the arguments."""
        return self.run("pack-objects", "-q", "--all", "--revs", "--stdout", *arguments)

    def objects(self) -> dict[str, tuple[str, bytes]]:
        """Kind and content of every object, by its id."""
        listed = self.run("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
        kinds = dict(line.split() for line in listed.decode().splitlines())
        return {oid: (kind, self.run("cat-file", kind, oid)) for oid, kind in kinds.items()}


def history(rows: Rows, *arguments: str, states: int = 5) -> bytes:
    """A pack in which the rows lie in the first state of a file, and fewer in each that follows."""
    with TemporaryDirectory() as folder:
        repository = Repository(Path(folder))
        for number in range(states):
            repository.commit(list=b"x" * 999 + lines(rows[number:]), note=b"%d" % number)
        return repository.pack(*arguments)


def loose(content: bytes, kind: bytes = b"blob") -> bytes:
    return zlib.compress(b"%b %d\0%b" % (kind, len(content), content))


SAMPLES: list[tuple[str, Make, str]] = [
    ("sqlite", database, "!our customers"),
    ("sqlite in UTF-16", lambda rows: database(rows, encoding="UTF-16le"), "!our customers"),
    ("sqlite in WAL mode", lambda rows: database(rows, wal=True), "!our customers"),
    ("parquet", parquet, ""),
    ("parquet by zstd", lambda rows: parquet(rows, compression="zstd"), ""),
    ("arrow", arrow, ""),
    ("orc", orc, ""),
    ("warc", lambda rows: web_archive(page(rows), packed=False), f"!/{ADDRESS}"),
    ("warc.gz", lambda rows: web_archive(page(rows)), f"!/{ADDRESS}"),
    (
        "warc.gz with gzip",
        lambda rows: web_archive(gzip.compress(page(rows)), Content_Encoding="gzip"),
        f"!/{ADDRESS}",
    ),
    (
        "warc.gz with brotli in chunks",
        lambda rows: web_archive(
            in_chunks(brotli(page(rows))), Content_Encoding="br", Transfer_Encoding="chunked"
        ),
        f"!/{ADDRESS}",
    ),
    (
        "warc.gz with zstd",
        lambda rows: web_archive(zstandard(page(rows)), Content_Encoding="zstd"),
        f"!/{ADDRESS}",
    ),
    (
        "warc.gz with deflate",
        lambda rows: web_archive(zlib.compress(page(rows)), Content_Encoding="deflate"),
        f"!/{ADDRESS}",
    ),
    (
        "warc.gz with brotli, then gzip",
        lambda rows: web_archive(gzip.compress(brotli(page(rows))), Content_Encoding="br, gzip"),
        f"!/{ADDRESS}",
    ),
    (
        "warc.gz with gzip twice and zstd",
        lambda rows: web_archive(
            zstandard(gzip.compress(gzip.compress(page(rows)))), Content_Encoding="gzip,x-gzip, zstd"
        ),
        f"!/{ADDRESS}",
    ),
    (
        "warc.gz whose head lies",
        lambda rows: web_archive(page(rows), Content_Encoding="gzip, br"),
        f"!/{ADDRESS}",
    ),
    ("arc.gz", old_web_archive, f"!/{ADDRESS}"),
    ("git object", lambda rows: loose(lines(rows)), "!/blob"),
]
"""The name, how it is made of rows of cells, the way in to their text."""

PACKS: list[tuple[str, Make]] = [
    ("git pack", lambda rows: history(rows, "--delta-base-offset")),
    ("git pack by ids", history),
]
"""Those where the way in is an id."""
