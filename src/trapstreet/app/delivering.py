"""Alerts on their way to people: what is due is claimed, told, and noted as told or as failed."""

import random
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from uuid import uuid4

import msgspec

from trapstreet.app.settings import FILE_NAME, routes_of
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Route, alerts, raise_alert, retry
from trapstreet.core.model.errors import PluginFailed, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins.notifiers import Later, Notifier, Partly, Several, notifier_of
from trapstreet.store import cases
from trapstreet.store.cases import Message
from trapstreet.store.leases import clock

LEASE = 90_000_000
"""Microseconds that a message is somebody's: more than a notifier takes. A killed worker costs as much."""

_SENDERS = 8
"""Routes that are sent by at once."""

_POLL = 0.2
"""Seconds between two looks at what came due while a receiver is waited for."""


class Delivered(msgspec.Struct, frozen=True):
    """What became of deliveries: told, and failed, just now; waiting and dead, in all.

    routes  of each that was tried just now why the last attempt failed, "" where it did not
    """

    sent: int
    failed: int
    waiting: int
    dead: int
    routes: dict[str, str] = {}


class Tried(msgspec.Struct, frozen=True):
    """What a test of a route came to: `error` is "" where it worked; `status` the exit status for it."""

    route: str
    error: str
    status: int


def deliver(workspace: Workspace, *, holder: str, at: int, stop: threading.Event | None = None) -> Delivered:
    """Tell all that is due, by several routes at once, until nothing is due.

    holder  who does it: leases are in that name;  at  the time (Unix µs);  stop  once set, no more is begun
    Several workers may do so at once: each message is somebody's. At least once: whoever is killed between
    telling and noting it tells again, under the same key. A receiver that hangs holds up its own route alone.
    """
    post = _Post(workspace, holder, at, routes_of(workspace.settings))
    post.run(stop or threading.Event())
    return post.delivered()


def test_alert(workspace: Workspace, names: Sequence[str] = ()) -> list[Tried]:
    """Tell a test by some routes, or by all, at once; what became of it. It is one attempt, of which nothing
    is kept but when it arrived. Raises UnusableInput for a route that there is not."""
    routes = {route.name: (route, own) for route, own in routes_of(workspace.settings)}
    for name in names:
        if name not in routes:
            known = ", ".join(routes) or "none yet"
            raise UnusableInput(f"no route is called {name!r}", hint=f"{FILE_NAME} has: {known}")
    tried = []
    for name in names or routes:
        at = clock()
        key = f"{workspace.ring.workspace_id}-test-{uuid4().hex[:16]}"
        try:
            _notifier(workspace, *routes[name]).tell([alerts.test_notice(name, at=at)], key=key)
        except Exception as error:  # noqa: BLE001  a notifier's bug is what the test is to show
            tried.append(Tried(name, _words(error), getattr(error, "status", PluginFailed.status)))
            continue
        cases.arrived(name, at=at)
        tried.append(Tried(name, "", 0))
    return tried


def mistakes(workspace: Workspace) -> dict[str, str]:
    """By route what is wrong with its section or its files, so that it tells nobody; nothing is sent."""
    found = {}
    for route, own in routes_of(workspace.settings):
        try:
            _notifier(workspace, route, own)
        except TrapstreetError as error:
            found[route.name] = str(error)
    return found


def _notifier(workspace: Workspace, route: Route, own: Mapping[str, object]) -> Notifier:
    where = f"{FILE_NAME}: [notify.{route.name}]"
    return notifier_of(route.kind, own, folder=workspace.root, where=where)


class _Post:
    """One round of deliveries."""

    def __init__(
        self,
        workspace: Workspace,
        holder: str,
        at: int,
        routes: Sequence[tuple[Route, Mapping[str, object]]],
    ) -> None:
        self._workspace, self._holder = workspace, holder
        self._begun, self._at = time.monotonic(), at
        self._routes = {route.name: (route, own) for route, own in routes}
        self._sent = self._failed = 0
        self._tried: dict[str, str] = {}

    def run(self, stop: threading.Event) -> None:
        """Until nothing is due and nothing under way."""
        with ThreadPoolExecutor(_SENDERS, thread_name_prefix="notify") as senders:
            busy: dict[Future[None], Message] = {}
            while True:
                while not stop.is_set() and (message := self._claim(busy.values())):
                    busy[senders.submit(self._tell, message)] = message
                if not busy:
                    return
                done, _ = wait(busy, timeout=_POLL, return_when=FIRST_COMPLETED)
                for each in done:
                    self._note(busy.pop(each), each.exception())

    def delivered(self) -> Delivered:
        """What came of it."""
        states = cases.states().values()
        waiting, dead = (sum(each.get(state, 0) for each in states) for state in (cases.WAITING, cases.DEAD))
        return Delivered(self._sent, self._failed, waiting, dead, self._tried)

    def _now(self) -> int:
        return self._at + int((time.monotonic() - self._begun) * 1e6)

    def _claim(self, busy: Iterable[Message]) -> Message | None:
        """The next message, of a route by which none is under way."""
        under_way = [each.route for each in busy]
        free = self._routes.keys() - set(under_way)
        if not free or len(under_way) >= _SENDERS:
            return None
        at = self._now()
        return cases.claim(free, holder=self._holder, at=at, until=at + LEASE, ring=self._workspace.ring)

    def _tell(self, message: Message) -> None:
        """In a thread of its own, which never touches the registry."""
        notifier: Notifier | None = _notifier(self._workspace, *self._routes[message.route])
        if message.told and isinstance(notifier, Several):
            notifier = notifier.without(message.told)
        if notifier:
            notifier.tell(message.notices, key=message.key)

    def _note(self, message: Message, error: BaseException | None) -> None:
        """What became of a message is in the registry; the first dead one of a route is an alert itself."""
        at = self._now()
        if error is None:
            self._sent += len(message.ids)
            self._tried[message.route] = ""
            cases.sent(message, at=at)
            return
        self._failed += len(message.ids)
        why = self._tried[message.route] = _words(error)
        over = retry.is_over(message.begun_at, at)
        later = retry.next_try(
            message.attempts + 1,
            refused=not isinstance(error, Unreachable),
            draw=random.random(),  # noqa: S311
        )
        if isinstance(error, Partly):
            told = {key: (*message.told.get(key, ()), *done) for key, done in error.done.items()}
            cases.narrow(message, {**message.told, **told}, ring=self._workspace.ring)
        if isinstance(error, Later):
            later = max(later, int(error.seconds * 1e6))
        cases.failed(message, holder=self._holder, error=why, due_at=at + later, dead=over)
        if over:
            self._tell_of_dead_route(message.route, why, at)

    def _tell_of_dead_route(self, name: str, why: str, at: int) -> None:
        others = [route for route, _ in routes_of(self._workspace.settings) if route.name != name]
        dead = alerts.of_dead_route(name, error=why, at=at)
        with cases.raising():
            raise_alert(dead, others, ring=self._workspace.ring, at=at, whatever=True)


def _words(error: BaseException) -> str:
    """Why it failed, in our words. Other errors are a notifier's bug, and may hold what it was told."""
    if isinstance(error, TrapstreetError):
        return str(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name} line {trace.tb_lineno}" if trace else ""
    return f"a bug: {type(error).__name__}{where}"
