"""One round at a source in memory: what is read, what is committed, and where the next goes on."""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import pytest

from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import Text
from trapstreet.watch import Scan, SetAside
from trapstreet.watch.domain.known import Digests, Known
from trapstreet.watch.domain.rules import Rules
from trapstreet.watch.domain.steps import Figures, Step
from trapstreet.watch.rounds import Round, Stopped

Listed = Ref | Unread | Mark | Exception


@dataclass
class Memory:
    """A source whose listing is given; those that broke raise when they are opened."""

    listed: list[Listed]
    broken: dict[str, OSError] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    began: list[str] = field(default_factory=list)

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        self.began.append(cursor)
        for each in self.listed:
            if isinstance(each, Exception):
                raise each
            yield each

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        return io.BytesIO()

    def close(self) -> None:
        pass


class Opening:
    def __init__(self, source: Memory, ref: Ref) -> None:
        source.opened.append(ref.path)
        self.fetched, self.broke = ref.size or 0, source.broken.get(ref.path)
        self.changed = isinstance(self.broke, FileNotFoundError)
        why = [Unread(ref.path, str(self.broke))] if self.broke else []
        self.parts: Iterator[Text | Unread] = iter(why)


@dataclass
class Ledger:
    """What was committed, as the registry keeps it."""

    states: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    cursor: str = ""
    works: int = 0
    fail_at: int = -1

    def run(
        self, source: Memory, rules: Rules | None = None, *, goes_on: Callable[[], bool] = lambda: True
    ) -> Round:
        rows = ((key, state, gone) for key, (state, gone) in sorted(self.states.items()))

        def commit(made: Round, step: Step) -> None:
            if len(self.steps) == self.fail_at:
                raise Stopped
            self.steps.append(step)
            self.states |= {each.key: (each.state, False) for each in step.read}
            self.states |= {key: (self.states[key][0], False) for key in step.back}
            self.states |= {key: (self.states[key][0], True) for key in step.missing}
            self.cursor = made.cursor
            self.cursors.append(made.cursor)

        def search(texts: Iterable[Text | Unread]) -> tuple[Scan, int]:
            assert all(isinstance(each, Unread) for each in texts)
            return Scan([], {}, SetAside({}, {}), []), 0

        def works() -> None:
            self.works += 1

        made = Round(
            source,
            cursor=self.cursor,
            known=Known(rows),
            digests=Digests(b"k" * 32),
            rules=rules or Rules(),
            opened=lambda ref: Opening(source, ref),
            search=search,
            commit=commit,
            works=works,
            goes_on=goes_on,
        )
        made.run()
        self.cursor = made.cursor
        return made


def refs(*names: str, version: str = "1", size: int = 10) -> list[Listed]:
    return [Ref(name, version, size) for name in names]


END = Mark("", whole=True)


def test_what_is_unchanged_is_not_opened_and_nothing_is_written() -> None:
    ledger = Ledger()
    ledger.run(Memory([*refs("a", "b"), END]))
    again = Memory([*refs("a", "b"), END])
    quiet = ledger.run(again)
    assert (again.opened, len(ledger.steps), quiet.quiet, quiet.whole) == ([], 1, True, True)
    changed = Memory([*refs("a"), *refs("b", version="2"), END])
    assert ledger.run(changed).figures.read == 1
    assert changed.opened == ["b"]


def test_what_has_no_version_is_read_each_time() -> None:
    ledger = Ledger()
    for _ in range(2):
        source = Memory([*refs("a", version=""), END])
        ledger.run(source)
        assert source.opened == ["a"]


def test_a_listing_that_breaks_off_goes_on_behind_the_last_mark_that_was_read() -> None:
    ledger = Ledger()
    broken = Memory([*refs("a"), Mark("1"), *refs("b"), Unreachable("away")])
    with pytest.raises(Unreachable):
        ledger.run(broken)
    assert (broken.opened, ledger.cursor) == (["a", "b"], "1")
    rest = Memory([*refs("b", "c"), Mark("2", whole=True)])
    finished = ledger.run(rest)
    assert (rest.began, rest.opened, ledger.cursor) == (["1"], ["c"], "2")
    assert not finished.whole, "it did not begin at the beginning: nobody knows what is gone"


def test_a_round_that_is_killed_between_commits_reads_the_rest_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.watch.rounds.OBJECTS", 2)
    ledger = Ledger(fail_at=2)
    with pytest.raises(Stopped):
        ledger.run(Memory([*refs("a", "b"), Mark("1"), *refs("c", "d"), Mark("2"), *refs("e"), Mark("3")]))
    assert ledger.cursor in {"1", "2"}
    assert len(ledger.states) == 4
    ledger.fail_at = -1
    rest = Memory([*refs("c", "d", "e"), Mark("3")])
    ledger.run(rest)
    assert (rest.opened, ledger.cursor) == (["e"], "3")


def test_what_a_whole_listing_does_not_name_is_gone_but_not_in_a_folder_that_was_not_looked_at() -> None:
    ledger = Ledger()
    ledger.run(Memory([*refs("in/a", "b", "c"), END]))
    ledger.run(Memory([Unread("in", "denied"), *refs("b"), END]))
    (step,) = ledger.steps[1:]
    assert len(step.missing) == 2
    assert step.kept == ("in",)


def test_a_listing_that_is_not_whole_takes_nothing_for_gone() -> None:
    ledger = Ledger()
    ledger.run(Memory([*refs("a", "b"), END]))
    ledger.run(Memory([*refs("a"), Mark("")]))
    assert len(ledger.steps) == 1


def test_what_comes_back_as_it_was_is_there_and_not_read() -> None:
    ledger = Ledger()
    ledger.run(Memory([*refs("a", "b"), END]))
    ledger.run(Memory([*refs("a"), END]))
    back = Memory([*refs("a", "b"), END])
    assert ledger.run(back).figures.new == 1
    assert back.opened == []
    assert all(not gone for _, gone in ledger.states.values())


def test_objects_that_may_not_be_opened_are_noted_and_tried_again_when_they_change() -> None:
    ledger = Ledger()
    denied = {name: PermissionError(13, "denied") for name in "abcdefghijklmnopqrstuvwxyz"}
    first = ledger.run(Memory([*refs(*denied), END], broken=denied))
    assert (first.figures.unread, len(first.figures.examples)) == (26, 5)
    assert all(each.again for each in ledger.steps[0].read)
    again = Memory([*refs(*denied), END], broken=denied)
    ledger.run(again)
    assert again.opened == []


def test_what_vanished_meanwhile_is_read_when_it_is_there_and_is_no_failure_of_the_source() -> None:
    ledger = Ledger()
    gone = {f"x{number}": FileNotFoundError(2, "gone") for number in range(40)}
    ledger.run(Memory([*refs(*gone), END], broken=gone))
    back = Memory([*refs(*gone), END])
    ledger.run(back)
    assert back.opened == list(gone)


def test_a_source_of_which_nothing_can_be_opened_any_more_fails_and_loses_nothing() -> None:
    ledger = Ledger()
    away = {f"x{number}": TimeoutError(110, "timed out") for number in range(40)}
    with pytest.raises(Unreachable, match="20 objects in a row"):
        ledger.run(Memory([*refs("a"), *refs(*away), Mark("end")], broken=away))
    assert ledger.cursor == ""
    mended = Memory([*refs("a"), *refs(*away), Mark("end")])
    ledger.run(mended)
    assert mended.opened == list(away)


def test_a_budget_keeps_the_cursor_before_what_it_left() -> None:
    ledger = Ledger()
    listing = [*refs("a", "b"), Mark("1"), *refs("c", "d"), Mark("2"), *refs("e"), Mark("3")]
    first = ledger.run(Memory(listing), Rules(budget=30))
    assert (first.figures.read, ledger.cursor) == (3, "1")
    assert first.figures.passed_over == {"the round's budget was used up": 2}
    rest = Memory(listing[3:])
    ledger.run(rest, Rules(budget=30))
    assert (rest.began, rest.opened, ledger.cursor) == (["1"], ["d", "e"], "3")


def test_a_round_is_stopped_between_two_objects() -> None:
    ledger, left = Ledger(), [True] * 3
    with pytest.raises(Stopped):
        ledger.run(Memory([*refs("a", "b", "c"), END]), goes_on=lambda: bool(left and left.pop()))


def test_marks_without_anything_new_move_the_cursor_without_a_write() -> None:
    ledger = Ledger()
    ledger.run(Memory([Mark("1"), Mark("2"), Unread("x", "gone"), Mark("3")]))
    assert (ledger.cursor, ledger.steps) == ("3", [])


def test_others_may_have_what_waits_once_there_is_something_to_read() -> None:
    ledger = Ledger()
    ledger.run(Memory([*refs("a", "b"), END]))
    assert ledger.works == 1


def test_figures_stand_in_a_registry_as_json() -> None:
    figures = Ledger().run(Memory([*refs("a"), Unread("\udcff\n", "no name"), END])).figures
    assert figures.examples == [("\\xff\\n", "no name")]
    assert isinstance(figures, Figures)


def test_what_could_not_be_read_is_listed_once_more_by_a_source_that_tells_only_what_is_new() -> None:
    ledger = Ledger()
    ledger.run(Memory([Mark("1")]))
    late = {"b": OSError("broke off")}
    broken = Memory([*refs("a"), Mark("2"), *refs("b", "c"), Mark("3")], late)
    ledger.run(broken)
    assert (broken.opened, ledger.cursor) == (["a", "b", "c"], "2")
    again = Memory([*refs("b", "c", "d"), Mark("4")], late | {"d": OSError("broke off")})
    ledger.run(again)
    assert (again.began, again.opened, ledger.cursor) == (["2"], ["b", "d"], "4"), "none is held for ever"


def test_what_could_not_be_read_holds_no_source_that_names_all_each_time() -> None:
    ledger = Ledger()
    broken = Memory([*refs("a"), Mark("/d"), *refs("b"), END], {"a": OSError("broke off")})
    assert ledger.run(broken).whole
    assert ledger.cursor == ""
