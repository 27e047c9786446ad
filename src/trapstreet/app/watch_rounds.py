"""Rounds at watched sources, one after the other: what they found is committed and told, and what failed."""

import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

import msgspec
from django.db import DatabaseError, transaction
from django.db.models import F

from trapstreet.app.alarming import alarm_findings, raise_trouble
from trapstreet.app.errors import known_error
from trapstreet.app.keeping import Keeper
from trapstreet.app.recalling import conclude
from trapstreet.app.remembering import Remembering
from trapstreet.app.sampling import Sampling
from trapstreet.app.watch_control import Proving
from trapstreet.app.watched_texts import Search
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.amounts import duration_text
from trapstreet.core.model.errors import PluginFailed, TrapstreetError
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.objects import printable
from trapstreet.core.ports import Source
from trapstreet.index import Matcher
from trapstreet.plugins.sources import Later, source_of
from trapstreet.store import cases, watching
from trapstreet.store.leases import clock
from trapstreet.store.models import WatchedSource
from trapstreet.store.watching import Seen
from trapstreet.watch.domain.known import Digests
from trapstreet.watch.domain.rules import SPENT, Rules
from trapstreet.watch.domain.steps import Figures, Read, Step
from trapstreet.watch.remembered import Memory
from trapstreet.watch.rounds import Round, Stopped

QUICK = 2.0
"""Seconds of a round that went quickly."""
FIRST_WAIT = 60
"""Seconds after the first round that fails; twice as many after each further one."""
LONGEST_LATER = 86_400
"""Seconds for which a source is left alone at its own wish, unless it is looked at less often."""
LEAST_TOLD = 3_600
"""Seconds that a source fails before people are told, and three times its interval."""
AGAIN = 86_400_000_000
"""Microseconds after which an object that may not be opened is tried again."""

_PATH, _WHY, _READERS = 2_000, 500, 64
_SECOND = 1_000_000
_UNSETTLED = 32


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a source's round; `error` is None where it went well."""

    name: str
    figures: Figures
    error: TrapstreetError | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What all threads of a watcher share.

    memory  of what is read;  anything  a matcher for all that it holds of it
    say     told a line where something happened;  ended  told of each round
    """

    workspace: Workspace
    search: Search
    digests: Digests
    memory: Memory
    anything: Matcher
    say: Callable[[str], None]
    ended: Callable[[Outcome], None]


class Rounds:
    """The rounds of one thread at some sources that it has taken.

    holder  whose they are;  goes_on  asked again and again
    """

    def __init__(
        self, means: Means, taken: Sequence[WatchedSource], *, holder: str, goes_on: Callable[[], bool]
    ) -> None:
        self._means, self._holder, self._goes_on = means, holder, goes_on
        self._left = deque(taken)
        self._ended: list[tuple[WatchedSource, Round, int]] = []
        self.given_back: set[int] = set()

    def run(self) -> None:
        """A round of each; those after one that takes long are given back. Raises Stopped, and what the
        registry raises."""
        try:
            while self._left:
                self._one(self._left.popleft())
                if len(self._ended) >= _UNSETTLED:
                    self._settle_ended()
        finally:
            with suppress(DatabaseError):  # then its leases run out by themselves
                self._settle_ended()
                watching.give_back(self._holder)

    def _one(self, row: WatchedSource) -> None:
        began, at = time.monotonic(), clock()
        run: Round | None = None
        if row.recall_at:
            row.cursor = ""  # what has to be read again was named before
        folder, where = self._means.workspace.root, f"watched source {row.name}"
        try:
            with closing(source_of(row.kind, row.options, folder=folder, where=where)) as source:
                proving = Proving(self._means.workspace, row, digests=self._means.digests, at=at)
                run = self._round(row, source, at, proving)
                run.run()
                if said := proving.ended(run, source):
                    self._means.say(said)
                if row.recall_at and SPENT not in run.figures.passed_over:
                    run.figures.findings += conclude(self._means.workspace, row)
        except DatabaseError:
            raise
        except Stopped:
            if self._goes_on():  # it is somebody else's by now, or was removed
                return
            raise
        except Exception as error:  # noqa: BLE001 - whatever a source does, the others go on
            self._failed(row, run, _in_our_words(error), at)
            return
        row.quick = time.monotonic() - began < QUICK
        self._ended.append((row, run, at))
        self._means.ended(Outcome(row.name, run.figures))

    def _round(self, row: WatchedSource, source: Source, at: int, proving: Proving) -> Round:
        location = str(row.options.get("url", ""))
        rules = msgspec.convert(row.rules, Rules)
        samples = Sampling(source, rules.sample) if rules.sample else None
        keeper = Keeper(
            self._means.workspace, samples or source, row.name, goes_on=self._goes_on, location=location
        )
        search = self._means.search
        remembering = Remembering(
            self._means.memory,
            self._means.anything,
            opened=(lambda ref: keeper.opened(samples.sampled(ref))) if samples else keeper.opened,
            search=proving.search(search),
            stand=lambda: search.stand,
        )
        return Round(
            proving.listening(source),
            cursor=proving.cursor(),
            known=proving.known,
            digests=self._means.digests,
            rules=rules,
            samples=samples,
            opened=remembering.opened,
            search=remembering.search,
            commit=lambda run, step: self._commit(row, run, step, keeper, remembering, began=at),
            works=self._let_others,
            goes_on=self._goes_on,
            figures=_figures(row),
        )

    def _let_others(self) -> None:
        """This one takes long: what is done is written down, and others may have what has not begun."""
        self._settle_ended()
        if self._left:
            ids = {each.id for each in self._left}
            watching.give_back(self._holder, ids)
            self.given_back |= ids
            self._left.clear()

    def _commit(
        self,
        row: WatchedSource,
        run: Round,
        step: Step,
        keeper: Keeper,
        remembering: Remembering,
        *,
        began: int,
    ) -> None:
        """What was read, found and heard, and how far the listing is, all in one transaction."""
        remembering.keep(row.id, step)
        with keeper.kept(step) as witnesses, cases.raising() if step.findings else transaction.atomic():
            at = clock()
            if not self._mine(row).update(cursor=run.cursor, began_at=row.began_at or began):
                raise Stopped
            gone = watching.mark_gone(row, step.missing, kept=step.kept, at=at) if step.missing else 0
            run.figures.gone += gone
            watching.mark_back(row, step.back)
            watching.write(row, [_seen(each, at) for each in step.read], at=at)
            more = sum(each.is_new for each in step.read) + len(step.back) - gone
            self._mine(row).update(
                figures=msgspec.to_builtins(run.figures), objects_there=F("objects_there") + more
            )
            if step.findings:
                alarm_findings(self._means.workspace, step.findings, witnesses)
            watching.add_tests(step.tests)

    def _settle_ended(self) -> None:
        """Rounds that ended well are written down, several in one transaction."""
        ended, self._ended = self._ended, []
        if ended:
            with transaction.atomic():
                for row, run, began in ended:
                    self._settle(row, run, began)

    def _settle(self, row: WatchedSource, run: Round, began: int) -> None:
        at = clock()
        spread = 0.95 + secrets.randbelow(1_001) / 10_000  # what was added together is not due together
        whole = {"whole_at": at} if run.whole else {}
        self._mine(row).update(
            cursor=run.cursor,
            figures=msgspec.to_builtins(run.figures),
            due_at=max(at, began + int(spread * row.every * _SECOND)),
            began_at=None,
            ended_at=at,
            quick=row.quick,
            failing_since=None,
            failing="",
            failures=0,
            told=False,
            leased_until=0,
            leased_by="",
            **whole,
        )
        if run.whole:
            watching.forget_gone(row, at=at)
        if row.failures:
            self._means.say(f"{row.name}: works again")

    def _failed(self, row: WatchedSource, run: Round | None, error: TrapstreetError, began: int) -> None:
        """The source has its next round later, and people hear of it in time."""
        at = clock()
        wait = min(row.every, FIRST_WAIT * 2 ** min(row.failures, 20))
        if isinstance(error, Later):
            wait = max(wait, int(min(error.seconds, max(row.every, LONGEST_LATER))))
        since = row.failing_since or began
        why = printable(str(error))[:_WHY]
        told = row.told or self._tell(row, why, since=since, at=at)
        figures = {"figures": msgspec.to_builtins(run.figures)} if run else {}
        self._mine(row).update(
            due_at=at + wait * _SECOND,
            quick=False,
            failing_since=since,
            failing=why,
            failures=row.failures + 1,
            told=told,
            leased_until=0,
            leased_by="",
            **figures,
        )
        if not row.failures:
            self._means.say(f"{row.name}: {why}; it is tried again")
        self._means.ended(Outcome(row.name, run.figures if run else Figures(), error))

    def _tell(self, row: WatchedSource, why: str, *, since: int, at: int) -> bool:
        """Whether people have been told that the source fails: once it has for long."""
        if at - since < max(3 * row.every, LEAST_TOLD) * _SECOND:
            return False
        raise_trouble(
            self._means.workspace,
            f"watch {row.name} since {since}",
            severity=Severity.MEDIUM,
            headline=f"The source {row.name} cannot be watched",
            happened=(
                f"Every round has failed for {duration_text((at - since) // 60_000_000 * 60)}: {why}.",
                "Data that appears there is not seen.",
            ),
            steps=(
                f"See what is wrong: trapstreet watch status {row.name}",
                f"Try it when it is mended: trapstreet watch run --once {row.name}",
            ),
        )
        return True

    def _mine(self, row: WatchedSource) -> "watching.Held":
        return watching.held_by(row, self._holder)


def _figures(row: WatchedSource) -> Figures:
    """Those of the round that goes on; new ones where it begins, or its listing begins anew."""
    if row.began_at is None:
        return Figures()
    before = msgspec.convert(row.figures, Figures)
    if row.cursor:
        return before
    return Figures(
        new=before.new, read=before.read, bytes=before.bytes, gone=before.gone, findings=before.findings
    )


def _seen(each: Read, at: int) -> Seen:
    return Seen(
        key=each.key,
        state=each.state,
        path=printable(each.ref.path)[:_PATH],
        size=each.ref.size,
        readers=printable(each.ref.readers)[:_READERS],
        again_at=at + AGAIN if each.again else None,
        why=each.why[:_WHY],
        found=each.found,
    )


def _in_our_words(error: Exception) -> TrapstreetError:
    return known_error(error) or PluginFailed(
        f"a bug ({type(error).__name__})", hint="report it; the source is tried again"
    )
