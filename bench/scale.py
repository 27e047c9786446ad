"""Scans by units: two nodes of a Ray cluster beside one, notes that a scan goes on from, kinds of content.

The nodes are processes of this machine, each with one processor of its own. --quick: a tenth of the text.
"""

import json
import os
import sys
import time
from pathlib import Path
from statistics import median

from measuring import CUSTOMERS, SEED, Desk, apart, desk
from texts import dense, prose
from trapstreet.app.demo.people import customers

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from ray_nodes import ON_LOOPBACK, Nodes

FOUND = 1
MIB = 1 << 20
FILE = 32 * MIB
FOLDERS, FILES = 10, 32
"""One text under many names: 10 GiB to read, 32 MiB of disk."""

LEAST = 1.7
"""Times as much a second on two nodes as on one."""


def main() -> None:
    with desk() as at:
        at.with_customers()
        apart(_write, at)
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        heap = at.folder / "heap"
        size = sum(each.stat().st_size for each in heap.rglob("*.*")) / 1e6
        for how, more in (("at once", ()), ("with notes", ("--resume", at.folder / "notes"))):
            at.say(f"local, {how}", at.run("scan", heap, *more, status=FOUND), megabytes=size)
        one, two = _on_nodes(at, heap, 1), _on_nodes(at, heap, 2)
        for count, took in ((1, one), (2, two)):
            print(
                f"{count} {'nodes' if count > 1 else 'node':47}{took:7.2f} s  {size / took:.0f} MB/s",
                flush=True,
            )
        print(f"two nodes, in times of one: {one / two:.2f}, promised {LEAST}", flush=True)
        if one / two < LEAST:
            at.missed.append("two nodes")


def _write(at: Desk) -> None:
    ours = list(customers(CUSTOMERS, seed=SEED))
    text = at.folder / "text"
    text.write_bytes(dense(FILE // 2, ours, every=100) + prose(FILE // 2))
    for number in range(FOLDERS // (10 if at.quick else 1) * FILES):
        path = at.folder / "heap" / f"{number // FILES}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(text)


def _on_nodes(at: Desk, heap: Path, count: int) -> float:
    """Seconds of a scan on so many nodes, its start and end among them; the median of three."""
    os.environ.update(ON_LOOPBACK)
    nodes = Nodes(count)
    try:
        took, found = [], set()
        for _ in range(1 if at.quick else 3):
            began = time.perf_counter()
            ray = ("--engine", "ray", "--address", nodes.address, "--json")
            cost = at.run("scan", heap, *ray, status=FOUND)
            took.append(time.perf_counter() - began)
            found.add(len(json.loads(cost.output)["findings"]))
        print(f"{count}: {', '.join(f'{each:.1f}' for each in took)} s, {found} findings", flush=True)
        return median(took)
    finally:
        nodes.stop()


if __name__ == "__main__":
    main()
