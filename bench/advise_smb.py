"""Advice on shares: what judging a million past uses of 100,000 files costs. Needs no server.

    .venv/bin/python bench/advise_smb.py [--quick]

10,001 folders, one in another up to some twenty deep, with ten files each, all of which inherit: from the top
that everybody reads, a third with entries for two of 300 groups of 40 of 5,000 users. Of the uses nine tenths
are of 2,000 of the folders, four fifths by 60 people (fixed seed).
"""

import random
import resource
import sys
import time

from measuring import SEED
from trapstreet.access.advice import largest_removal
from trapstreet.core.model.access_events import PastUse
from trapstreet.plugins._smb.descriptors import ALLOWED, Entry
from trapstreet.plugins._smb.lists import Rights, handed_down, packed, rights_of
from trapstreet.plugins._smb.people import ADMINISTRATORS, EVERYONE, People, Told
from trapstreet.plugins._smb.walk import Folder
from trapstreet.plugins.changes._smb.accounts import Accounts
from trapstreet.plugins.changes._smb.changes import Candidates, parts_of
from trapstreet.plugins.changes._smb.lean import lean
from trapstreet.plugins.changes._smb.replay import Ground, SmbReplay
from trapstreet.plugins.changes._smb.things import Things

FOLDERS, FILES, USES, USERS, GROUPS = 10_000, 10, 1_000_000, 5_000, 300
PROMISED = 60.0
_DOMAIN = "S-1-5-21-1-2-3"
_BELOW, _READ, _FULL = 0x3, 0x1200A9, 0x1F01FF


def main() -> None:
    rng, quick = random.Random(SEED), "--quick" in sys.argv
    count, uses = FOLDERS // (10 if quick else 1), USES // (10 if quick else 1)
    told = _told(rng)
    folders = _folders(rng, count, [*told.groups])
    shown = {(each.share, each.path): f"smb://h/s/{each.path}".rstrip("/") for each in folders}
    past = _uses(rng, uses, [*shown.values()])
    began = time.process_time()
    things, who = Things(folders), People(told, {EVERYONE}, {})
    changes = [*Candidates(who, (), who.users, "h").of(things, shown)]
    at = {shown[each.share, each.path]: each for each in things.all if each.is_folder}
    replay = SmbReplay(Ground(things, at, Accounts(who, told), "h"), past, changes)
    looked = time.process_time() - began
    removal = largest_removal(changes, replay, {each.key: 1.0 for each in changes})
    parts = [parts_of(things, [each], "h") for each in removal.changes]
    lean(removal.changes, parts, who, who.users)
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    kept = took <= PROMISED / (10 if quick else 1) and not replay.blocked(removal.changes)
    print(
        f"{uses:,} past uses of {count * FILES:,} files, {len(changes):,} rights that can go: {took:.1f} s of"
        f" CPU, {looked:.1f} s of it to look at each; {peak:.1f} GB; promised {PROMISED:.0f} s, 0 blocked:"
        f" {'kept' if kept else 'MISSED'}"
    )
    if not kept:
        sys.exit(1)


def _told(rng: random.Random) -> Told:
    users = {f"{_DOMAIN}-{1_000 + n}": (f"u{n}", True) for n in range(USERS)}
    groups = {f"{_DOMAIN}-{50_000 + n}": f"g{n}" for n in range(GROUPS)}
    members = {(each, group) for group in groups for each in rng.sample([*users], 40)}
    return Told(users=users, groups=groups, member_of=members, whole={_DOMAIN}, machine=_DOMAIN)


def _folders(rng: random.Random, count: int, groups: list[str]) -> list[Folder]:
    top = (Entry(ALLOWED, _BELOW, _FULL, ADMINISTRATORS), Entry(ALLOWED, _BELOW, _READ, EVERYONE))
    folders = [Folder("s", "", rights=packed(Rights(top, (), protected=True), ADMINISTRATORS))]
    for n in range(count):
        above = rng.choice(folders[-200:]) if rng.random() < 0.7 else folders[0]
        own: tuple[Entry, ...] = ()
        if rng.random() < 0.3:
            own = tuple(Entry(ALLOWED, _BELOW, _READ, each) for each in rng.sample(groups, 2))
        rights = Rights(own, _inherited(above, folder=True), automatic=True)
        path = f"{above.path}/d{n}".strip("/")
        folders.append(Folder("s", path, above, packed(rights, ADMINISTRATORS)))
    for each in folders:
        told = packed(Rights((), _inherited(each, folder=False), automatic=True), ADMINISTRATORS)
        for n in range(FILES):
            each.add(f"x{n}.csv", told)
    return folders


def _inherited(of: Folder, *, folder: bool) -> tuple[Entry, ...]:
    rights = rights_of(of.rights or b"")
    return handed_down(rights.entries if rights else (), owner=ADMINISTRATORS, folder=folder)


def _uses(rng: random.Random, count: int, folders: list[str]) -> list[PastUse]:
    often = rng.sample(folders, min(2_000, len(folders) // 5))
    return [
        PastUse(
            f"u{rng.randrange(USERS if rng.random() < 0.2 else 60)}",
            "",
            ((rng.choice(often if rng.random() < 0.9 else folders), f"x{rng.randrange(FILES)}.csv"),),
            "", "", (), 1, 1, 2,
        )
        for _ in range(count)
    ]  # fmt: skip


if __name__ == "__main__":
    main()
