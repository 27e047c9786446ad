"""Units handed out to the nodes of a Ray cluster."""

import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from trapstreet import __version__
from trapstreet.app.scale import node as on_node
from trapstreet.app.scale.connection import connected
from trapstreet.app.scale.job import Job
from trapstreet.app.scale.tries import Piece
from trapstreet.app.scale.units import Unit
from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.watch import Part

BLOCK = 32 << 20
"""Bytes of the index in one message: so much room Ray's object store needs, whatever the index takes."""

_ANSWERS = 10.0
_BEGINS = 120.0
"""Seconds in which a keeper that is there answers, and in which one begins."""

_LOOKED_AT = 5.0
_AGAIN = 60.0
"""Seconds between two looks at which nodes there are, and until one that went is tried again."""


@dataclass(slots=True)
class _Node:
    id: str
    slots: int
    keeper: Any
    place: tuple[int, int] = (0, 0)
    running: int = 0


@dataclass(slots=True)
class Cluster:
    """The nodes of a cluster, each with the index of a scan, until the context ends.

    address   HOST:PORT of the cluster's head, to which this machine belongs; "" for a Ray of its own here
    segments  where those of the job lie
    """

    address: str
    job: Job
    segments: Sequence[Path]
    _open: ExitStack = field(init=False, default_factory=ExitStack)
    _ray: Any = field(init=False, default=None)
    _keeper: Any = field(init=False, default=None)
    _task: Any = field(init=False, default=None)
    _key: bytes = field(init=False, repr=False, default_factory=lambda: secrets.token_bytes(32))
    _nodes: dict[str, _Node] = field(init=False, default_factory=dict)
    _gone: dict[str, float] = field(init=False, default_factory=dict)
    _looked: float = field(init=False, default=-_LOOKED_AT)
    _running: dict[Any, tuple[Piece, _Node]] = field(init=False, default_factory=dict)

    def __enter__(self) -> Self:
        """Raises UnusableInput without Ray, or where a node has another trapstreet; Unreachable."""
        self._ray = self._open.enter_context(connected(self.address))
        self._keeper = self._ray.remote(num_cpus=0, max_restarts=0)(on_node.Keeper)
        self._task = self._ray.remote(num_cpus=1, max_retries=0)(on_node.scanned)
        try:
            self._look()
            if not self._nodes:
                raise Unreachable("no node of the cluster can search", hint="see docs/scale.md")
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for node in self._nodes.values():
            self._ray.kill(node.keeper)
        self._open.close()

    def parts(self, units: Iterator[Unit]) -> Iterator[tuple[Unit, Part]]:
        """Each unit, once it is finished, with what it gave: whichever is finished first comes first.

        Raises Unreachable once no node is left.
        """
        again: deque[Piece] = deque()
        while True:
            more = self._hand_out(again, units)
            if not self._running:
                if not more:
                    return
                self._wait_for_nodes()
                continue
            ended, _ = self._ray.wait([*self._running], num_returns=1, timeout=1.0)
            for task in ended:
                piece, node = self._running.pop(task)
                node.running -= 1
                again.extend(self._ended(task, piece, node))
                if (part := piece.whole.part()) is not None:
                    yield piece.whole.unit, part

    def _hand_out(self, again: deque[Piece], units: Iterator[Unit]) -> bool:
        """Every processor has something to do, as long as there is something; whether more may be left."""
        self._look()
        while free := [each for each in self._nodes.values() if each.running < each.slots]:
            if again:
                piece = again.popleft()
            elif unit := next(units, None):
                piece = Piece.of(unit)
            else:
                return False
            node = min(free, key=lambda each: each.running / each.slots)
            sealed = seal(self._key, piece.unit.encoded(), aad=on_node.UNIT)
            task = self._task.options(scheduling_strategy=self._only_on(node.id)).remote(node.place, sealed)
            self._running[task] = piece, node
            node.running += 1
        return True

    def _ended(self, task: Any, piece: Piece, node: _Node) -> list[Piece]:
        """What has to be tried again, once a task has ended."""
        errors = self._ray.exceptions
        try:
            sealed = self._ray.get(task)
        except errors.RayTaskError as error:
            if isinstance(error.cause, on_node.KeeperGone) or self._is_gone(node):
                return piece.lost()
            return piece.died()
        except errors.RayError:
            return piece.lost() if self._is_gone(node) else piece.died()
        piece.finished(Part.decoded(open_sealed(self._key, sealed, aad=on_node.PART)))
        return []

    def _is_gone(self, node: _Node) -> bool:
        """Whether a node is not there any more, as its keeper tells, which has nothing to die of.

        Ray itself takes a node for alive some time longer.
        """
        if self._nodes.get(node.id) is not node:
            return True
        with suppress(self._ray.exceptions.RayError):
            self._ray.get(node.keeper.alive.remote(), timeout=_ANSWERS)
            return False
        self._give_up(node)
        return True

    def _give_up(self, node: _Node) -> None:
        self._nodes.pop(node.id, None)
        self._gone[node.id] = time.monotonic()
        self._ray.kill(node.keeper)

    def _wait_for_nodes(self) -> None:
        deadline = time.monotonic() + _AGAIN
        while not self._nodes:
            if time.monotonic() > deadline:
                hint = "look after them; with --resume FILE the scan goes on where it was"
                raise Unreachable("no node of the cluster is left", hint=hint)
            time.sleep(1.0)
            self._look()

    def _look(self) -> None:
        """Nodes that are new have the index; what came after the first ones joins in."""
        now = time.monotonic()
        if now < self._looked + _LOOKED_AT:
            return
        self._looked = now
        there = {each["NodeID"]: each for each in self._ray.nodes() if each["Alive"]}
        for gone in self._nodes.keys() - there.keys():
            self._give_up(self._nodes[gone])
        new = []
        for name in sorted(there.keys() - self._nodes.keys()):
            slots = int(there[name]["Resources"].get("CPU", 0))
            if slots and now >= self._gone.get(name, -_AGAIN) + _AGAIN:
                made = self._keeper.options(scheduling_strategy=self._only_on(name)).remote()
                new.append(_Node(name, slots, made))
        if new:
            self._deliver(new)

    def _deliver(self, nodes: Sequence[_Node]) -> None:
        """The index is on these nodes; one that fails meanwhile is left out."""
        versions = self._asked(nodes, "version", timeout=_BEGINS)
        if others := sorted(set(versions.values()) - {__version__}):
            raise UnusableInput(
                f"a node of the cluster has trapstreet {others[0]}, this machine {__version__}",
                hint="install the same on all",
            )
        sealed = seal(self._key, msgspec.msgpack.encode(self.job), aad=on_node.JOB)
        self._asked(nodes, "begin", self._key, self._ray.put(sealed))
        for number, path in enumerate(self.segments):
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    offset = file.tell() - len(block)
                    sealed = seal(self._key, block, aad=on_node.block_name(number, offset))
                    self._asked(nodes, "take", number, offset, self._ray.put(sealed))
        for name, place in self._asked(nodes, "ready").items():
            node = next(each for each in nodes if each.id == name)
            node.place = (place[0], place[1])
            self._nodes[name] = node

    def _asked(
        self, nodes: Sequence[_Node], method: str, *arguments: Any, timeout: float = _BEGINS
    ) -> dict[str, Any]:
        """What the keepers answer, by node; those that did not are given up."""
        asked = [
            (each, getattr(each.keeper, method).remote(*arguments))
            for each in nodes
            if self._gone.get(each.id, -_AGAIN) < self._looked
        ]
        answers = {}
        for node, answer in asked:
            try:
                answers[node.id] = self._ray.get(answer, timeout=timeout)
            except self._ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, TrapstreetError):
                    raise error.cause from None
                self._give_up(node)
            except self._ray.exceptions.RayError:
                self._give_up(node)
        return answers

    def _only_on(self, node: str) -> Any:
        return self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
