"""What commands print: one JSON document or text for people, and progress."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn


SHOWN_AFTER = 2.0
SHOWN_EVERY = 0.25


def emit(as_json: bool, data: object, text: str) -> None:
    """The answer on standard output: `data` as one JSON document, or `text`."""
    if not as_json:
        click.echo(text)
        return
    from trapstreet.core.model.documents import json_of

    click.echo(json_of(data).decode())


def note(text: str) -> None:
    """A remark beside the answer, on standard error; nothing where there is none."""
    if text:
        click.echo(text, err=True)


@contextmanager
def progress(label: str, *, in_bytes: bool = False) -> "Iterator[Shown]":
    """A function to be told (done, total): a line on a terminal's standard error, two seconds from now on.

    With a total it has a bar and the time left; in_bytes adds the bytes and how many there are in a second.
    """
    shown = Shown(label, in_bytes=in_bytes)
    try:
        yield shown
    finally:
        shown.close()


class Shown:
    """Progress on a terminal.

    label  what stands at the beginning of the line; it may change
    """

    def __init__(self, label: str, *, in_bytes: bool) -> None:
        self.watched = sys.stderr.isatty()
        self.label = label
        self._in_bytes = in_bytes
        self._next = time.monotonic() + SHOWN_AFTER
        self._bar: Bar | None = None

    def __call__(self, done: int, total: int | None = None) -> None:
        if not self.watched or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SHOWN_EVERY
        if self._bar is None:
            self._bar = _bar()
            self._bar.add_task(self.label, total=total)
            self._show_bytes(self._bar, total)
            self._bar.start()
        (task,) = self._bar.tasks
        if task.total is None and total is not None:
            self._show_bytes(self._bar, total)
        self._bar.update(task.id, completed=done, total=total, description=self.label)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _show_bytes(self, bar: "Bar", total: int | None) -> None:
        if self._in_bytes:
            bar.columns, bar.expand = _byte_columns(total), total is not None


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import Progress as Bar

    return Bar(console=Console(stderr=True), transient=True, refresh_per_second=1 / SHOWN_EVERY)


def _byte_columns(total: int | None) -> "tuple[ProgressColumn, ...]":
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        FileSizeColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.table import Column

    whole = Column(no_wrap=True)
    label, speed = TextColumn("{task.description}", table_column=whole), TransferSpeedColumn(whole)
    if total is None:
        return label, FileSizeColumn(whole), speed
    return (
        label,
        BarColumn(None),
        DownloadColumn(table_column=whole),
        speed,
        TimeRemainingColumn(table_column=whole),
    )
