"""Children serve many calls, are replaced when anything goes wrong, and leave nothing behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.sandbox import Limits, pool, stream
from trapstreet.sandbox.pool import MOST_CALLS

QUICK = Limits(memory=512 << 20, cpu=20, silence=20.0, waiting=40.0, frame=4 << 20)


def who(limits: Limits = QUICK) -> int:
    [number] = stream("sandbox_targets:who", limits=limits)
    assert isinstance(number, int)
    return number


def awaited(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within seconds that even a busy machine has."""
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def gone(number: int) -> bool:
    def is_gone() -> bool:
        try:
            return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    return awaited(is_gone)


def ancestry(number: int) -> list[int]:
    """A child, its reaper, and the zygote, as the system numbers them."""
    line = [number]
    while len(line) < 3:
        line.append(int(Path(f"/proc/{line[-1]}/stat").read_text().rpartition(")")[2].split()[1]))
    return line


def test_a_child_serves_one_call_after_the_other() -> None:
    assert len({who() for _ in range(20)}) == 1


def test_a_child_is_replaced_after_so_many_calls() -> None:
    seen = [who() for _ in range(MOST_CALLS + 1)]
    assert len(set(seen)) == 2
    assert gone(seen[0])


def test_other_limits_need_another_child() -> None:
    assert who() != who(Limits(memory=400 << 20))


def test_a_child_that_has_grown_too_large_is_replaced_and_who_needs_more_says_so() -> None:
    for growth, stays in ((16 << 20, False), (64 << 20, True)):
        limits = Limits(growth=growth)
        [before] = stream("sandbox_targets:grows", 32, limits=limits)
        assert (who(limits) == before) is stays


@pytest.mark.parametrize("name", ["breaks", "aborts", "hogs", "leaves"])
def test_after_a_fault_another_child_serves(name: str) -> None:
    before = who()
    with pytest.raises(PluginFailed):
        list(stream(f"sandbox_targets:{name}", limits=QUICK))
    assert who() != before
    assert gone(before)


def test_after_a_call_that_was_not_heard_out_another_child_serves() -> None:
    before = who()
    objects = stream("sandbox_targets:count", 10**6, limits=QUICK)
    assert next(objects) == 0
    objects.close()  # type: ignore[attr-defined]
    assert who() != before


def test_unusable_input_does_not_cost_the_child() -> None:
    before = who()
    with pytest.raises(UnusableInput, match="the sheet is"):
        list(stream("sandbox_targets:refuses", limits=QUICK))
    assert who() == before


def test_calls_within_each_other_have_a_child_each() -> None:
    outer = stream("sandbox_targets:count", 3, limits=QUICK)
    seen = []
    for number in outer:
        inner = stream("sandbox_targets:count", 3, limits=QUICK)
        seen.append([number, *inner])
    assert seen == [[n, 0, 1, 2] for n in range(3)]


@pytest.mark.slow
def test_processor_time_counts_by_the_call() -> None:
    tight = Limits(cpu=1)
    [first] = stream("sandbox_targets:works", 700, limits=tight)
    for _ in range(3):
        assert list(stream("sandbox_targets:works", 700, limits=tight)) == [first]


def test_what_a_child_sends_for_the_next_call_is_not_taken() -> None:
    forged = b"\x00\x05\0\0\0\xa4good"
    assert list(stream("sandbox_targets:says_more", forged, limits=QUICK)) == []
    assert list(stream("sandbox_targets:echo", "true", limits=QUICK)) == ["true"]


def test_eight_threads_at_once_get_what_is_theirs() -> None:
    def call(number: int) -> bool:
        for n in range(25):
            asked = number * 1000 + n
            if list(stream("sandbox_targets:echo", asked, limits=QUICK)) != [asked]:
                return False
            if n % 10 == 9:
                with pytest.raises(PluginFailed):
                    list(stream("sandbox_targets:breaks", limits=QUICK))
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(call, range(8)))


def test_a_thread_that_ends_takes_no_child_along() -> None:
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(who(Limits(files=50))))
    thread.start()
    thread.join()
    assert who(Limits(files=50)) == seen[0]


def test_a_killed_child_is_one_failed_call() -> None:
    objects = stream("sandbox_targets:ready_to_die", limits=QUICK)
    number = next(objects)
    assert isinstance(number, int)
    next(objects)
    os.kill(number, signal.SIGKILL)
    with pytest.raises(PluginFailed, match=r"died \(SIGKILL\)"):
        next(objects)
    assert who() != number


def test_a_child_killed_while_it_is_idle_is_no_failed_call() -> None:
    before = who()
    os.kill(before, signal.SIGKILL)
    assert gone(before)
    assert who() != before


def test_a_killed_zygote_is_replaced() -> None:
    idle = who()
    objects = stream("sandbox_targets:ready_to_die", limits=QUICK)
    number = next(objects)
    assert isinstance(number, int)
    *_, zygote = ancestry(number)
    os.kill(zygote, signal.SIGKILL)
    with pytest.raises(PluginFailed, match=r"died \(SIGKILL\)"):
        list(objects)
    assert gone(zygote)
    assert gone(number)
    assert gone(idle)
    again = who()
    assert ancestry(again)[-1] != zygote


def test_a_sandbox_that_cannot_start_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_pool", pool.Pool())
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(
        PluginFailed, match="the sandbox, in which parsers run, cannot be used: its process does not start"
    ):
        who()


OWNER = """
import os, sys, time
from trapstreet.sandbox import stream
objects = stream("sandbox_targets:ignores_signals")
print(next(objects), flush=True)
print(*stream("sandbox_targets:who"), flush=True)
{then}
"""


def owner(then: str) -> tuple[subprocess.Popen[str], list[int]]:
    program = [sys.executable, "-c", OWNER.format(then=then)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(program, env=_path(), stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout
    return process, [n for _ in range(2) for n in ancestry(int(process.stdout.readline()))]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_when_the_parent_is_killed_nothing_stays(number: int) -> None:
    process, family = owner("time.sleep(600)")
    process.send_signal(number)
    process.communicate()
    assert all(map(gone, family))


def test_when_the_parent_ends_nothing_stays_and_nothing_is_said() -> None:
    process, family = owner("sys.stdin.read(); sys.exit(3)")
    assert process.communicate() == ("", "")
    assert process.returncode == 3
    assert all(map(gone, family))


FORKED = """
import os
from trapstreet.sandbox import stream
objects = stream("sandbox_targets:count", 3)
print(next(objects), *stream("sandbox_targets:who"), flush=True)
if not os.fork():
    print(*stream("sandbox_targets:who"), *stream("sandbox_targets:who"), flush=True)
    del objects
    os._exit(0)
os.wait()
print(*stream("sandbox_targets:who"), *objects)
"""


def test_a_forked_process_has_children_of_its_own_and_leaves_its_parents_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED], env=_path(), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    before, forked, after = (list(map(int, line.split())) for line in done.stdout.splitlines())
    assert before == [0, after[0]]
    assert after[1:] == [1, 2]
    assert forked[0] == forked[1] != after[0]
    assert gone(forked[0])


def test_two_thousand_calls_leave_no_process_no_descriptor_and_no_memory_behind() -> None:
    zygote = ancestry(who())[-1]
    processes, descriptors, memory = _below(zygote), _descriptors(), _memory()
    for n in range(2000):
        assert list(stream("sandbox_targets:echo", n, b"x" * 10_000, limits=QUICK)) == [n, b"x" * 10_000]
    assert _descriptors() == descriptors
    assert awaited(lambda: _below(zygote) <= processes)
    assert _memory() < memory + (16 << 20)


def _below(zygote: int) -> int:
    """Processes that come from a zygote."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])

    def comes(number: int) -> bool:
        return number == zygote or (number in parents and comes(parents[number]))

    return sum(map(comes, parents))


def _path() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
