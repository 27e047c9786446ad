"""Rounds that prove that they would find our data: by the control record of a source, or by its rhythm."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from trapstreet.app.control_contents import holds
from trapstreet.app.control_records import put, put_anew, why_of
from trapstreet.app.watch_silence import note_rhythm, tell_unproven
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.core.ports import Source, Text, WritableSource
from trapstreet.store import controls, plantings, watching
from trapstreet.store.leases import clock
from trapstreet.store.models import ControlRecord, WatchedSource
from trapstreet.watch import Finding, Scan
from trapstreet.watch.domain.control import (
    ANOTHER,
    NOT_NAMED,
    Saw,
    Wanted,
    digest,
    judged,
    shows_only_decoys,
)
from trapstreet.watch.domain.known import Digests, Known
from trapstreet.watch.domain.rules import SPENT
from trapstreet.watch.rounds import Round

LEAST_TOLD = 3_600
"""Seconds that proofs fail before people are told, and three times the source's interval."""
PATIENCE = 3
"""Times the two intervals together after which a proof that no round came to is told."""

NEVER_READ = "no round has come to it"

_SECOND = 1_000_000
_WHY = 500

Search = Callable[[Iterable[Text | Unread]], tuple[Scan, int]]


class Proving:
    """What one round of a source shows of its control record, or of its rhythm.

    known  what was read before, for the round
    It stands between the round and what the round uses: the listing and the search. Nothing of the control
    record becomes a finding; all else that the round sees passes unchanged.
    """

    def __init__(self, workspace: Workspace, row: WatchedSource, *, digests: Digests, at: int) -> None:
        self.known = Known(watching.known(row, at=at))
        self._workspace, self._row, self._digests, self._at = workspace, row, digests, at
        self._control = controls.control_of(row)
        self._saw = Saw()
        self._ref: Ref | None = None

    def cursor(self) -> str:
        """From which the round lists: from the beginning, where a proof is due."""
        begins = self._control is not None and self._asks(self._control) and self._row.began_at is None
        return "" if begins else self._row.cursor

    def listening(self, source: Source) -> Source:
        """The source, whose listing is heard."""
        return source if self._control is None else _Heard(source, self._begins, self._hears)

    def search(self, search: Search) -> Search:
        """The search, without what it finds in the control record."""
        control = self._control
        if control is None:
            return search
        return lambda texts: self._searched(control, search, texts)

    def ended(self, run: Round, source: Source) -> str:
        """The round went well: what that shows is written down, and told where it has to be. A line for
        people, or "". Raises what the registry raises."""
        if self._control is None:
            if not isinstance(source, WritableSource):  # a share may be still for years
                note_rhythm(self._workspace, self._row, is_new=bool(run.figures.new), at=self._at)
            return ""
        if not self._asks(self._control):
            return ""
        self._saw.refused = SPENT in run.figures.passed_over
        return self._judge(self._control, source)

    def _asks(self, control: ControlRecord) -> bool:
        due = control.awaited or bool(control.coming) or control.due_at <= self._at
        return due and control.sort != controls.LEAVING

    def _begins(self, cursor: str) -> None:
        control = self._control
        self._saw.whole = not cursor and control is not None and self._at >= control.put_at

    def _hears(self, ref: Ref) -> None:
        control = self._control
        if control is not None and _is_named(ref.path, control.name):
            self._saw.named, self._ref = True, ref
            if self._asks(control):
                self.known.read_again(self._digests.key(ref.path))

    def _searched(
        self, control: ControlRecord, search: Search, texts: Iterable[Text | Unread]
    ) -> tuple[Scan, int]:
        scan, tests = search(self._noted(control, texts))
        findings = [each for each in scan.findings if not self._is_own(control, each)]
        return msgspec.structs.replace(scan, findings=findings), tests

    def _noted(self, control: ControlRecord, texts: Iterable[Text | Unread]) -> Iterator[Text | Unread]:
        for each in texts:
            yield each  # and is read before the next one is asked for
            if isinstance(each, Unread):
                if _lies_in(printable(each.path), control.name):
                    self._saw.unread = each.why
            elif control.coming and each.sha256 == control.coming:
                self._finish(control, printable(each.path))
                self._saw.texts.append(each.sha256)
            elif _lies_in(printable(each.path), control.name):
                self._saw.texts.append(each.sha256)

    def _finish(self, control: ControlRecord, path: str) -> None:
        """What was being put there when somebody was killed is there."""
        name = control.name if _lies_in(path, control.name) else path.partition("!")[0]
        controls.change(control, content=control.coming, coming="", name=name)
        self._saw.named = True

    def _is_own(self, control: ControlRecord, finding: Finding) -> bool:
        if not _lies_in(finding.path, control.name):
            return False
        plantings = [str(control.planting_id)] if control.planting_id else control.shows
        if not shows_only_decoys(finding, plantings):
            return False
        for planting, count in finding.planted.items():
            self._saw.shows[planting] = self._saw.shows.get(planting, 0) + count
        return True

    def _judge(self, control: ControlRecord, source: Source) -> str:
        why = judged(_wanted(control), self._saw)
        if why == NOT_NAMED and control.coming:
            why = None  # somebody was killed before it was put there
        if why is None:
            late = PATIENCE * (control.every + self._row.every) * _SECOND
            if self._at - (control.proved_at or control.put_at) > late:
                return self._fails(control, NEVER_READ, since=self._at - late)
            return self._put(control, source) if control.coming and not self._saw.named else ""
        if why:
            said = self._fails(control, why, since=self._at)
            return self._mended(control, source, why) or said
        return self._proved(control, source)

    def _proved(self, control: ControlRecord, source: Source) -> str:
        at, failed = clock(), control.failing_since is not None
        written = control.sort == controls.WRITTEN
        first: dict[str, Any] = {}
        if not written and control.shows is None:
            first = {"shows": self._saw.shows, "content": digest(self._saw.texts)}
        took = {"took": at - control.put_at, "awaited": False} if control.awaited else {}
        due = control.due_at if written else at + control.every * _SECOND
        controls.change(
            control,
            proved_at=at,
            due_at=due,
            coming="",
            failing_since=None,
            why="",
            told=False,
            **took,
            **first,
        )
        if control.planting and control.planting.planted_at is None:  # whoever put it there was killed
            plantings.planted(control.planting, ring=self._workspace.ring, at=at)
        if written and control.due_at <= at and (said := self._put(control, source, anew=True)):
            return said
        return f"{self._row.name}: its control record is found again" if failed else ""

    def _mended(self, control: ControlRecord, source: Source, why: str) -> str:
        """It is put there again where it is gone, or is ours of another time."""
        if why == NOT_NAMED:
            return self._put(control, source)
        if why == ANOTHER and self._ref and self._is_ours(control, source, self._ref):
            return self._put(control, source, anew=True)
        return ""

    def _is_ours(self, control: ControlRecord, source: Source, ref: Ref) -> bool:
        try:
            return holds(self._workspace, control, source, ref)
        except OSError:
            return False

    def _put(self, control: ControlRecord, source: Source, *, anew: bool = False) -> str:
        """It lies there with new content, to be found by the next round; else the proof has failed."""
        if control.sort != controls.WRITTEN or not isinstance(source, WritableSource):
            return ""
        try:
            (put_anew if anew else put)(self._workspace, control, source)
        except FileExistsError:
            return self._fails(control, f"it is there, and {NOT_NAMED}", since=self._at)
        except (TrapstreetError, OSError) as error:
            return self._fails(control, f"it cannot be written anew: {why_of(error)}", since=self._at)
        return ""

    def _fails(self, control: ControlRecord, why: str, *, since: int) -> str:
        """The proof has failed; people are told once it has for long."""
        first, since = control.failing_since is None, control.failing_since or since
        why, lasted = printable(why)[:_WHY], self._at - since
        told = control.told
        if not told and lasted >= max(3 * self._row.every, LEAST_TOLD) * _SECOND:
            told = tell_unproven(self._workspace, self._row, control, why, at=self._at)
        controls.change(control, failing_since=since, why=why, told=told)
        return f"{self._row.name}: its control record is not found: {why}" if first else ""


def _wanted(control: ControlRecord) -> Wanted:
    if control.sort == controls.WRITTEN:
        contents = tuple(filter(None, (control.content, control.coming)))
        return Wanted(contents, (str(control.planting_id),))
    shows = None if control.shows is None else tuple(control.shows)
    return Wanted((control.content,), shows, known=True)


def _is_named(path: str, name: str) -> bool:
    return path == name or ((not path.isprintable() or "\\" in path) and printable(path) == name)


def _lies_in(path: str, name: str) -> bool:
    """Whether something is an object of that name, or in it."""
    return bool(name) and (path == name or path.startswith(f"{name}!"))


class _Heard:
    """A source whose listing is heard, object by object."""

    def __init__(self, source: Source, begins: Callable[[str], None], hears: Callable[[Ref], None]) -> None:
        self._source, self._begins, self._hears = source, begins, hears

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        self._begins(cursor)
        for each in self._source.list(cursor):
            if isinstance(each, Ref):
                self._hears(each)
            yield each

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        return self._source.open(ref, start, end)

    def close(self) -> None:
        self._source.close()
