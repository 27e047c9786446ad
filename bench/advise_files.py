"""What can be taken away on files: how long it takes to judge 1,000,000 past uses of 100,000 files again.

    .venv/bin/python bench/advise_files.py [--quick]

Needs root. 100,000 files in 10,000 folders five deep, of 40 groups and 11 owners; this system's users; each
use by a random person of a file that they can read, in a fifth of the folders, drawn with a fixed seed.
Measured are the import, rights beside uses, the advice with its search and the kernel asked, applying it and
taking it back.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from measuring import SEED, desk
from trapstreet.access import EffectiveAccess
from trapstreet.core.model.rights import numbers_in
from trapstreet.plugins.permissions import posix

FILES, FOLDERS, USES = 100_000, 10_000, 1_000_000
SECONDS = 60


def main() -> None:
    assert os.geteuid() == 0, "only root can make files of others"
    with desk() as at:
        at.begin()
        share = 20 if at.quick else 1
        rng = random.Random(SEED)
        root = at.folder / "share"
        for folder in (*reversed(root.parents), root):
            if folder.exists() and not folder.stat().st_mode & 1:
                folder.chmod(folder.stat().st_mode | 0o011)
        _fill(root, rng, FILES // share, FOLDERS // share)
        log = at.folder / "log.jsonl"
        with log.open("w", encoding="utf-8") as file:
            file.writelines(_log(root, rng, USES // share))
        at.say("import", at.run("access", "import", log, "--place", root), items=USES // share)
        at.say("access use", at.run("access", "use", root), items=USES // share)
        plan = at.folder / "plan"
        cost = at.run("access", "advise", root, "--out", plan)
        at.say("access advise, search and kernel", cost, items=USES // share)
        document = json.loads((plan / "plan.json").read_bytes())
        print(f"{len(document['changes']):,} rights can go, {len(document['needed']):,} are needed")
        at.say("access apply", at.run("access", "apply", plan), items=FILES // share)
        at.say("access apply --undo", at.run("access", "apply", plan, "--undo"), items=FILES // share)
        kept = cost.cpu <= SECONDS
        print(f"advice: {cost.cpu:.1f} s of CPU, promised {SECONDS}: {'kept' if kept else 'MISSED'}")
        if not kept:
            at.missed.append("advice")


def _fill(root: Path, rng: random.Random, files: int, folders: int) -> None:
    made = [root]
    root.mkdir(mode=0o755)
    for n in range(folders):
        above = rng.choice(made[-500:] if n % 3 else made[:50])
        if len(above.parts) - len(root.parts) >= 5:
            above = root
        path = above / f"folder{n}"
        path.mkdir()
        path.chmod(rng.choice((0o755, 0o755, 0o750, 0o751)))
        os.chown(path, 0, rng.randrange(1, 41))
        made.append(path)
    for n in range(files):
        path = rng.choice(made) / f"{n}.csv"
        path.touch()
        os.chown(path, rng.randrange(1, 12), rng.randrange(1, 41))
        path.chmod(rng.choice((0o644, 0o644, 0o640, 0o600)))


def _log(root: Path, rng: random.Random, uses: int) -> Iterator[str]:
    """Uses of a fifth of the folders, each by somebody who may."""
    access = EffectiveAccess(posix.rights(str(root)))
    names = [each.name for each in access.rights.principals]
    can: list[tuple[str, list[str], list[str]]] = []
    for number, each in enumerate(access.rights.resources):
        readers = 0
        for door in access.doors_of(number):
            readers |= access.levels(door)[0]
        who = [names[one] for one in numbers_in(readers)]
        if who and each.names and rng.random() < 0.2:
            can.append((each.path[0], sorted(each.names), who[:30]))
    for n in range(uses):
        folder, files, who = rng.choice(can)
        line = {"ts": 1_790_000_000 + n, "user": rng.choice(who), "object": [folder, rng.choice(files)]}
        yield json.dumps(line) + "\n"


if __name__ == "__main__":
    sys.exit(main())
