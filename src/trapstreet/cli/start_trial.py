"""The trial at the end of `trapstreet start`: a mail to a decoy, and the word in the alert of it."""

import time
from typing import TYPE_CHECKING

from trapstreet.cli.dialogue import Dialogue
from trapstreet.core.model.errors import TrapstreetError, Unreachable

if TYPE_CHECKING:
    from trapstreet.app.trying import Seen, Serving, Trial
    from trapstreet.app.workspace import Workspace

READS_WITHIN, HEARD_WITHIN, SENT_WITHIN = 60.0, 120.0, 60.0
"""Seconds that the steps of the trial have."""
TICK = 0.25
_NO_PLUS = (
    "   Perhaps the provider takes nothing behind a +. Then run trapstreet start --listen-for @DOMAIN,\n"
    "   with a domain whose mails all come to this mailbox."
)


def try_out(talk: Dialogue, workspace: "Workspace", *, unconfirmed: bool) -> "tuple[bool, Seen]":
    """Write to a decoy's address, until somebody types the word that stands in the alert; whether somebody
    did."""
    from trapstreet.app import starting, trying

    known = starting.mailbox_of(workspace)
    way = starting.way_of(known) if known else None
    assert way  # noqa: S101  set before
    trials: list[Trial] = []
    with trying.serving(workspace) as served:
        talk.say("5. The trial: somebody writes to a decoy's address, and you have to hear of it.")
        _wait_for_reading(workspace, served)
        while True:
            trials.append(trying.new_trial(workspace, way))
            seen = trying.Seen()
            if _send(talk, workspace, trials[-1]):
                seen = _watched(talk, trials[-1], served)
            if not talk.attended or unconfirmed:
                return False, seen
            answer = _word(talk, seen, {trial.word for trial in trials})
            if answer != "r":
                break
    if answer == "q":
        return False, seen
    trying.close_cases(workspace)
    return True, seen


def _wait_for_reading(workspace: "Workspace", served: "Serving") -> None:
    from trapstreet.app import trying

    until = time.monotonic() + READS_WITHIN
    while not trying.reads(workspace):
        if served.ended() or time.monotonic() > until:
            log = served.log or "the log of trapstreet serve"
            raise Unreachable(
                f"the trap does not begin to read the mailbox: {served.last_words() or 'no word why'}",
                hint=f"{log} says more; then run trapstreet start again",
            )
        time.sleep(TICK)


def _send(talk: Dialogue, workspace: "Workspace", trial: "Trial") -> bool:
    """Whether a mail is on its way to the trial's address."""
    from trapstreet.app import mailing, starting

    sender = starting.sender_of(workspace)
    if sender is None:
        talk.say(f"   Write a mail to {trial.address} from any mailbox of yours.")
        return True
    try:
        sender.send(mailing.trial_mail(sender.address, trial.address))
    except TrapstreetError as error:
        if not talk.attended:
            raise
        talk.say(f"   {_clock()}  no mail could be sent to {trial.address}: {error}.\n{_NO_PLUS}")
        return False
    talk.say(f"   {_clock()}  a mail was sent to {trial.address}")
    return True


def _watched(talk: Dialogue, trial: "Trial", served: "Serving") -> "Seen":
    """Say how far the mail comes, until the alert is sent or it takes too long."""
    from trapstreet.app import trying

    seen, until = trying.Seen(), time.monotonic() + HEARD_WITHIN
    while time.monotonic() < until and not seen.sent and not served.ended():
        now = trying.seen(trial)
        if now.heard and not seen.heard:
            talk.say(f"   {_clock()}  the trap heard it in the mailbox")
            until = time.monotonic() + SENT_WITHIN
        if now.alert and not seen.alert:
            talk.say(f"   {_clock()}  alert {now.alert} was raised")
        if now.error and now.error != seen.error:
            talk.say(f"   {_clock()}  it could not be sent: {now.error}; it is tried again")
        seen = now
        time.sleep(TICK)
    if seen.sent:
        talk.say(f"   {_clock()}  the alert was given to the mail server")
    else:
        talk.say(_advice(seen, served))
    return seen


def _advice(seen: "Seen", served: "Serving") -> str:
    """What to do where the trial stops."""
    if served.ended():
        return f"   The trap or the worker ended: {served.last_words()}"
    if not seen.heard:
        return (
            "   The mail was not heard so far. Look into the mailbox. If the mail is there, wait a little.\n"
            f"   If it came back, or is not even in the junk:\n{_NO_PLUS}"
        )
    if not seen.alert:
        return f"   It was heard, but no alert came of it. {served.last_words()}"
    return f"   The alert waits: {seen.error or 'nothing was tried yet'}."


def _word(talk: Dialogue, seen: "Seen", words: set[str]) -> str:
    """ "ok" where somebody typed one of the words, else "r" or "q"."""
    if seen.sent:
        talk.say("   Look for the alert in your mail, in the junk too. A word stands where the decoy lay.")
    while True:
        answer = talk.listen("   The word (r: send another, q: leave it for now)").strip(".\"'")
        if answer in ("r", "q"):
            return answer
        if answer in words:
            return "ok"
        if answer:
            talk.say("   That is not the word. It has eight letters.")


def _clock() -> str:
    return time.strftime("%H:%M:%S")
