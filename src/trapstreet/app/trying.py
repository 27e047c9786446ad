"""A mail that tries the whole way from a decoy's address to the people who are told."""

import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from trapstreet.app.baiting import bait
from trapstreet.app.casework import close
from trapstreet.app.starting import ROUTE, Way, mailbox_of, trap_folder
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners import mailbox
from trapstreet.store.models import Alert, Case, Planting, Sighting
from trapstreet.store.plantings import Particulars
from trapstreet.trap.process import alone

TRIAL = "trial"
"""The purpose of the plantings of trials."""

_SYLLABLES = "bdfgklmnprstvz", "aeiou"
_PROGRAM = "from trapstreet.work import leash; leash.hold(); from trapstreet.cli import main; main()"
_ENDS_WITHIN = 30.0


class Trial(msgspec.Struct, frozen=True):
    """An address that is nowhere but in a mail that tries the way; the alert of it says the word."""

    planting: str
    address: str
    word: str


class Seen(msgspec.Struct, frozen=True):
    """How far a trial mail came.

    heard  the trap had it, and the worker recognised its address
    alert  that was raised of it, like "a7"; ""
    sent   it was given to the mail server;  error  why it was not
    """

    heard: bool = False
    alert: str = ""
    sent: bool = False
    error: str = ""


def new_trial(workspace: Workspace, way: Way) -> Trial:
    """An address to write to, once."""
    consonants, vowels = _SYLLABLES
    word = "".join(secrets.choice(consonants) + secrets.choice(vowels) for _ in range(4))
    with workspace.writing():
        made = bait(
            workspace,
            "email",
            {"plus": way.plus or None},
            place=f"nowhere: this is the trial of trapstreet start, and its word is {word}",
            out=None,
            particulars=Particulars(purpose=TRIAL),
        )
    return Trial(made.planting, made.text.splitlines()[0], word)


def seen(trial: Trial) -> Seen:
    """How far the trial's mail came."""
    if not Sighting.objects.filter(owner=trial.planting).exists():
        return Seen()
    alert = Alert.objects.filter(case__subject=trial.planting).last()
    if alert is None:
        return Seen(heard=True)
    ways = list(alert.deliveries.filter(route=ROUTE))
    return Seen(
        heard=True,
        alert=f"a{alert.pk}",
        sent=any(each.sent_at for each in ways),
        error=next((each.error for each in ways if each.error), ""),
    )


def reads(workspace: Workspace) -> bool:
    """Whether the trap has begun to read each folder of the mailbox."""
    settings = mailbox_of(workspace)
    return settings is not None and set(settings.folders) <= set(mailbox.cursor_of(settings).positions)


def close_cases(workspace: Workspace) -> None:
    """Trials are no incidents: their cases are closed."""
    trials = Planting.objects.filter(purpose=TRIAL).values_list("id", flat=True)
    for case in Case.objects.filter(subject__in=list(trials), closed_at__isnull=True):
        close(workspace, f"k{case.pk}", by="trapstreet start", what="a trial, which reached people")


class Serving:
    """`trapstreet serve` for the workspace, as long as this process wants it: its own child, or one that ran
    before.

    log  what the child says; None where it is not ours
    """

    def __init__(self, process: "subprocess.Popen[bytes] | None", log: Path | None) -> None:
        self._process, self.log = process, log

    def ended(self) -> bool:
        """Whether the child has ended."""
        return self._process is not None and self._process.poll() is not None

    def last_words(self) -> str:
        """Its last line."""
        if self.log is None:
            return "a trapstreet serve that ran before has to be started again, for its settings have changed"
        lines = self.log.read_text(errors="replace").splitlines()
        return lines[-1] if lines else ""


@contextmanager
def serving(workspace: Workspace) -> Iterator[Serving]:
    """The trap hears and the worker works meanwhile; a `serve` that runs already is left alone."""
    if _is_served(workspace):
        yield Serving(None, None)
        return
    log = workspace.tmp / "start.log"
    log.touch(mode=0o600)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "serve", "--workspace", str(workspace.root)],
            stdin=subprocess.PIPE,  # its leash
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C is for this process, which stops it
        )
    try:
        yield Serving(process, log)
    finally:
        with _undisturbed():
            process.terminate()
            try:
                process.wait(_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Inside, Ctrl-C does nothing: a `serve` that is still ending would be taken for one that goes on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _is_served(workspace: Workspace) -> bool:
    """Whether the trap of this machine runs."""
    try:
        with alone(trap_folder(workspace)):
            return False
    except UnusableInput:
        return True
