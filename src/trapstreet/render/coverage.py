"""What decoys would notice: a table of thefts and sentences for whoever decides how many to plant."""

from collections.abc import Callable, Iterator, Sequence
from math import floor

from trapstreet.core.model.words import counted
from trapstreet.plant.domain.coverage import SEEN, Chance, Coverage, Outlook
from trapstreet.plant.domain.thefts import How, Theft
from trapstreet.render.words import percent

_THEFT, _ROWS, _WIDTH = 38, 12, 8


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """How likely thefts take decoys and these are used; how many it needs; advice; the cost. 100 columns."""
    over = ", ".join([*coverage.spread_over[:4], "the table's order"])
    yield (
        f"What {counted(coverage.decoys, 'decoy')} would notice in a table of "
        f"{counted(coverage.rows, 'row')}, spread over {over}."
    )
    yield ""
    yield "How likely one decoy, and two, are among what is taken; and are contacted, where a buyer contacts"
    yield "1 in 10, or 1 in 100, of what is taken:"
    yield from _table(coverage, _chances)
    yield ""
    yield "Decoys for which that is 95 %:"
    yield from _table(coverage, _needed)
    yield ""
    yield from _advice(coverage)
    yield _cost(coverage)


def _table(coverage: Coverage, cells: Callable[[Chance], tuple[str, str]]) -> Iterator[str]:
    groups = ("taken", "1 in 10", "1 in 100")
    yield " " * (_THEFT + _ROWS) + "".join(f"{group:>{2 * _WIDTH}}" for group in groups)
    yield _row("", "rows", ("one", "two") * 3)
    for outlook in coverage.outlooks:
        words = theft_words(outlook.theft, coverage.rows)[: _THEFT - 1]
        shown = [cell for chance in outlook.chances for cell in cells(chance)]
        yield _row(words, f"{outlook.theft.rows:,}", shown)


def _row(theft: str, rows: str, cells: Sequence[str]) -> str:
    return f"{theft:<{_THEFT}}{rows:>{_ROWS}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)


def theft_words(theft: Theft, rows: int) -> str:
    """`queue = billing (4.0 %)`, `opened in 2024 Q3 (2.1 %)`, `the newest 100`, `1.0 % at random`."""
    share = percent(theft.rows, rows)
    match theft.how:
        case How.PART:
            return f"{theft.column} = {theft.part} ({share})"
        case How.PERIOD:
            return f"{theft.column} in {theft.part} ({share})"
        case How.NEWEST:
            return f"the newest {theft.rows:,}"
        case How.RANDOM:
            return f"{share} at random"
    return "all of it"


def _chances(chance: Chance) -> tuple[str, str]:
    return _said(chance.one), _said(chance.two)


def _said(probability: float) -> str:
    """`97 %`, `<1 %`, `>99 %`: never nothing, never certain."""
    if probability < 0.01:
        return "<1 %"
    return ">99 %" if probability >= 0.99 else f"{floor(100 * probability)} %"


def _needed(chance: Chance) -> tuple[str, str]:
    one, two = chance.needed_one, chance.needed_two
    return (f"{one:,}" if one else "never"), (f"{two:,}" if two else "never")


def _advice(coverage: Coverage) -> Iterator[str]:
    cut = [each for each in coverage.outlooks if each.theft.how in (How.PART, How.PERIOD)]
    if cut:
        yield from _least_noticed(min(cut, key=lambda each: each.chances[1].one), coverage.rows)
        yield from _gain(max(cut, key=_gained), coverage.rows)
    tenth = coverage.outlooks[0].chances[1]
    yield f"If all of it is taken, a buyer who contacts 1 in 10 meets a decoy with {_said(tenth.one)}."
    yield from _by_phone(coverage)
    yield "Decoys grow old with the rows around them: plant some again every few months, for the newest rows."
    if coverage.decoys < coverage.suggested:
        yield f"{counted(coverage.suggested, 'decoy')} would be reasonable for a table of this size."


def _by_phone(coverage: Coverage) -> Iterator[str]:
    calls = coverage.calls
    has = f"; with {calls.numbers:,} it is {_said(calls.one)}" if calls.numbers else ""
    called = "everybody" if calls.theft.how is How.ALL else theft_words(calls.theft, coverage.rows)
    yield f"By phone only decoys with a live number hear of it: where a buyer calls {called},"
    yield f"{counted(calls.needed, 'number')} make it 95 %{has}."


def _least_noticed(outlook: Outlook, rows: int) -> Iterator[str]:
    taken, tenth, _ = outlook.chances
    yield (
        f"Least noticed: {theft_words(outlook.theft, rows)}. It takes one decoy with {_said(taken.one)}, "
        f"two with {_said(taken.two)};"
    )
    needed = f", {tenth.needed_one:,} decoys make it 95 %" if tenth.needed_one and tenth.one < SEEN else ""
    yield f"a buyer who contacts 1 in 10 of it meets one with {_said(tenth.one)}{needed}."


def _gained(outlook: Outlook) -> float:
    return outlook.chances[0].one - outlook.chances[0].random_one


def _gain(outlook: Outlook, rows: int) -> Iterator[str]:
    taken = outlook.chances[0]
    if _gained(outlook) >= 0.01:
        yield (
            f"Placed at random, one is in {theft_words(outlook.theft, rows)} with {_said(taken.random_one)}, "
            f"spread out with {_said(taken.one)}."
        )


def _cost(coverage: Coverage) -> str:
    return (
        f"Cost: {percent(coverage.decoys, coverage.rows + coverage.decoys)} of the rows are nobody: "
        "leave them out of bills, mailings and statistics."
    )
