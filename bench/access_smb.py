"""Access maps of shares: what a file costs, and whether Samba agrees. Needs what tests/vault.py does.

    .venv/bin/python bench/access_smb.py [--quick]

Files of random owners with random lists of rights (fixed seed), each opened by each of the users who can log
in and by the guest; then a share of 20,000 files in 20 folders.
"""

import os
import random
import sys
import time
from pathlib import Path

from measuring import SEED, Desk, desk, timed

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from servers import PASSWORD
from trapstreet.app.access import map_of
from vault import Vault, vault
from vault_yard import ASKING, GUEST, Yard, differing, fill

FILES, MANY, FOLDERS = 250, 20_000, 20


def main() -> None:
    with desk() as at:
        server = vault()
        if server is None:
            sys.exit("Samba with acl_xattr and libnss-wrapper, and root, are needed")
        os.environ["TRAPSTREET_SMB_PASSWORD"] = PASSWORD
        _agreement(at, server)
        _cost(at, server)


def _agreement(at: Desk, server: Vault) -> None:
    """Each file beside what the server says to each user."""
    count = FILES // (5 if at.quick else 1)
    sessions = {user or GUEST: server.session(user) for user in ASKING}
    began = time.perf_counter()
    with server.as_root() as root:
        yard = Yard(server, root)
        fill(yard, random.Random(SEED), count)
    found = differing(yard, sessions)
    access = yard.access()
    told = [yard.readers(access, name) for name in yard.names]
    surely = sum(len(each & {*sessions}) for each, _ in told)
    perhaps = sum(len(each & {*sessions}) for _, each in told)
    print(
        f"{count * len(sessions):,} pairs beside Samba opening the file: {len(found)} differ; {surely:,}"
        f" surely read, {perhaps:,} perhaps ({time.perf_counter() - began:.0f} s), promised 0:"
        f" {'MISSED' if found else 'kept'}"
    )
    if found:
        at.missed.append(f"agreement: {found[:3]}")
    for session in sessions.values():
        session.close()


def _cost(at: Desk, server: Vault) -> None:
    """A share of many files."""
    count = MANY // (10 if at.quick else 1)
    place = server.folder / "spare" / "many"
    for n in range(count):
        folder = place / f"{n % FOLDERS}"
        if n < FOLDERS:
            folder.mkdir(parents=True)
        (folder / f"{n}").touch()
    cost = timed(lambda: map_of(f"{server.url}/spare/many").exposures())
    print(
        f"map of {count:,} files: {cost.wall:.1f} s, {cost.cpu:.1f} s of CPU ours,"
        f" {cost.cpu / count * 1000:.2f} ms a file"
    )


if __name__ == "__main__":
    main()
