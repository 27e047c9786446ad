"""Watchers as processes of their own: killed anywhere, stopped in order, started by serve."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from children import program, ran
from desk import Desk
from hearing import wait_for
from served import serving, told
from trapstreet.store.models import Alert, SeenObject, WatchedSource
from watched import PEOPLE, health, leak, once, registered, watched

pytestmark = pytest.mark.slow

_KILL = "os.kill(os.getpid(), 9)"
_KILLED = {
    "while a text is read": (
        "from trapstreet.app import watched_texts as m; real = m.Opening.take\n"
        f"m.Opening.take = lambda self, *a: {_KILL} if 'leak-2' in self._ref.path else real(self, *a)"
    ),
    "before anything is written": (
        f"from trapstreet.store import watching; watching.write = lambda *a, **b: {_KILL}"
    ),
    "after the objects are written": (
        f"from trapstreet.app import watch_rounds; watch_rounds.alarm_findings = lambda *_: {_KILL}"
    ),
    "after the alert is raised": (
        f"from trapstreet.store import watching; watching.add_tests = lambda _: {_KILL}"
    ),
    "after it was committed": (
        f"from trapstreet.app import watch_rounds as m; m.Rounds._settle = lambda *_: {_KILL}"
    ),
}


@pytest.mark.parametrize("before", _KILLED.values(), ids=_KILLED)
def test_killed_anywhere_nothing_is_lost_and_nothing_is_told_twice(desk: Desk, before: str) -> None:
    share = watched(registered(desk), "share")
    for number in range(4):
        (share / f"leak-{number}.csv").write_text(leak(number, (number + 1) % 4) + f"{number}\n")
    command = ("watch", "run", "--once", "--workspace", desk.workspace)
    assert ran(desk.folder, command, before=f"import os; {before}").status == -signal.SIGKILL

    WatchedSource.objects.update(leased_until=0)
    desk.run(*command)
    assert desk.err == ""
    assert Alert.objects.filter(kind="finding").count() == 4
    assert SeenObject.objects.filter(found=1).count() == 4
    assert health(desk, "share")["objects"] == 4
    assert once(desk)["share"]["read"] == 0


def test_a_watcher_sees_what_appears_and_ends_in_order(desk: Desk) -> None:
    share = watched(registered(desk), "share", "--later")
    log = desk.folder / "watch.log"
    with log.open("wb") as out:
        watcher = subprocess.Popen(
            program(desk.folder / "peak", "watch", "run", "--workspace", desk.workspace),
            stdout=out,
            stderr=out,
        )
    try:
        wait_for(lambda: WatchedSource.objects.filter(ended_at__isnull=False).exists())
        (share / "list.csv").write_text(leak(0, 1))
        WatchedSource.objects.update(due_at=0)
        wait_for(lambda: Alert.objects.filter(kind="finding").exists())
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(20) == 0
    finally:
        watcher.kill()
        watcher.wait()
    assert "The watch has ended." in log.read_text()
    assert not WatchedSource.objects.exclude(leased_by="").exists()


def test_a_round_that_is_stopped_in_a_text_is_not_written_down(desk: Desk) -> None:
    share = watched(registered(desk), "share")
    (share / "first.csv").write_text(leak(0, 1))
    slow = "from trapstreet.app import watched_texts as m; import time; real = m.Opening.take\n"
    slow += "m.Opening.take = lambda self, *a: (time.sleep(0.3), real(self, *a))[1]"
    (share / "second.csv").write_bytes(b"x" * 30_000_000)
    watcher = subprocess.Popen(
        program(desk.folder / "peak", "watch", "run", "--workspace", desk.workspace, before=slow)
    )
    try:
        wait_for(lambda: WatchedSource.objects.exclude(leased_by="").exists())
        time.sleep(1.0)
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(20) == 0
    finally:
        watcher.kill()
        watcher.wait()
    assert not SeenObject.objects.filter(path__endswith="second.csv").exists()
    assert once(desk, status=1)["share"]["findings"] == 1
    assert PEOPLE[0][1] not in Path(desk.folder / "workspace" / "registry.sqlite3").read_bytes().decode(
        "latin-1"
    )


def test_serve_watches_and_tells_without_a_trap(desk: Desk) -> None:
    share = watched(registered(desk), "share")
    (share / "list.csv").write_text(leak(0, 1))
    with told(desk) as somebody, serving(desk) as served:
        wait_for(lambda: bool(somebody.alerts))
        served.process.send_signal(signal.SIGTERM)
        served.wait(0)
    headlines = [each["headline"] for each in somebody.alerts]
    assert [each for each in headlines if each.startswith("Data of customers was found")] == headlines[:1]
    assert set(headlines[1:]) <= {"No copy can be named for the leak of customers"}, "the trace may be done"
    assert not WatchedSource.objects.exclude(leased_by="").exists()
