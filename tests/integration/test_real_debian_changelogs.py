"""On real input: the maintainers of this machine's packages, looked for in the packages' changelogs.

The expected figures come from plain regular expressions over the same bytes, by none of the product's code.
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import Desk
from trapstreet.index import SHARED

STATUS = Path("/var/lib/dpkg/status")
DOCUMENTATION = Path("/usr/share/doc")
MAINTAINER = re.compile(r'^Maintainer: "?([^"<]+?)"? <([^<>@\s]+@[^<>\s]+)>$', re.MULTILINE)
ADDRESS = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (STATUS.is_file() and DOCUMENTATION.is_dir()),
        reason="needs a Debian machine's dpkg status and documentation",
    ),
]


def maintainers() -> list[tuple[str, str, str]]:
    """(package, name, address) of every package."""
    found = []
    for paragraph in STATUS.read_text(encoding="utf-8").split("\n\n"):
        package = re.search(r"^Package: (.+)$", paragraph, re.MULTILINE)
        maintainer = MAINTAINER.search(paragraph)
        if package and maintainer:
            architecture = re.search(r"^Architecture: (.+)$", paragraph, re.MULTILINE)
            found.append(
                (f"{package[1]}:{architecture[1] if architecture else ''}", maintainer[1], maintainer[2])
            )
    return found


def changelogs() -> list[Path]:
    return sorted(
        path for path in DOCUMENTATION.glob("*/*hangelog*") if path.is_file() and not path.is_symlink()
    )


def expected(data: bytes, names: dict[str, set[str]]) -> tuple[int, int]:
    """(addresses with the name near, addresses alone) among the registered ones, each counted once.

    Near: the name's words stand together, in either order, and begin within 200 bytes round the address. What
    an address itself spells is no name.
    """
    with_name: dict[str, bool] = {}
    blanked, matches = bytearray(data), list(addresses_in(data))
    for match in matches:
        blanked[match.start() : match.end()] = b" " * len(match[0])
    for match in matches:
        address = match[0].decode().lower().rstrip(".-")
        if address in names:
            low, high = max(0, match.start() - 200), match.end() + 200
            near = any(spoken(name, words_in(blanked, low, high)) for name in names[address])
            with_name[address] = with_name.get(address, False) or near
    return sum(with_name.values()), len(with_name) - sum(with_name.values())


def addresses_in(data: bytes) -> Iterator[re.Match[bytes]]:
    """Every match of ADDRESS; only lines with an @ are looked at."""
    at = data.find(b"@")
    while at >= 0:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield from ADDRESS.finditer(data, data.rfind(b"\n", 0, at) + 1, end)
        at = data.find(b"@", end)


def words_in(data: bytearray, low: int, high: int) -> list[str]:
    """The words that begin in a window of the bytes."""
    found = re.finditer(rb"[A-Za-z]+(?:'[A-Za-z]+)*", data[max(0, low - 64) : high + 64])
    shift = max(0, low - 64)
    return [
        match[0].decode().lower().replace("'", "") for match in found if low <= match.start() + shift < high
    ]


def spoken(name: str, said: list[str]) -> bool:
    """A name's words stand together, or the first and the last of them at most four words apart.

    Letters with accents divide a word here, in the name and in the text alike.
    """
    words = re.findall(r"[a-z]+", name.lower().replace("'", ""))
    if any(said[at : at + len(words)] == words for at in range(len(said))):
        return True
    pairs = {(a, b) for step in (1, 2, 3, 4) for a, b in zip(said, said[step:], strict=False)}
    return (words[0], words[-1]) in pairs or (words[-1], words[0]) in pairs


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_every_changelog_gives_what_plain_regular_expressions_count(desk: Desk) -> None:
    people = maintainers()
    table = desk.folder / "maintainers.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("package", "name", "email"))
        out.writerows(people)
    desk.do("register", table, "--name", "maintainers", "--key", "package", "--type", "name=name")
    packages = Counter(address.lower() for _, _, address in people)
    names: dict[str, set[str]] = defaultdict(set)
    for _, name, address in people:
        if packages[address.lower()] <= SHARED:  # a list that keeps more packages than that is set aside
            names[address.lower()].add(name)

    result = desk.json("scan", *changelogs(), status=1)

    found = {each["path"].partition("!")[0]: each for each in result["findings"]}
    differing = []
    for path in changelogs():
        records, singles = expected(content(path), names)
        finding = found.get(str(path), {"records": 0, "singles": {}})
        if (finding["records"], finding["singles"].get("email", 0)) != (records, singles):
            differing.append((str(path), finding["records"], finding["singles"], records, singles))
    assert not differing
    assert len(found) > 50, "the changelogs of a Debian machine are full of its maintainers"
