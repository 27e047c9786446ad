"""The watch at work: several threads that take sources that are due and look at them."""

import threading
from collections.abc import Callable, Collection, Iterable

from trapstreet.app.recalling import Recalling
from trapstreet.app.remembering import anything_matcher, memory_of
from trapstreet.app.watch_rounds import Means, Outcome, Rounds
from trapstreet.app.watched_texts import Search
from trapstreet.app.workspace import Workspace
from trapstreet.store import watching
from trapstreet.store.leases import clock
from trapstreet.store.models import WatchedSource
from trapstreet.watch.domain.known import Digests
from trapstreet.watch.rounds import Stopped
from trapstreet.work.loop import Job, Turn

THREADS = 4
"""Sources that are looked at side by side."""
AT_ONCE = 32
"""Sources that one thread takes at once, where all went quickly last time."""

HANGS_AFTER = 6 * 3_600.0
"""Seconds: no source is silent for more than a minute, but some fetch all before they name anything."""

_SOON, _RECALL, _RENEW = 1.0, 10.0, 30.0
_ASKED = 200  # sources that are asked for by their ids in one question to the registry
_HOLDER = 60


class Watcher:
    """Looks at watched sources.

    holder  a name that no other living watcher has;  only  ids of the sources to look at, None: all
    say     told a line where something happened;  ended  told of each round
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        holder: str,
        only: Collection[int] | None = None,
        say: Callable[[str], None],
        ended: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        self._holder, self._only = f"watch {holder[:_HOLDER]}", only
        digests = Digests(workspace.ring.watch_key())
        self._recalling = Recalling(workspace, say)
        self._means = Means(
            workspace,
            Search(workspace),
            digests,
            memory_of(workspace),
            anything_matcher(workspace),
            say,
            ended,
        )

    def jobs(self, threads: int = THREADS) -> list[Job]:
        """What it does until it is told to stop."""
        looks = [
            Job(f"watch {number}", _SOON, self._look, alone=False, hangs_after=HANGS_AFTER)
            for number in range(1, threads + 1)
        ]
        recalls = Job("recalling", _RECALL, self._recall, alone=False, hangs_after=HANGS_AFTER)
        return [*looks, recalls, Job("keeping", _RENEW, self._renew, alone=False)]

    def give_back(self) -> None:
        """Others may have what this one, or one of its name that was killed, has taken."""
        watching.give_all_back(self._holder)

    def once(self, ids: Iterable[int], *, threads: int = THREADS) -> None:
        """A round of each of some sources, due or not, that nobody else is at."""
        ids = set(ids)
        self._recalling.turn(only=ids)
        errand = _Errand(self, ids)
        workers = [threading.Thread(target=errand.run, daemon=True) for _ in range(threads)]
        try:
            for each in workers:
                each.start()
            while alive := [each for each in workers if each.is_alive()]:
                alive[0].join(_RENEW)
                watching.renew(self._holder, at=clock())
        finally:
            errand.stop.set()
            for each in workers:
                each.join()
            self.give_back()
        if errand.errors:
            raise errand.errors[0]

    def claim(self, *, only: Collection[int] | None, now: bool = False) -> list[WatchedSource]:
        """Sources that are this thread's from now on."""
        return watching.claim(self._here(), at=clock(), most=AT_ONCE, only=only, now=now)

    def look_at(self, taken: list[WatchedSource], goes_on: Callable[[], bool]) -> set[int]:
        """Rounds of sources that this thread has taken; the ids of those given back. Raises Stopped."""
        rounds = Rounds(self._means, taken, holder=self._here(), goes_on=goes_on)
        rounds.run()
        return rounds.given_back

    def _look(self, turn: Turn) -> int:
        """Rounds of all that is due."""
        done = 0
        try:
            while turn.goes_on() and (taken := self.claim(only=self._only)):
                done += len(taken) - len(self.look_at(taken, turn.goes_on))
        except Stopped:
            pass
        return done

    def _recall(self, turn: Turn) -> int:
        return self._recalling.turn(turn.goes_on, self._only)

    def _renew(self, _turn: Turn) -> int:
        watching.renew(self._holder, at=clock())
        return watching.bring_forward(clock())

    def _here(self) -> str:
        return f"{self._holder} {threading.get_native_id()}"


class _Errand:
    """One round of each of some sources, by several threads."""

    def __init__(self, watcher: Watcher, ids: Iterable[int]) -> None:
        self.stop = threading.Event()
        self.errors: list[BaseException] = []
        self._watcher, self._left, self._lock = watcher, set(ids), threading.Lock()

    def run(self) -> None:
        """Until nothing is left that can be had."""
        from django.db import connections

        try:
            while not self.stop.is_set() and (taken := self._next()):
                given_back = self._watcher.look_at(taken, lambda: not self.stop.is_set())
                with self._lock:
                    self._left |= given_back
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self.errors.append(error)
            self.stop.set()
        finally:
            connections.close_all()

    def _next(self) -> list[WatchedSource]:
        with self._lock:
            left = sorted(self._left)
            for at in range(0, len(left), _ASKED):
                if taken := self._watcher.claim(only=left[at : at + _ASKED], now=True):
                    self._left -= {each.id for each in taken}
                    return taken
            return []
