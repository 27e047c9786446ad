"""Scanning: how much text a second the reference matcher, and the whole command, go through."""

from functools import partial
from pathlib import Path

from measuring import CUSTOMERS, SEED, Desk, apart, desk, timed, write_customers
from texts import dense, prose
from trapstreet.app.demo.people import customers
from trapstreet.app.search import matcher_of
from trapstreet.app.workspace import Workspace
from trapstreet.index import Matcher

SORTS = ("prose", "customers, 1 % ours", "customers, all ours")
FOUND = 1


def main() -> None:
    with desk() as at:
        at.begin()
        table = at.folder / "customers.csv"
        write_customers(table, CUSTOMERS)
        at.run("register", table, "--name", "customers")
        apart(_write, at, 1_000_000 if at.quick else 5_000_000)
        apart(_match, at)
        for sort in SORTS:
            path = _file(at, sort)
            cost = at.run("scan", path, status=0 if sort == "prose" else FOUND)
            at.say(f"trapstreet scan: {sort}", cost, megabytes=path.stat().st_size / 1e6)


def _file(at: Desk, sort: str) -> Path:
    return at.folder / f"{sort.replace(' ', '-')}.txt"


def _write(at: Desk, size: int) -> None:
    ours = list(customers(CUSTOMERS, seed=SEED))
    texts = (prose(size), dense(size, ours, every=100), dense(size, ours, every=1))
    for sort, text in zip(SORTS, texts, strict=True):
        _file(at, sort).write_bytes(text)


def _match(at: Desk) -> None:
    _, matcher = matcher_of(Workspace.open(at.workspace))
    for sort in SORTS:
        text = _file(at, sort).read_bytes()
        cost = timed(partial(_matched, matcher, text))
        at.say(f"reference matcher: {sort}", cost, megabytes=len(text) / 1e6)


def _matched(matcher: Matcher, text: bytes) -> int:
    return sum(len(matches.matches) for matches in matcher.matches([text]))


if __name__ == "__main__":
    main()
