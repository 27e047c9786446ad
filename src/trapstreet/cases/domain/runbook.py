"""What to do when something happened, and what to leave alone."""

from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType

import msgspec


class Runbook(msgspec.Struct, frozen=True):
    """What to do, each in its order.

    preserve  what is lost if nobody keeps it now;  decide  who decides what
    leave     what would spoil the evidence, or warn whoever did it;  then  what comes next
    """

    preserve: tuple[str, ...]
    decide: tuple[str, ...]
    leave: tuple[str, ...]
    then: tuple[str, ...]


_DECIDE = (
    "One person leads the case and writes down what is done and when (trapstreet case note).",
    (
        "Whoever answers for data protection decides whether personal data was breached. From the moment "
        "when the organisation knows with reasonable certainty there are 72 hours: record that decision "
        "with trapstreet case aware."
    ),
    "Nobody is suspected by name on one sighting: somebody who knows a decoy can use it to frame another.",
)
_LEAVE = (
    "Do not retire the decoys, change them or write to them: they go on hearing.",
    "Do not open the links, documents or attachments in question from your own machines.",
    (
        "Do not write to, question or lock out anybody who may have done it before the logs are safe and "
        "the works council and counsel were asked."
    ),
)

_BOOKS: Mapping[str, Runbook] = MappingProxyType(
    {
        "copy": Runbook(
            preserve=(
                (
                    "Logs of the system through which the copy was handed out, and of the recipient's "
                    "accounts: downloads, shares, mail gateways, from the day the copy was made."
                ),
                "The messages or calls that reached the decoys, with all headers; the trap keeps its own.",
            ),
            decide=(
                *_DECIDE,
                "Whoever signed the contract with the recipient decides when and how the recipient is asked.",
            ),
            leave=(
                (
                    "Do not tell the recipient which records are decoys, and do not withdraw or refresh the "
                    "copy yet: that shows what is known."
                ),
                *_LEAVE,
            ),
            then=(
                "See what else was used, and from where: trapstreet sighting list.",
                "Look where the data may be: trapstreet scan on mail archives, shares and pastes at hand.",
                (
                    "With leaked rows in hand: trapstreet trace says which copy, with a bound on accusing "
                    "an innocent one."
                ),
                "Before anybody is named: trapstreet trace --unmask --reason, and two people who agree.",
            ),
        ),
        "table": Runbook(
            preserve=(
                (
                    "Access and audit logs of the database with the table, and of its backups, exports and "
                    "staging copies."
                ),
                (
                    "Logs of the applications that read it, of VPN and single sign-on, for ninety days "
                    "back: many are kept for less."
                ),
                "The messages or calls that reached the decoys, with all headers; the trap keeps its own.",
            ),
            decide=_DECIDE,
            leave=_LEAVE,
            then=(
                "See what else was used, and from where: trapstreet sighting list.",
                (
                    "List who can read the table and everything made from it; a decoy of the table itself "
                    "means no copy that was handed out."
                ),
                "Change passwords and keys of service accounts that read it, once their logs are safe.",
                "With leaked rows in hand: trapstreet trace says when they were taken.",
            ),
        ),
        "bait": Runbook(
            preserve=(
                (
                    "Access logs of the place where the breadcrumb lay: file server, cloud storage, "
                    "mailbox, repository; who opened, copied or synchronised it."
                ),
                (
                    "Logs of VPN, single sign-on and endpoint protection for the time of the sighting and a "
                    "week before."
                ),
            ),
            decide=_DECIDE,
            leave=_LEAVE,
            then=(
                "See from where it was used, and what else was: trapstreet sighting list.",
                "Treat what lies beside it as read: change its passwords and keys, once the logs are safe.",
                "Look for further signs at the same accounts and machines.",
            ),
        ),
        "finding": Runbook(
            preserve=(
                (
                    "The text that was found, as it is: the file or page, its address, a screenshot with "
                    "the time, its SHA-256. Keep it where few can read it: it is personal data."
                ),
                "Logs of the source that it was found at: who put it there, who fetched it.",
            ),
            decide=(
                *_DECIDE,
                "Counsel decides on a takedown request; trapstreet case export writes a draft.",
            ),
            leave=(
                "Do not buy, answer or download more than what is needed to know what it is.",
                *_LEAVE,
            ),
            then=(
                "Find out which copy it was and when it was taken: trapstreet trace FILE.",
                "List the people concerned: trapstreet trace FILE --customers OUT --reason TEXT.",
                "Where the finding lies with you, close the place first and delete it last.",
            ),
        ),
        "kept": Runbook(
            preserve=(
                (
                    "A screenshot of the place with its address and the time, and logs of the source: who "
                    "put it there, who fetched it. What lay there is kept: trapstreet case show has details."
                ),
            ),
            decide=(
                *_DECIDE,
                "Counsel decides on a takedown request; trapstreet case export writes a draft.",
            ),
            leave=(
                "Do not buy, answer or download more than what is needed to know what it is.",
                *_LEAVE,
            ),
            then=(
                "See which copy it was, which the worker traces by itself: trapstreet case show.",
                (
                    "List the people concerned: trapstreet case evidence CASE --out FILE --reason TEXT, then "
                    "trapstreet trace FILE --customers OUT --reason TEXT."
                ),
                "Where the finding lies with you, close the place first and delete it last.",
            ),
        ),
        "suppression": Runbook(
            preserve=(
                (
                    "Logs of the job's account and host: who started it, with which input; the scheduler's "
                    "history."
                ),
                "The log entry that this alert names; trapstreet keeps it.",
            ),
            decide=("Whoever owns the job says whether the call was one of its own.",),
            leave=("Do not widen the job's registration to silence the alert before that is answered.",),
            then=(
                (
                    "If the call was not the job's: trapstreet suppress job end NAME, and register it anew "
                    "with a new token."
                ),
                "If several calls tried to learn which rows are decoys, plant new ones.",
            ),
        ),
        "rights": Runbook(
            preserve=(
                (
                    "The server's log of the time between the two looks: it says which account changed the "
                    "rights. Shared folders: the shell history and audit log of who may change modes there."
                ),
            ),
            decide=(
                "Whoever owns the data says whether this access is wanted, and for how long.",
                "If nobody wanted it, treat what could be read since as read until the logs say otherwise.",
            ),
            leave=("Do not just take it away before the logs are safe: they may show who used it.",),
            then=(
                "See who can read it now, and by which way: trapstreet access map TARGET --who NAME.",
                "Take away what is not wanted, and look again: trapstreet access diff TARGET.",
                "Close the case with a note on why it was wanted, if it was.",
            ),
        ),
        "trouble": Runbook(
            preserve=(),
            decide=(
                "Whoever runs trapstreet mends it; until then what it names does not watch or does not tell.",
            ),
            leave=(),
            then=("trapstreet doctor says what else is wrong.",),
        ),
    }
)


def runbook(sort: str) -> Runbook:
    """What to do in a case.

    sort  "copy", "table" or "bait" where its decoys were used; "finding", or "kept" where there is a
          snapshot of it; "suppression", "rights" or "trouble"
    """
    return _BOOKS.get(sort, _BOOKS["trouble"])


def joined(books: Iterable[Runbook]) -> Runbook:
    """What some runbooks say together, each step once."""
    parts = zip(*map(msgspec.structs.astuple, books), strict=True)
    return Runbook(*(tuple(dict.fromkeys(chain.from_iterable(each))) for each in parts))


def first_steps(sort: str, case: str) -> tuple[str, ...]:
    """What an alert says to do, in a few lines; the case has the rest."""
    book = runbook(sort)
    keep = tuple(f"Keep: {each[0].lower()}{each[1:]}" for each in book.preserve[:1])
    return (*keep, *book.leave[:1], *book.then[:1], f"All steps: trapstreet case show {case}")
