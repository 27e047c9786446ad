"""What colluders leave when they mixed their copies may be rewritten at will: the same are accused."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from people import customer_file, read_csv
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.app.tracing import trace_leak
from trapstreet.app.workspace import Workspace
from trapstreet.cli import run

pytestmark = pytest.mark.slow

Row = dict[str, str]

ROWS, COPIES = 2_000, 4
EACH = 12
STRANGERS = [
    dict(zip(HEADER, row, strict=True))
    for row in customers(800, seed=9, first=7_000_000, domains=("elsewhere.example",))
]


class Quiet:
    """Progress that nobody watches."""

    watched = False

    def __call__(self, done: int, total: int | None = None) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four copies of 2,000 customers, each without 5 % of them, the later ones with some shared decoys."""
    folder = tmp_path_factory.mktemp("office")
    there = ("--workspace", folder / "workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        patch.setattr("trapstreet.keys.kit._LOG2_N", 8)
        _do("init", there[1], "--keys", folder / "keys", "--kit", folder / "kit.txt", "--kit-confirmed")
        _do("register", customer_file(folder / "customers.csv", ROWS), "--name", "customers", *there)
        for copy in range(COPIES):
            asked = ("--to", f"Recipient {copy}", "--decoys", 250, "--withhold", "5%")
            _do("share", "customers", *asked, "--out", folder / f"{copy}.csv", *there)
    return folder


def _do(*arguments: object) -> None:
    assert run([str(each) for each in arguments]) == 0


@pytest.fixture(scope="module")
def copies(folder: Path) -> list[dict[str, Row]]:
    """The rows of each copy by their ticket numbers."""
    return [{row["ticket"]: row for row in read_csv(folder / f"{copy}.csv")} for copy in range(COPIES)]


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Workspace:
    return Workspace.open(folder / "workspace")


def in_all(copies: Sequence[dict[str, Row]]) -> list[Row]:
    return [row for key, row in copies[0].items() if all(key in copy for copy in copies)]


def by_turns(copies: Sequence[dict[str, Row]]) -> list[Row]:
    """For each row one of the colluders is asked, who may not have it."""
    random, keys = Random(1), dict.fromkeys(key for copy in copies for key in copy)
    return [row for key in keys if (row := random.choice(copies).get(key))]


COALITIONS = [
    ((0, 1), in_all),
    ((1, 2), in_all),
    ((1, 2, 3), in_all),
    ((0, 3), by_turns),
    ((2,), in_all),
]

SPELLINGS: dict[str, list[Callable[[str], str]]] = {
    "ticket": [str, str.lower, lambda text: text.replace("-", " ")],
    "name": [str, str.upper, str.lower, lambda text: ", ".join(text.split(" ", 1)[::-1])],
    "email": [str, str.upper, str.title, lambda text: f"<mailto:{text}>"],
    "phone": [
        str,
        lambda text: text.replace(" ", ""),
        lambda text: text.replace(" ", "-"),
        lambda text: "0" + text.removeprefix("+353 "),
        lambda text: "00" + text.removeprefix("+"),
    ],
}


def as_csv(rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_json(rows: list[Row]) -> str:
    return "\n".join(json.dumps(row) for row in rows)


def as_lines(rows: list[Row]) -> str:
    return "\r\n".join(" | ".join(row.values()) for row in rows)


def as_blocks(rows: list[Row]) -> str:
    return "\n\n".join("\n".join(f"{name}: {cell}" for name, cell in row.items()) for row in rows)


def accused(workspace: Workspace, text: str) -> set[int]:
    path = workspace.root.parent / "leak.txt"
    path.write_text(text)
    (result,) = trace_leak(workspace, [str(path)], progress=Quiet()).trace.data_sets
    return {int(each.copy.partition("-")[0]) - 1 for each in result.accused}


@pytest.mark.parametrize("coalition", COALITIONS, ids=lambda each: f"{each[1].__name__} {each[0]}")
def test_order_spelling_duplicates_strangers_and_fewer_columns_change_no_verdict(
    workspace: Workspace,
    copies: list[dict[str, Row]],
    coalition: tuple[tuple[int, ...], Callable[[Sequence[dict[str, Row]]], list[Row]]],
) -> None:
    members, mixed = coalition
    left = mixed([copies[copy] for copy in members])
    for seed in range(EACH):
        random = Random(seed)
        others = random.sample(HEADER, random.randint(0, len(HEADER)))
        columns = random.sample(list(dict.fromkeys(["email", *others])), k=len({"email", *others}))
        spelling = {name: random.choice(ways) for name, ways in SPELLINGS.items()}
        rows = [*left, *random.choices(left, k=random.randint(0, 1_000))]
        rows += random.sample(STRANGERS, random.randint(0, len(STRANGERS)))
        random.shuffle(rows)
        leak = [{name: spelling.get(name, str)(row[name]) for name in columns} for row in rows]
        written = random.choice([as_csv, as_json, as_lines, as_blocks])
        assert accused(workspace, written(leak)) == set(members), (seed, columns, written.__name__)


def test_the_verdict_is_the_coalitions_and_no_word_of_a_leak_of_the_source(
    workspace: Workspace, folder: Path
) -> None:
    """So that the test above could fail."""
    assert accused(workspace, (folder / "customers.csv").read_text()) == set()
