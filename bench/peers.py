"""The other ways to look for 204,000 known values in text, each with the settings that suit it best.

All but `re` and polars look for the values as they are registered, letter by letter, and keep them in plain
text. Those two read e-mail addresses, numbers and references out of the text and compare normal forms.
"""

import hashlib
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

EMAIL = rb"[a-zA-Z0-9._%+-]{1,64}@[a-zA-Z0-9.-]{1,250}\.[a-zA-Z]{2,63}"
REFERENCE = rb"\b[tT][sS][-: ]?\d{6,9}\b"
PHONE = rb"(?<!\d)\+?\(?\d(?:[ ()./-]{0,3}\d){8,14}(?!\d)"
VALUES = b"|".join((EMAIL, REFERENCE, PHONE))


class Peer(Protocol):
    """One way to search.

    whole  it is given every text to the end, however slow it is: starting it takes long
    """

    name: str
    settings: str
    whole: bool

    def prepare(self, values: Sequence[str]) -> None:
        """Take in the values, as a user would before the first search."""
        ...

    def search(self, text: bytes) -> tuple[float, int]:
        """CPU seconds of the search, set-up left out, and how many hits it gave."""
        ...


def peers(folder: Path) -> list[Peer]:
    """All of them; `folder` holds the files that the programs among them read.

    Raises ImportError or FileNotFoundError if one is not installed: a comparison with a gap is none.
    """
    return [
        Program("ripgrep", ("rg", "-F", "-o", "-a", "-N", "--no-config", "--threads", "1"), folder),
        Program("GNU grep", ("grep", "-F", "-o", "-a"), folder),
        AhoCorasickRs(),
        PyAhoCorasick(),
        Hyperscan(),
        Regex(),
        Polars(),
    ]


class Program:
    """A command that reads its patterns from a file; what an empty text takes, just before, is left out."""

    whole = True

    def __init__(self, name: str, command: tuple[str, ...], folder: Path) -> None:
        said = subprocess.run([command[0], "--version"], capture_output=True, text=True, check=True).stdout
        self.name = f"{name} {next(word for word in said.split() if word[0].isdigit())}"
        self.settings = f"{' '.join(command)} -f VALUES, in the C locale"
        self._patterns = folder / "values"
        self._text = folder / "text"
        self._command = (*command, "-f", str(self._patterns), str(self._text))

    def prepare(self, values: Sequence[str]) -> None:
        self._patterns.write_text("".join(f"{value}\n" for value in values))

    def search(self, text: bytes) -> tuple[float, int]:
        setup, _ = self._run(b"")
        cpu, hits = self._run(text)
        return max(cpu - setup, 1e-3), hits

    def _run(self, text: bytes) -> tuple[float, int]:
        self._text.write_bytes(text)
        with tempfile.TemporaryFile() as output:
            environment = os.environ | {"LC_ALL": "C"}
            child = subprocess.Popen(self._command, stdout=output, env=environment)
            _, ended, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(ended)
            if child.returncode not in (0, 1):
                raise OSError(f"{self.name} ended with status {child.returncode}")
            output.seek(0)
            return usage.ru_utime + usage.ru_stime, output.read().count(b"\n")


class AhoCorasickRs:
    """The Rust automaton, on bytes."""

    whole = False
    settings = "BytesAhoCorasick, standard matches, implementation chosen by the library"

    def __init__(self) -> None:
        import ahocorasick_rs

        self.name = f"ahocorasick_rs {version('ahocorasick-rs')}"
        self._make = ahocorasick_rs.BytesAhoCorasick

    def prepare(self, values: Sequence[str]) -> None:
        self._automaton = self._make([value.encode() for value in values])

    def search(self, text: bytes) -> tuple[float, int]:
        return _timed(lambda: len(self._automaton.find_matches_as_indexes(text)))


class PyAhoCorasick:
    """The C automaton, on text that was decoded before."""

    whole = False
    settings = "Automaton of str, iter; decoding not counted"

    def __init__(self) -> None:
        import ahocorasick

        self.name = f"pyahocorasick {version('pyahocorasick')}"
        self._automaton = ahocorasick.Automaton()

    def prepare(self, values: Sequence[str]) -> None:
        for number, value in enumerate(values):
            self._automaton.add_word(value, number)
        self._automaton.make_automaton()

    def search(self, text: bytes) -> tuple[float, int]:
        decoded = text.decode("latin-1")
        return _timed(lambda: sum(1 for _ in self._automaton.iter(decoded)))


class Hyperscan:
    """Intel's library, one database of literals."""

    whole = False
    settings = "block mode, literal compiler, a callback that counts"

    def __init__(self) -> None:
        import hyperscan

        self.name = f"hyperscan {version('hyperscan')}"
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._hits = 0

    def prepare(self, values: Sequence[str]) -> None:
        self._database.compile(
            expressions=[value.encode() for value in values], ids=list(range(len(values))), literal=True
        )

    def search(self, text: bytes) -> tuple[float, int]:
        return _timed(lambda: self._count(text))

    def _count(self, text: bytes) -> int:
        self._hits = 0
        self._database.scan(text, match_event_handler=self._hit)
        return self._hits

    def _hit(self, *_: object) -> None:
        self._hits += 1


class Regex:
    """Python's own means: one expression for all values, and keyed hashes of their normal forms in a dict."""

    whole = False
    settings = "one expression, finditer, blake2b keyed, 8 bytes, in a dict"

    def __init__(self) -> None:
        self.name = f"re + dict, Python {platform.python_version()}"
        self._expression = re.compile(VALUES)
        self._known: dict[bytes, int] = {}

    def prepare(self, values: Sequence[str]) -> None:
        self._known = {_hashed(normal(value.encode())): number for number, value in enumerate(values)}

    def search(self, text: bytes) -> tuple[float, int]:
        return _timed(lambda: self._count(text))

    def _count(self, text: bytes) -> int:
        found = self._expression.finditer(text)
        return sum(_hashed(normal(match.group())) in self._known for match in found)


class Polars:
    """A table of lines: values by regular expression, normal forms by string functions, then a join."""

    whole = False
    settings = "1 thread: split, extract_all, explode, normal forms, semi join; no places"

    def __init__(self) -> None:
        os.environ["POLARS_MAX_THREADS"] = "1"
        import polars

        self.name = f"polars {version('polars')}"
        self._polars = polars

    def prepare(self, values: Sequence[str]) -> None:
        known = [normal(value.encode()).decode() for value in values]
        self._known = self._polars.DataFrame({"value": known})

    def search(self, text: bytes) -> tuple[float, int]:
        decoded = text.decode("latin-1")
        return _timed(lambda: self._count(decoded))

    def _count(self, text: str) -> int:
        pl = self._polars
        lines = pl.DataFrame({"line": [text]}).select(pl.col("line").str.split("\n").explode())
        found = [self._values(lines, *each) for each in self._sorts()]
        return sum(each.join(self._known, on="value", how="semi").height for each in found)

    def _sorts(self) -> Sequence[tuple[str, Callable[[Any], Any]]]:
        lower = EMAIL.decode()
        return (
            (lower, lambda value: value.str.to_lowercase()),
            (REFERENCE.decode(), lambda value: value.str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")),
            (r"\+?\(?\d(?:[ ()./-]{0,3}\d){8,14}", lambda v: v.str.replace_all(r"\D", "").str.tail(9)),
        )

    def _values(self, lines: Any, expression: str, form: Callable[[Any], Any]) -> Any:
        pl = self._polars
        values = lines.select(pl.col("line").str.extract_all(expression).alias("value"))
        return values.explode("value").drop_nulls().with_columns(form(pl.col("value")).alias("value"))


def normal(value: bytes) -> bytes:
    """E-mail addresses in small letters, references without separators, the last nine digits of numbers."""
    if b"@" in value:
        return value.lower()
    if value[:1].isalpha():
        return re.sub(rb"[^A-Z0-9]", b"", value.upper())
    return re.sub(rb"\D", b"", value)[-9:]


def values_of(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """E-mail addresses, phone numbers and references of customers (people.HEADER) as they are registered."""
    return list(chain.from_iterable((row[2], row[3], row[0]) for row in rows))


def _hashed(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=8, key=b"only for benchmarks").digest()


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    began = time.process_time()
    hits = work()
    return time.process_time() - began, hits
