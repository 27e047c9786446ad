"""What an erasure leaves, and why: every place that trapstreet knows of or cannot reach."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from trapstreet.core.model.words import counted
from trapstreet.forget.domain.erasure import DataSetErasure, Erasure, SourceState


class Remain(msgspec.Struct, frozen=True):
    """Something that remains, and why or what to do about it."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What the workspace has beside index and registry, and what the log says was written.

    given            the file that named the person, "" if none
    before           the registry's copy from before an update, "" if there is none
    on_server        the registry lies in a PostgreSQL server
    strange          folders of the index that belong to no data set
    jobs             suppression jobs that know rows by a value as it is written
    proofs, lists    proofs, and lists of affected customers, that were ever written
    snapshots        of what the watch found;  baselines  of what is out already;  leaks  that were found
    """

    given: str = ""
    before: str = ""
    on_server: bool = False
    strange: tuple[str, ...] = ()
    jobs: int = 0
    proofs: int = 0
    lists: int = 0
    snapshots: int = 0
    baselines: int = 0
    leaks: int = 0


def remains(erasure: Erasure, kept: Kept) -> list[Remain]:
    """Everything that remains, what has to be done first."""
    return [
        *(each for of in erasure.data_sets for each in _of_data_set(of)),
        *_in_workspace(kept),
        *_in_files(kept),
        *_FOR_GOOD,
    ]


def _of_data_set(of: DataSetErasure) -> Iterator[Remain]:
    if of.source is SourceState.HOLDS:
        yield Remain(
            f"the source of {of.data_set}",
            "it still holds this person: delete there too, or the next registration enters the person again",
        )
    elif of.source is SourceState.UNREAD:
        yield Remain(
            f"the source of {of.data_set}",
            f"whether it still holds this person could not be checked: {of.why}",
        )
    if of.copies:
        named = ", ".join(f"{each.copy} ({each.recipient})" for each in of.copies)
        yield Remain(
            f"copies of {of.data_set}: {named}",
            "they were handed out with this person in them, and trapstreet cannot reach them: tell their "
            "recipients (GDPR, article 19)",
        )
    for each in of.decoys:
        yield Remain(f"{counted(each.decoys, 'decoy')} of {each.owner}", _why_decoys(each.owner))


def _why_decoys(owner: str) -> str:
    shared = "they show a value that nobody else has"
    if owner.startswith("p") and not owner.startswith("pool-"):
        return f"{shared}: plant others in their place with trapstreet decoy rotate {owner}"
    return f"{shared}: they are in copies that are out, whose commitments bind them"


def _in_workspace(kept: Kept) -> Iterator[Remain]:
    if kept.before:
        yield Remain(kept.before, "the registry as it was before an update: delete it when all is well")
    if kept.on_server:
        yield Remain("dead rows in the PostgreSQL server", "until it vacuums the registry's tables")
    if kept.jobs:
        yield Remain(
            f"what suppression remembers of rows ({counted(kept.jobs, 'job')})",
            "they know rows by hashes of a value as it is written: those of spellings that neither source "
            "nor your lines show, and of numbers of linked tables, are not found",
        )
    if kept.snapshots:
        yield Remain(
            f"snapshots of what was found ({counted(kept.snapshots, 'snapshot')})",
            "what they show is not looked through: evidence of a breach, destroyed when its time is over, or "
            "before with trapstreet case evidence CASE --destroy",
        )
    if kept.baselines:
        yield Remain(
            f"baselines of what is out already ({counted(kept.baselines, 'baseline')})",
            "keyed hashes of all that they show: remove them (trapstreet baseline remove), and add them anew",
        )
    if kept.leaks:
        yield Remain(
            f"samples of the records that were found in {counted(kept.leaks, 'leak')}",
            "keyed numbers of up to 256 records each, sealed: of use to nobody without keys and row",
        )
    for folder in kept.strange:
        yield Remain(folder, "an index of no data set that the registry knows: delete it unless you miss it")


def _in_files(kept: Kept) -> Iterator[Remain]:
    if kept.given:
        yield Remain(kept.given, "it names the person: delete it")
    yield Remain(
        "backups made before",
        "trapstreet does not know where they are: delete them, or forget again after a restore",
    )
    yield Remain(
        f"proofs ({kept.proofs:,} written) and dossiers",
        "you keep them, and earlier verdicts rest on "
        "them: of a person they show a RecordId, a hash that without the workspace's key is a number",
    )
    if kept.lists:
        yield Remain(f"lists of affected customers ({kept.lists:,} written)", "you keep them, in plain text")


_FOR_GOOD = (
    Remain(
        "digests of whole versions, in registry and log",
        "each is one keyed number for all rows together; only where one person alone changed between two "
        "versions is their difference that person's, a hash of the whole row",
    ),
    Remain(
        "values that more than 32 records share, and prefixes of numbers that 20 share, in the index",
        "they tell nobody from the others",
    ),
    Remain(
        "decoys, their sealed inventories, the recovery kit, the log",
        "they hold decoys, keys, and what was done when: nothing about real persons",
    ),
)
