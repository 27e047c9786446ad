"""The texts of tests/golden with what a matcher must find in them.

people.csv is registered, decoys.csv are the decoys of a copy. NAME.jsonl has a line for each match in
NAME.txt.
`python -m golden_matches`, in this folder, writes the .jsonl files anew from the reference matcher: read the
difference before it is committed.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from matcher_world import Keys, index_of
from trapstreet.core.fields import recognise
from trapstreet.core.model.table import Row
from trapstreet.index import Lookup, Matcher, ReferenceMatcher
from trapstreet.index.matcher import CONFIRMING

FOLDER = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))


class GoldenWorld:
    """The people registered in a folder, and what a matcher finds of them in words."""

    def __init__(self, folder: Path) -> None:
        header, people = _table("people")
        columns = recognise(header, people, region="IE", types={}, ignore=())
        copies = {"aaaaaaaa": _table("decoys")[1]}
        self._tickets: dict[int, str] = {}
        index = index_of(folder, "people", columns, [people], copies, epoch=1, tickets=self._tickets)
        self.lookup = Lookup([index])
        self.key_of = Keys().fingerprint_key

    def found(self, matcher: Matcher, name: str) -> Iterator[str]:
        """One line of JSON per match in NAME.txt; confirmed: 1 + the lowest slot that was met, by kind."""
        for part in matcher.matches([(FOLDER / f"{name}.txt").read_bytes()]):
            for at, match in enumerate(part):
                slots = zip(CONFIRMING, part.confirmed[at].tolist(), strict=True)
                line = {
                    "start": match.start,
                    "end": match.end,
                    "kind": match.kind,
                    "value": part.value(at).decode("utf-8", "backslashreplace"),
                    "copy": self.lookup.owners[match.owner].copy,
                    "record": self._tickets[match.record],
                    "confirmed": {kind: slot for kind, slot in slots if slot},
                }
                yield json.dumps(line, ensure_ascii=False)


def expected(name: str) -> list[str]:
    """The lines of NAME.jsonl."""
    return (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def _table(name: str) -> tuple[list[str], list[Row]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, [tuple(row) for row in rows]


def _write() -> None:
    with TemporaryDirectory() as folder:
        world = GoldenWorld(Path(folder))
        matcher = ReferenceMatcher(world.lookup, world.key_of)
        for name in NAMES:
            lines = [f"{line}\n" for line in world.found(matcher, name)]
            (FOLDER / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    _write()
