"""Field kinds: normal forms of cells per second, and candidates in text by the megabyte."""

from collections.abc import Sequence
from functools import partial
from random import Random

from measuring import SEED, best_of, desk, timed
from texts import dense, prose
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.core.fields import Column, Kind, Search, kinds, recognise

ROWS = 20_000
MORE = ("address", "postcode", "birth_date", "iban", "card", "ssn")


def main() -> None:
    with desk() as at:
        rows = _rows(2_000 if at.quick else ROWS)
        columns = recognise(
            (*HEADER, *MORE), rows[:1_000], region=None, types={"ssn": Kind.NATIONAL_ID}, ignore=()
        )
        for place, column in enumerate(columns):
            if column.kind is not Kind.TEXT:
                cells = [row[place] for row in rows]
                cost = best_of(3, partial(timed, partial(_forms, column, cells)))
                at.say(f"forms: {column.kind}", cost, items=len(cells))
        size = 500_000 if at.quick else 5_000_000
        texts = {"prose": prose(size), "customers": dense(size, list(customers(ROWS, seed=SEED)), every=100)}
        for sort, text in texts.items():
            for column in columns:
                if column.kind in kinds() and kinds()[column.kind].anchor:
                    cost = timed(partial(_found, column, text))
                    at.say(f"find in {sort}: {column.kind}", cost, megabytes=len(text) / 1e6)


def _forms(column: Column, cells: Sequence[str]) -> int:
    forms = kinds()[column.kind].forms
    return sum(len(forms(cell, column)) for cell in cells)


def _found(column: Column, text: bytes) -> int:
    return sum(1 for _ in kinds()[column.kind].find(text, Search((column,))))


def _rows(count: int) -> list[tuple[str, ...]]:
    """The demo's customers with a column of every other kind that has forms of its own."""
    random = Random(SEED)
    return [(*row, *_more(random)) for row in customers(count, seed=SEED)]


def _more(random: Random) -> tuple[str, ...]:
    number = random.randint(1, 250)
    street = random.choice(("Main Street", "Church Road", "Patrick Street", "Station Avenue"))
    return (
        f"{number} {street}",
        f"{random.randint(10_000, 99_999)}",
        f"{random.randint(1940, 2004)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
        _iban(random),
        _card(random),
        f"{random.randint(100, 665)}-{random.randint(10, 99)}-{random.randint(1_000, 9_999)}",
    )


def _iban(random: Random) -> str:
    account = f"{random.randrange(10**18):018}"
    return f"DE{98 - int(account + '131400') % 97:02}{account}"  # D, E and two noughts as digits: 13 14 00


def _card(random: Random) -> str:
    digits = f"4{random.randrange(10**14):014}"
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::2])
    return f"{digits}{-(doubled + sum(map(int, digits[1::2]))) % 10}"


if __name__ == "__main__":
    main()
