"""On real input: the maintainers of this machine's packages, looked for in the packages' changelogs.

The expected figures come from plain regular expressions over the same bytes, by none of the product's code.
"""

import csv
import gzip
import re
from collections import defaultdict
from pathlib import Path

import pytest

from desk import Desk

STATUS = Path("/var/lib/dpkg/status")
DOCUMENTATION = Path("/usr/share/doc")
MAINTAINER = re.compile(r'^Maintainer: "?([^"<]+?)"? <([^<>@\s]+@[^<>\s]+)>$', re.MULTILINE)
ADDRESS = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")

pytestmark = pytest.mark.skipif(
    not (STATUS.is_file() and DOCUMENTATION.is_dir()),
    reason="needs a Debian machine's dpkg status and documentation",
)


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

    Near: the name's words stand together, in either order, within the 128-byte blocks that reach 200 bytes
    round the address, and 64 bytes on. What an address itself spells is no name.
    """
    with_name: dict[str, bool] = {}
    blanked = ADDRESS.sub(lambda match: b" " * len(match[0]), data)
    for match in ADDRESS.finditer(data):
        address = match[0].decode().lower().rstrip(".-")
        if address in names:
            low = max(0, match.start() - 200) // 128 * 128
            high = ((match.end() + 200) // 128 + 1) * 128 + 64
            near = any(spoken(name, blanked[low:high].decode("utf-8", "replace")) for name in names[address])
            with_name[address] = with_name.get(address, False) or near
    return sum(with_name.values()), len(with_name) - sum(with_name.values())


def spoken(name: str, text: str) -> bool:
    """A name's words stand together in the text: all of them in any order, or the first and the last."""
    said = re.findall(r"[a-z]+", text.lower().replace("'", ""))
    words = re.findall(r"[a-z]+", name.lower().replace("'", ""))
    runs = {tuple(sorted(said[at : at + len(words)])) for at in range(len(said))}
    if tuple(sorted(words)) in runs:
        return True
    pairs = {(a, b) for step in (1, 2, 3) for a, b in zip(said, said[step:], strict=False)}
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
    names: dict[str, set[str]] = defaultdict(set)
    for _, name, address in people:
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
