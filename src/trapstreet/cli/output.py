"""What commands print: one JSON document or text for people, and progress."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from trapstreet.core.ports import Progress

SHOWN_AFTER = 2.0


def emit(as_json: bool, data: object, text: str) -> None:
    """The answer on standard output: `data` as one JSON document, or `text`."""
    if not as_json:
        click.echo(text)
        return
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())


@contextmanager
def progress(label: str) -> "Iterator[Progress]":
    """A function to be told (done, total): a bar on a terminal's standard error once two seconds have passed.

    Work whose total is not known passes None, and gets a bar without an end.
    """
    shown = _Shown(label)
    try:
        yield shown
    finally:
        shown.close()


class _Shown:
    def __init__(self, label: str) -> None:
        self._label = label
        self._from = time.monotonic() + SHOWN_AFTER
        self._bar: Bar | None = None
        self._wanted = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None = None) -> None:
        if not self._wanted or time.monotonic() < self._from:
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.add_task(self._label, total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import Progress as Bar

    return Bar(console=Console(stderr=True), transient=True)
