"""People and things for tests of `discover`, and a line to a server that can fall silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from desk import Desk

GIVEN = "Anna Bert Clara David Emma Felix Grace Hugo Irene James Katherine Liam Maria Noah Olivia".split()
FAMILY = "Murphy Schmidt Dubois Rossi Kowalski Jensen Novak Fischer Walsh Moreau Bianchi Larsen".split()


def person(number: int) -> tuple[str, str, str]:
    """Name, e-mail address and phone number; of different numbers all differ but the names."""
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
    email = f"{given}.{family}{number}@mail{number % 7}.example".lower()
    return f"{given} {family}", email, f"+353 86 {200_0000 + number:07}"


def thing(number: int) -> tuple[str, str, int]:
    """Article, colour and amount."""
    return f"SKU-{number % 40:05}", ("red", "green", "blue", "grey")[number % 4], number % 90


def found(desk: Desk, *arguments: object, status: int = 0) -> tuple[dict[str, Any], list[str]]:
    """What `discover` says of one place, its holdings by their whole names, and what is not known."""
    answer = desk.json("discover", "--per-second", 1_000, *arguments, status=status)
    (place,) = answer["places"]
    place["by_name"] = {".".join(each["path"]): each for each in place["holdings"]}
    return place, answer["unknown"]


def kinds_of(holding: dict[str, Any]) -> dict[str, str]:
    """Kind by column, of those that are about people."""
    return {each["name"]: each["kind"] for each in holding["columns"] if each["sensitivity"]}


class Line:
    """A port that leads to another one, until it is cut off: then nothing comes through any more."""

    def __init__(self, port: int) -> None:
        self.silent = threading.Event()
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = [self._listening]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                if self.silent.is_set():
                    continue
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to a port of this machine."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
