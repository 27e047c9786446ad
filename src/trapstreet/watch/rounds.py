"""One round at a source: what it lists is compared with what is known, and what is new is searched.

What was done so far is committed every few seconds, with the cursor behind which nothing is left: a round
that is interrupted anywhere goes on from there.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from trapstreet.core.model.errors import TrapstreetError, Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.core.ports import Source, Text
from trapstreet.watch.domain.known import UNREAD, Digests, Known
from trapstreet.watch.domain.rules import SAMPLED, SPENT, Rules, Sieve
from trapstreet.watch.domain.steps import Figures, Read, Step
from trapstreet.watch.service import Scan

OBJECTS, BYTES, SECONDS = 200, 64 << 20, 5.0
"""What is read between two commits, at most: the object that exceeds it is read to its end."""

IN_A_ROW = 20
"""Objects that cannot be opened one after the other, after which it is the source that fails."""

_FOLDERS = 1_000
"""Unread folders that are remembered: what lies in them is not taken for gone."""


class Stopped(BaseException):
    """The round does not go on here and now; what was committed stands. No reader on the way takes it for a
    fault of its own."""


class Opened(Protocol):
    """An object that is being read: its texts, and what of it cannot be read.

    fetched  bytes so far;  broke  what opening or reading it raised
    changed  what it raised is that the object is gone, or another one than was listed
    """

    parts: Iterator[Text | Unread]
    fetched: int
    broke: OSError | None
    changed: bool


class Samples(Protocol):
    """Which objects were opened by a sample alone."""

    def is_sample(self, ref: Ref) -> bool: ...
    def open_whole(self, ref: Ref) -> None: ...


class Round:
    """A round that begins, or goes on where an earlier one was interrupted.

    cursor   from which the listing goes on;  known  what was read before
    opened   begins to read an object;  search  looks for data sets in texts: what it found, and the tests
    commit   writes a step, or raises Stopped;  works  called once when there is something to read, or
             the listing takes long
    goes_on  asked again and again
    samples  of which objects only a sample is read at first
    Then: `cursor` for the next listing, `whole`: all that is there was named, `quiet`: nothing was committed.
    """

    def __init__(
        self,
        source: Source,
        *,
        cursor: str,
        known: Known,
        digests: Digests,
        rules: Rules,
        opened: Callable[[Ref], Opened],
        search: Callable[[Iterable[Text | Unread]], tuple[Scan, int]],
        commit: Callable[["Round", Step], None],
        works: Callable[[], None],
        goes_on: Callable[[], bool],
        figures: Figures | None = None,
        samples: Samples | None = None,
    ) -> None:
        self.figures = figures or Figures()
        self.cursor = cursor
        self.quiet, self.whole = True, False
        self._source, self._known, self._digests = source, known, digests
        self._anew = not cursor
        self._sieve, self._opened, self._search = Sieve(rules), opened, search
        self._commit, self._works, self._goes_on = commit, works, goes_on
        self._samples = samples
        self._waiting: deque[Ref | Mark] = deque()
        self._bytes_waiting = 0
        self._back: list[bytes] = []
        self._unlisted: list[str] = []
        self._frozen, self._failed, self._retries = False, False, False
        self._broken = 0
        self._committed = time.monotonic()

    def run(self) -> None:
        """List all there is, or is new, and read what has to be. Raises what the source raised, when what
        came before is committed; Stopped."""
        trouble: TrapstreetError | None = None
        listed = self._source.list(self.cursor)
        while True:
            self._ask()
            try:
                each = next(listed, None)
            except TrapstreetError as error:
                trouble, each = error, None
            if each is None:
                break
            self._take(each)
            if self._is_full():
                self._work()
        while self._waiting or self._back:
            self._work()
        if trouble is not None:
            raise trouble

    def _take(self, each: Ref | Unread | Mark) -> None:
        match each:
            case Unread():
                self.figures.note_unread(each.path, each.why)
                if len(self._unlisted) <= _FOLDERS:
                    self._unlisted.append(printable(each.path))
            case Mark():
                if self._waiting or each.whole:
                    self._waiting.append(each)
                else:
                    self._goes_on_from(each)
            case Ref():
                self.figures.listed += 1
                if self._has_to_be_read(each):
                    self._waiting.append(each)
                    self._bytes_waiting += each.size or 0

    def _has_to_be_read(self, ref: Ref) -> bool:
        key = self._digests.key(ref.path)
        state = self._known.meet(key)
        if why := self._sieve.refuses(ref):
            self.figures.pass_over(why)
            return False
        self._retries = self._retries or (state == UNREAD and bool(ref.version))
        if state is None or state == UNREAD or state != self._digests.state(ref):
            return True
        if self._known.was_gone(key):
            self.figures.new += 1
            self._back.append(key)
        return False

    def _is_full(self) -> bool:
        late = time.monotonic() - self._committed > SECONDS
        if late:
            self._is_working()
        has_work = bool(self._waiting or self._back) or not self.quiet
        return len(self._waiting) >= OBJECTS or self._bytes_waiting >= BYTES or (late and has_work)

    def _is_working(self) -> None:
        if self.quiet:
            self.quiet = False
            self._works()

    def _ask(self) -> None:
        if not self._goes_on():
            raise Stopped

    def _work(self) -> None:
        """Read some of what waits, and commit it."""
        step = Step()
        trouble: list[TrapstreetError] = []
        before = self.cursor
        if any(isinstance(each, Ref) for each in self._waiting):
            self._is_working()
            batch = _Batch(step, trouble)
            found, step.tests = self._search(self._texts(batch))
            step.findings = found.findings
            step.assign()
            self._read_whole(batch)
            if trouble:
                self.cursor = before  # of what has to be read whole nothing is written down
            self.figures.findings += len(step.findings)
        if not trouble:
            self._pass_marks(step)
        step.back, self._back = self._back, []
        self._committed = time.monotonic()
        if not self.quiet or step.back or step.missing:
            self._is_working()
            self._commit(self, step)
        if trouble:
            raise trouble[0]

    def _read_whole(self, batch: "_Batch") -> None:
        """What only a sample was read of that showed something is read from its beginning to its end."""
        step, samples = batch.step, self._samples
        if samples is None:
            return
        shown = [each for each in step.read if each.found and samples.is_sample(each.ref)]
        if shown:
            step.without({each.key for each in shown})
            for each in shown:
                samples.open_whole(each.ref)
                self.figures.read -= 1
                self.figures.new -= each.is_new
            more, tests = self._search(self._objects([each.ref for each in shown], batch))
            step.findings, step.tests = step.findings + more.findings, step.tests + tests
            step.assign()
        for each in step.read:
            if each.why == SAMPLED:
                self.figures.pass_over(SAMPLED)

    def _objects(self, refs: Sequence[Ref], batch: "_Batch") -> Iterator[Text | Unread]:
        try:
            for ref in refs:
                yield from self._object(ref, batch)
        except TrapstreetError as error:
            batch.trouble.append(error)

    def _pass_marks(self, step: Step) -> None:
        """Marks that come next in turn: all before them was read."""
        while self._waiting and isinstance(self._waiting[0], Mark):
            mark = self._waiting.popleft()
            assert isinstance(mark, Mark)  # noqa: S101 - for the type checker
            self._goes_on_from(mark)
            if mark.whole and self._anew:
                self.whole = True
                step.missing = [*self._known.missing()] if len(self._unlisted) <= _FOLDERS else []
                step.kept = tuple(self._unlisted)

    def _goes_on_from(self, mark: Mark) -> None:
        """The next listing begins there; once in a row before what could not be read, if only what is new is
        named from there."""
        held = self._failed and not self._retries and bool(mark.cursor)
        if not self._frozen and not held:
            self.cursor = mark.cursor

    def _texts(self, batch: "_Batch") -> Iterator[Text | Unread]:
        """The texts of the objects that come next, until it is time to commit."""
        began, fetched = time.monotonic(), 0
        while self._waiting and not batch.trouble:
            if isinstance(self._waiting[0], Mark):
                self._pass_marks(batch.step)
                continue
            if fetched >= BYTES or len(batch.step.read) >= OBJECTS or time.monotonic() - began > SECONDS:
                return
            ref = self._waiting[0]
            assert isinstance(ref, Ref)  # noqa: S101 - for the type checker
            if self._sieve.exceeds(ref, self.figures.bytes):
                self._frozen = True
                self.figures.pass_over(SPENT)
            else:
                before = self.figures.bytes
                try:
                    yield from self._object(ref, batch)
                except TrapstreetError as error:
                    batch.trouble.append(error)
                    return
                fetched += self.figures.bytes - before
            self._waiting.popleft()
            self._bytes_waiting -= ref.size or 0

    def _object(self, ref: Ref, batch: "_Batch") -> Iterator[Text | Unread]:
        """The texts of one object; what became of it goes into the step."""
        self._ask()
        opened = self._opened(ref)
        why = ""
        try:
            for part in opened.parts:
                if isinstance(part, Unread):
                    self.figures.note_unread(part.path, part.why)
                    why = why or (part.why if part.path == ref.path else f"in part: {part.why}")
                yield part
        finally:
            self.figures.bytes += opened.fetched
        self.figures.read += 1
        if self._samples and self._samples.is_sample(ref):
            why = why or SAMPLED
        key, broke = self._digests.key(ref.path), opened.broke
        is_new = self._known.meet(key) is None or self._known.was_gone(key)
        self.figures.new += is_new
        denied = isinstance(broke, PermissionError)
        state = self._digests.state(ref) if broke is None or denied else UNREAD
        fails = broke is not None and not (denied or opened.changed)
        self._broken = self._broken + 1 if fails else 0
        self._failed = self._failed or fails
        if self._broken >= IN_A_ROW:
            batch.trouble.append(
                Unreachable(
                    f"{IN_A_ROW} objects in a row could not be read",
                    hint=f"{printable(ref.path)[:200]}: {why}",
                )
            )
            return
        batch.step.read.append(Read(ref, key, state, why, denied, is_new=is_new))


@dataclass(slots=True)
class _Batch:
    step: Step
    trouble: list[TrapstreetError]
