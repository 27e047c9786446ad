"""Promise 1: of the data of customers, of decoys and of the names of recipients nothing is kept or printed.

A table with unmistakable values goes through every command, well and badly. Everything that trapstreet wrote,
printed or handed to a child is then searched for them in every disguise. The user's own files and the copies
are left out: they are where the values belong.
"""

import base64
import gzip
import itertools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk import Desk
from offices import Office
from trapstreet.app.demo.people import customers
from trapstreet.sandbox.pool import Pool

HEADER = "ref,name,email,phone,address,born,iban"
SENTINELS = (
    "QZX-739184625",
    "Zebulon Quartermaine",
    "zeb.quartermaine@sentinel-post.example",
    "+353 86 739 1846",
    "4471 Thistledown Crescent",
    "1957-03-29",
    "IE64IRCE92050112345678",
)
RECIPIENTS = ("Ormskirk Perihelion Brokers", "Wexcombe Halyard Mailing")
PASSPHRASE = "five words on a card"


def disguises(value: str) -> Iterator[bytes]:
    """The value plain, in lower and upper case, as digits, each in several encodings."""
    digits = re.sub(r"\D", "", value)
    texts = {value, value.lower(), value.upper(), re.sub(r"[\s-]", "", value)}
    for text in texts | ({digits} if len(digits) > 6 else set()):
        raw = text.encode()
        yield from (raw, text.encode("utf-16-le"), text.encode("utf-16-be"))
        yield from (raw.hex().encode(), raw.hex().upper().encode())
        for shift in range(3):
            shifted = base64.b64encode(bytes(shift) + raw)
            whole = shifted[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6]
            yield from {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}


def betrayed(content: bytes, values: tuple[str, ...]) -> list[str]:
    """Which of the values the content shows, in any disguise."""
    return [value for value in values if any(each in content for each in set(disguises(value)))]


class Watched:
    """A desk where whatever is printed, written or given to a child process is remembered."""

    def __init__(self, desk: Desk, root: Path) -> None:
        self.desk = desk
        self.root = root
        self.own: set[Path] = set()
        self.printed = bytearray()
        self.children: list[str] = []

    def write(self, name: str, content: str | bytes) -> Path:
        """A file of the user's own."""
        self.own.add(self.desk.folder / name)
        return self.desk.write(name, content)

    def run(self, status: int, command: str, *arguments: object) -> str:
        """A command, in words and as JSON; both are remembered."""
        in_words = ("--reason", "--out", "--html")
        said = self._run(status, command, *arguments)
        if not any(each in arguments for each in in_words) and command != "backup":
            self._run(status, command, *arguments, "--json")
        return said

    def _run(self, status: int, command: str, *arguments: object) -> str:
        ended = self.desk.run(command, *arguments, "--workspace", self.desk.workspace)
        said = self.desk.out + self.desk.err
        self.printed += said.encode()
        assert ended == status, f"{command} ended with {ended}: {said}"
        return said

    def files(self) -> list[Path]:
        return [path for path in self.root.rglob("*") if path.is_file() and path not in self.own]

    def show_none_of(self, values: tuple[str, ...]) -> None:
        found = {"printed": betrayed(bytes(self.printed), values)}
        found["children"] = betrayed("\n".join(self.children).encode(), values)
        for path in self.files():
            found[str(path.relative_to(self.root))] = betrayed(path.read_bytes(), values)
        assert {place: what for place, what in found.items() if what} == {}


@pytest.fixture
def watched(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A workspace whose company owns a mail domain; temporary files lie where they can be searched."""
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    office.init("workspace")
    settings = office.folder / "workspace" / "trapstreet.toml"
    settings.write_text(settings.read_text().replace("domains = []", 'domains = ["post.harbour.example"]'))
    made = Watched(Desk(office.folder, office.capsys), tmp_path)

    class Recorded(subprocess.Popen[Any]):
        def __init__(self, command: Any, *arguments: Any, **options: Any) -> None:
            made.children.append(f"{command} {options.get('env')} {options.get('cwd')}")
            super().__init__(command, *arguments, **options)

    monkeypatch.setattr("subprocess.Popen", Recorded)
    pool = Pool()  # which has started nothing before
    monkeypatch.setattr("trapstreet.sandbox.pool._pool", pool)
    yield made
    pool.close()


def table(watched: Watched, *, changed: str = "") -> Path:
    """300 customers; the one with the sentinels comes first, as reports show the first places."""
    lines = [HEADER]
    for number, (_, name, email, phone, city, _, _) in enumerate(customers(299, seed=3)):
        born = f"{1950 + number % 50}-{1 + number % 12:02}-{1 + number % 28:02}"
        lines.append(f"QZX-{700_000_000 + 131 * number},{name},{email},{phone},{number} {city} Road,{born},")
    lines.insert(1, ",".join(SENTINELS).replace("Crescent", f"Crescent{changed}"))
    return watched.write("customers.csv", "\n".join([*lines, ""]))


def leaks(watched: Watched) -> Path:
    """A folder with the leaked copy as a paste, packed, and as a workbook that a child process reads."""
    heap = watched.desk.folder / "heap"
    heap.mkdir()
    copy = (watched.desk.folder / "copy0.csv").read_text()
    paste = copy.upper().replace(",", " / ").encode()
    for name, content in {
        "paste.txt": paste,
        "packed.gz": gzip.compress(copy.encode()),
        "cut.gz": gzip.compress(copy.encode())[:-40],
        "book.xlsx": (watched.desk.folder / "copy1.xlsx").read_bytes(),
    }.items():
        watched.own.add(heap / name)
        (heap / name).write_bytes(content)
    return heap


def provoke_errors(watched: Watched) -> None:
    """Bad input of every sort, made of the sentinels."""
    row = ",".join(SENTINELS)
    for name, content in {
        "broken.csv": "\n".join([HEADER, row, row + ",more", SENTINELS[1]]),
        "repeated.csv": "\n".join([HEADER, row, row]),
        "headless.csv": "\n".join([row, row]),
        "names.csv": "\n".join([",".join(SENTINELS[1:4:2])] * 2),
        "book.xlsx": b"PK\x03\x04" + row.encode(),
        "table.parquet": b"PAR1" + row.encode() + b"PAR1",
        "lines.jsonl": f'{{"name": "{SENTINELS[1]}"}}\n{{"name": "{SENTINELS[1]}"',
        "base.sqlite": b"SQLite format 3\x00" + row.encode() * 50,
        "latin.csv": "\n".join([HEADER, *[row.replace("Z", "\xc4")] * 3]).encode("latin-1"),
    }.items():
        path = watched.write(name, content)
        option = "?encoding=ascii" if name == "latin.csv" else ""
        watched.run(2, "register", f"{path}{option}", "--name", "bad")
    watched.run(2, "register", watched.desk.folder / "customers.csv", "--name", "bad", "--key", "iban")
    watched.run(2, "share", "customers", "--to", RECIPIENTS[0] + "s", "--out", watched.desk.folder / "no.csv")
    watched.run(2, "share", "customers", "--to", RECIPIENTS[0], "--out", watched.desk.folder / "copy0.csv")


def test_the_search_finds_every_disguise() -> None:
    for value in SENTINELS:
        for text in (value, value.lower(), value.upper()):
            for before, after in itertools.product((b"", b"x", b"xy"), repeat=2):
                raw = before + text.encode() + after
                encoded = (raw.hex().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw))
                for content in (raw, *encoded):
                    assert betrayed(b"around " + content + b" it", SENTINELS) == [value]
            assert betrayed(text.encode("utf-16"), SENTINELS) == [value]
    assert betrayed(b"tel:353867391846", SENTINELS) == ["+353 86 739 1846"]
    assert betrayed(b"nothing of it", SENTINELS) == []


@pytest.mark.slow
def test_no_value_of_a_customer_a_decoy_or_a_recipient_is_kept_or_printed(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = watched.desk.folder
    source = table(watched)
    watched.run(0, "register", source, "--name", "customers", "--region", "IE")
    for name, recipient in zip(("copy0.csv", "copy1.xlsx"), RECIPIENTS, strict=True):
        watched.own.add(folder / name)
        watched.run(0, "share", "customers", "--to", recipient, "--out", folder / name, "--decoys", 40)
    heap = leaks(watched)
    assert "packed" in watched.run(1, "scan", heap)
    watched._run(0, "watch", "add", "directory", "--name", "heap", "--url", heap)
    watched._run(1, "watch", "run", "--once", "--json")
    assert "HOLDS YOUR DATA" in watched.run(0, "watch", "status", "heap")
    assert "took part" in watched.run(1, "trace", heap / "paste.txt")
    watched.run(1, "trace", heap / "paste.txt", "--html", folder / "dossier.html")
    decoys = own_cells(folder / "copy0.csv", source)
    everything = SENTINELS + RECIPIENTS + decoys
    assert len(decoys) > 20
    assert [path for path in watched.files() if path.name.endswith("-wal")], "the journal is searched as well"
    watched.show_none_of(everything)

    table(watched, changed=" House")
    watched.run(0, "register", source, "--name", "customers")
    provoke_errors(watched)
    bad = sorted(each for each in watched.own if each.suffix in (".csv", ".jsonl", ".sqlite", ".parquet"))
    assert folder / "headless.csv" in bad
    watched.run(6, "discover", heap, *bad, "--all")
    watched.run(0, "copy", "list")
    watched.own.add(folder / "clean.csv")
    watched.run(0, "strip", folder / "copy0.csv", "--out", folder / "clean.csv")
    watched.run(0, "backup", folder / "backup.tar")
    watched.run(0, "doctor")
    monkeypatch.setattr("trapstreet.watch.scan", bug)
    watched.run(70, "scan", heap)
    (key,) = folder.parent.glob("config/**/master.key")
    key.write_text("A" * 52)
    watched.run(2, "scan", heap)

    assert any("zygote.py" in command for command in watched.children), "a workbook was read in a child"
    written = {path.name for path in watched.files()}
    assert {"registry.sqlite3", "backup.tar", "dossier.html", "master.key", "kit.txt"} <= written
    assert [name for name in written if name.startswith("trapstreet-bug-")]
    assert [name for name in written if name.endswith(".segment")]
    assert [name for name in written if name.endswith(".sealed")]
    watched.show_none_of((*everything, PASSPHRASE))


def bug(*_: object, **__: object) -> None:
    raise KeyError(" ".join(SENTINELS))


def own_cells(copy: Path, source: Path) -> tuple[str, ...]:
    """The identifying cells of ten of a copy's decoys that no real row has."""
    real = source.read_text()
    own = [line for line in copy.read_text().splitlines() if line not in real.splitlines()]
    cells = (cell for line in own[:10] for cell in line.split(",")[:5])
    return tuple(cell for cell in cells if len(cell) > 7 and cell not in real)
