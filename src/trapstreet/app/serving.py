"""All parts under one supervisor: the trap of this machine, the worker, suppression over HTTP."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from trapstreet.app.clock import now
from trapstreet.app.errors import known_error
from trapstreet.app.jobs import HOLDER, holder_name
from trapstreet.app.settings import FILE_NAME, read_settings
from trapstreet.app.workspace import Workspace, find
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.notice import Severity
from trapstreet.trap.settings import read_settings as read_trap
from trapstreet.work.supervisor import Part, supervise

SECRETS = ("TRAPSTREET_", "PG")
"""What variables that lead to keys or the registry begin with: the trap gets none."""
_DAY = 86_400_000_000


def serve(start: Path | None, folder: Path | None, *, say: Callable[[str], None]) -> int:
    """Run the workspace's parts until SIGTERM or SIGINT; the exit status.

    folder  of the trap; else that of [serve]. The registry may be away: the trap hears all the same.
    Raises UnusableInput where there is no workspace, or its settings or the trap's do not do.
    """
    root = find(start)
    settings = read_settings(root / FILE_NAME)
    own = folder.absolute() if folder else root / settings.serve.trap if settings.serve.trap else None
    traps = [own] if own else []
    traps += [root / each for each in settings.work.traps if root / each != own]
    watches = _watches(root, say)
    if not traps and not watches and not settings.access.targets:
        raise UnusableInput(
            "there is no trap to serve, and none to take from",
            hint="set trap under [serve] in trapstreet.toml, or pass --folder DIR (docs/trap.md)",
        )
    parts = []
    if own:
        read_trap(own)
        parts.append(Part("trap", ("serve", "--only", "trap", "--folder", str(own)), without=SECRETS))
    named = tuple(word for trap in traps for word in ("--trap", str(trap)))
    parts.append(Part("worker", ("work", "--workspace", str(root), *named)))
    if watches:
        parts.append(Part("watch", ("watch", "run", "--workspace", str(root))))
    if settings.suppression:
        parts.append(Part("suppression", ("serve", "--only", "suppression", "--workspace", str(root))))
    os.environ[HOLDER] = holder_name()
    return supervise(parts, _People(root, say))


def _watches(root: Path, say: Callable[[str], None]) -> bool:
    """Whether there are sources to watch; while the registry is away nobody knows, and there may be some."""
    from trapstreet.store import disconnect

    try:
        Workspace.open(root)
        from trapstreet.store import watching

        return watching.any_there()
    except Exception as error:
        known = known_error(error)
        if known is None:
            raise
        if isinstance(known, Unreachable):
            return True
        say(f"whether there are sources to watch is not known: {known}")
        return False
    finally:
        disconnect()


class _People:
    """Those who hear of the parts: whoever reads the log, and in trouble whoever is alerted."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self._root, self.note = root, say

    def trouble(self, part: str, *, ends: int) -> None:
        """In a thread: who supervises does not wait."""
        Thread(target=self._raise, args=(part, ends), name="trouble", daemon=True).start()

    def _raise(self, part: str, ends: int) -> None:
        from trapstreet.app.alarming import deliver, raise_trouble
        from trapstreet.store import disconnect
        from trapstreet.store.leases import clock

        try:
            workspace = Workspace.open(self._root)
            raise_trouble(
                workspace,
                f"part {part} {ends} day {now() // _DAY}",
                severity=Severity.HIGH,
                headline=f"the {part} does not stay up: it ended {ends} times in a row",
                happened=(_LOST[part],),
                steps=("Look into the log of trapstreet serve.", "Run trapstreet doctor in the workspace."),
            )
            if part == "worker":  # nobody else sends it
                deliver(workspace, holder="serve", at=clock())
        except Exception as error:  # noqa: BLE001  whatever keeps people from being told, the parts go on
            self.note(f"nobody could be alerted of that: {known_error(error) or type(error).__name__}")
        finally:
            disconnect()


_LOST = {
    "trap": "Uses of decoys are not heard while it is down.",
    "worker": "What is heard is kept, but nobody is told of it while it is down.",
    "watch": "Data of yours that appears at watched sources is not seen while it is down.",
    "suppression": "Jobs that send their rows by HTTP get none back while it is down.",
}
