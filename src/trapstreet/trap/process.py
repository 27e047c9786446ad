"""The trap as a process: opens the ports, gives up its rights, keeps what it hears until it is stopped."""

import asyncio
import fcntl
import gc
import logging
import os
import pwd
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvloop

from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.sections import within
from trapstreet.plugins.listeners import Listening, kinds
from trapstreet.trap import readiness
from trapstreet.trap.clock import Clock
from trapstreet.trap.keeper import Keeper
from trapstreet.trap.settings import FILE_NAME, TrapSettings
from trapstreet.trap.spool import Spool
from trapstreet.trap.status import metrics, serve_status
from trapstreet.trap.swarms import Limits

TELL_EVERY = 60.0
"""Seconds between two log lines on one thing that is wrong."""
HANGS_AFTER = 5.0
"""Seconds in which a disk that works has answered."""

_HANGS = "the disk does not answer"

_log = logging.getLogger("trapstreet.trap")


def run(settings: TrapSettings, *, ready: Callable[[dict[str, int]], None] = lambda ports: None) -> None:
    """Hear, until SIGTERM or SIGINT. Raises UnusableInput, AccessDenied and OSError where it cannot begin.

    ready  told of the ports, by what they are for, when all are open and hits are kept
    """
    _raise_open_files()
    gc.freeze()
    with alone(settings.folder), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_hear(settings, ready))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Inside, no other trap runs in the folder: two would read one mailbox from one cursor. Raises
    UnusableInput if one does."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnusableInput(f"another trap runs in {folder}", hint="stop that one first") from error
        yield
    finally:
        os.close(handle)


async def _hear(settings: TrapSettings, ready: Callable[[dict[str, int]], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bugs = _Bugs()
    asyncio.get_running_loop().set_exception_handler(bugs)
    sys.unraisablehook = bugs.unraisable
    clock = Clock()
    limits = settings.limits
    keeper = Keeper(
        Limits(rate=limits.hits_a_second, burst=limits.at_once, forgeable=limits.forgeable_a_second)
    )
    listening = dict[str, Listening]()
    try:
        for name, own in settings.listeners.items():
            hear = keeper.take if getattr(kinds()[name], "pulls", False) else keeper.hear
            with within(f"{settings.folder / FILE_NAME}, [{name}]"):
                listening[name] = await kinds()[name].listen(own, hear, clock.now)
        ports = {what: port for one in listening.values() for what, port in one.ports.items()}
        if settings.status.port:
            await serve_status(
                settings.status.port,
                metrics=lambda: metrics(keeper, clock, _troubles(listening)),
                health=lambda: _wrong(keeper, listening),
            )
        _become(settings.user)
        keeper.begin(Spool(settings.folder, settings.worker, limit=settings.spool.megabytes * 1_000_000))
        read = [name for name, one in listening.items() if not one.ports]
        _log.info("listening: %s", ", ".join([*(f"{what} {port}" for what, port in ports.items()), *read]))
        readiness.tell(readiness.READY)
        ready(ports)
        await _look_after(keeper, clock, listening, stop)
        readiness.tell(readiness.STOPPING)
    finally:
        await _close(list(listening.values()), keeper)
    _log.info("stopped; all that was heard is kept")


async def _close(listening: Sequence[Listening], keeper: Keeper) -> None:
    """Answer what was begun, clients of floods too; done when all is kept."""
    closing = asyncio.gather(*(one.close() for one in listening))
    try:
        while not closing.done():
            keeper.flush()
            await asyncio.wait([closing], timeout=0.1)
        closing.result()
    finally:
        await keeper.close()


def _wrong(keeper: Keeper, listening: Mapping[str, Listening]) -> str:
    """What is wrong, in a line; "" where nothing is."""
    return "; ".join(filter(None, (keeper.figures.failing, *_troubles(listening).values())))


def _troubles(listening: Mapping[str, Listening]) -> dict[str, str]:
    """What keeps listeners from hearing, by their names; "" where nothing does."""
    return {name: one.trouble for name, one in listening.items()}


async def _look_after(
    keeper: Keeper, clock: Clock, listening: Mapping[str, Listening], stop: asyncio.Event
) -> None:
    """Once a second: the clock, swarms, the spool; what is wrong is told once a minute."""
    tell = _Teller(keeper, listening)
    while not stop.is_set():
        readiness.tell(readiness.WELL)
        if moved := clock.check():
            _log.warning("the wall clock jumped by %+.1f s; hits from here on have its time", moved / 1e6)
        keeper.flush()
        await _rest(keeper, tell, stop)
        tell()
        try:
            await asyncio.wait_for(stop.wait(), 1.0)
        except TimeoutError:
            continue


async def _rest(keeper: Keeper, tell: "_Teller", stop: asyncio.Event) -> None:
    """Let the spool rest; where that takes long, whatever is heard meanwhile waits for the disk, too."""
    resting = asyncio.ensure_future(keeper.rest())
    figures = keeper.figures
    while not (await asyncio.wait([resting], timeout=HANGS_AFTER))[0]:
        figures.failing = figures.failing or _HANGS
        readiness.tell(readiness.WELL)  # it is the disk that is not: hits in memory would be lost with us
        tell()
        if stop.is_set():
            return
    if figures.failing == _HANGS:
        figures.failing = ""
    try:
        resting.result()
    except OSError as error:
        figures.failing = figures.failing or str(error)


class _Teller:
    """Tells the operator once a minute that hits cannot be kept, or that a listener cannot hear."""

    def __init__(self, keeper: Keeper, listening: Mapping[str, Listening]) -> None:
        self._figures, self._listening = keeper.figures, listening
        self._told = -TELL_EVERY
        self._deaf: dict[str, float] = {}

    def __call__(self) -> None:
        now = asyncio.get_running_loop().time()
        for name, trouble in _troubles(self._listening).items():
            if not trouble and self._deaf.pop(name, None) is not None:
                _log.info("%s: it is heard again", name)
            elif trouble and now - self._deaf.get(name, -TELL_EVERY) >= TELL_EVERY:
                self._deaf[name] = now
                _log.error("%s", trouble)
        if self._figures.failing and now - self._told >= TELL_EVERY:
            refused = sum(self._figures.refused.values())
            _log.error(
                "hits cannot be kept (%s); %d were refused since the start", self._figures.failing, refused
            )
            self._told = now


class _Bugs:
    """What no listener caught: where it happened, never what was sent, and each place once a minute."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def unraisable(self, found: "sys.UnraisableHookArgs") -> None:
        """Python would print what it met: the name in a TLS handshake, where that is no ASCII and ends it."""
        if not isinstance(found.exc_value, UnicodeDecodeError):
            self._tell(found.exc_value, "nothing that could be raised")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        self._tell(context.get("exception"), str(context.get("message")))

    def _tell(self, error: object, message: str) -> None:
        what = type(error).__name__ if error else message
        frames = traceback.extract_tb(error.__traceback__) if isinstance(error, BaseException) else []
        where = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else "the event loop"
        place = f"{what} in {where}"
        if time.monotonic() - self._told.get(place, -TELL_EVERY) >= TELL_EVERY:
            self._told[place] = time.monotonic()
            _log.error("a bug: %s; please report it", place)


def _become(user: str) -> None:
    """Run as this user from now on; nothing leads back."""
    if not user:
        return
    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        raise UnusableInput(f"there is no user {user!r}", hint="add it, or set user in trap.toml") from error
    if os.getuid() == entry.pw_uid:
        return
    try:
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    except PermissionError as error:
        raise AccessDenied(
            f"cannot become {user}", hint="start as root, or leave user out of trap.toml"
        ) from error


def _raise_open_files() -> None:
    """As many connections as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
