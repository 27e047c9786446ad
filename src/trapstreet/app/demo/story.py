"""The story: 68,000 customers, twelve copies, two leaks; every step by the same services as the commands."""

import csv
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from trapstreet.app.birth import create
from trapstreet.app.clock import now
from trapstreet.app.demo.people import customers, write_rows
from trapstreet.app.kits import confirm_kit
from trapstreet.app.search import matcher_of, processors, public_of, shelf_of, texts
from trapstreet.app.sharing import share_copy
from trapstreet.app.tracing import Traced, trace_leak, write_dossier
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.protected import Protected
from trapstreet.core.ports import Progress
from trapstreet.keys.folder import KeyFolder
from trapstreet.plugins.tables import open_table
from trapstreet.register import Asked, Registration, register
from trapstreet.share import Copied, Terms
from trapstreet.store import catalogue
from trapstreet.store.copies import NewRecipient
from trapstreet.watch import Scan, scan

CUSTOMERS = 68_000
LEAKED = 0.03
RECIPIENTS = (
    "Call centre Cork",
    "Call centre Manila",
    "Support team Lyon",
    "Support team Austin",
    "Mailing house Galway",
    "Printing works Brno",
    "Survey institute Leeds",
    "Data warehouse",
    "Auditor",
    "Billing provider",
    "Web agency",
    "Migration project",
)
THIEF = 3
COALITION = (6, 10)
SOLD = 0.1
"""The part of what two copies have in common that is sold."""

WITHHELD = "1%"
DOMAINS = ("mail.harbourside.example", "inbox.quayside.example")
_SEED = 2019


@dataclass(frozen=True, slots=True)
class Story:
    """A demo's folder: the workspace, its keys beside it, the files that come and go."""

    folder: Path

    @property
    def table(self) -> Path:
        return self.folder / "customers.csv"

    @property
    def heap(self) -> Path:
        return self.folder / "found-on-the-web"

    @property
    def dossier(self) -> Path:
        return self.folder / "dossier.html"

    @property
    def coalition_dossier(self) -> Path:
        return self.folder / "dossier-of-two.html"

    def begin(self) -> Workspace:
        """A workspace whose company owns two mail domains, with a confirmed kit."""
        write_rows(self.table, customers(CUSTOMERS, seed=_SEED))
        passphrase = Protected(secrets.token_hex(16))
        kit = self.folder / "recovery-kit.txt"
        workspace = create(
            self.folder / "workspace",
            keys=KeyFolder.for_new(self.folder / "keys"),
            kit=(kit, passphrase),
            now=now(),
        )
        settings = workspace.root / "trapstreet.toml"
        owned = "domains = " + str(list(DOMAINS)).replace("'", '"')
        text = settings.read_text().replace("domains = []", owned)
        settings.write_text(f'{text}\n[share.customers]\nwithhold = "{WITHHELD}"\n')
        workspace = Workspace.open(workspace.root)
        confirm_kit(workspace, kit, passphrase, now=now())
        return workspace

    def register(self, workspace: Workspace, progress: Progress) -> Registration:
        with workspace.writing():
            return register(
                open_table(str(self.table)),
                "customers",
                source=str(self.table),
                asked=Asked(),
                keys=workspace.ring,
                shelf=shelf_of(workspace),
                now=now(),
                progress=progress,
            )

    def share(self, workspace: Workspace, progress: Progress) -> Iterator[tuple[str, Copied]]:
        """A copy for each recipient."""
        data_set = catalogue.data_set_named("customers")
        for number, recipient in enumerate(RECIPIENTS):
            with workspace.writing():
                copied = share_copy(
                    workspace,
                    data_set,
                    recipient=NewRecipient(Protected(recipient)),
                    out=self._copy(number),
                    terms=Terms(),
                    progress=progress,
                )
            yield recipient, copied

    def coalition_leak(self) -> Path:
        """Two recipients compare their copies, keep only rows that both have, and sell a part of these."""
        random = Random(_SEED)  # noqa: S311  the story is the same every time
        one, other = ({row["ticket"]: row for row in _rows(self._copy(number))} for number in COALITION)
        both = [row for ticket, row in one.items() if ticket in other]
        path = self.folder / "customer-list.txt"
        stolen = random.sample(both, round(len(both) * SOLD))
        path.write_text("\n".join(map(_retyped, stolen)), encoding="utf-8")
        return path

    def leak(self) -> Path:
        """Somebody at one recipient sells three rows in a hundred, typed anew, in a paste among other
        texts."""
        random = Random(_SEED)  # noqa: S311  the story is the same every time
        rows = _rows(self._copy(THIEF))
        stolen = random.sample(rows, round(len(rows) * LEAKED))
        self.heap.mkdir()
        paste = self.heap / "paste-7fQ2x.txt"
        paste.write_text(
            "fresh support list, more on request\n\n" + "\n".join(map(_retyped, stolen)), encoding="utf-8"
        )
        for number in range(200):
            (self.heap / f"post-{number:03}.txt").write_text(_chatter(random), encoding="utf-8")
        strangers = customers(
            3_000, seed=_SEED + 1, first=71_000_000, domains=("bigpost.example", "mailhub.example")
        )
        write_rows(self.heap / "somebody-elses.csv", strangers)
        return paste

    def scan(self, workspace: Workspace, progress: Progress) -> Scan:
        lookup, matcher = matcher_of(workspace)
        public = public_of(workspace, lookup)
        found = texts([str(self.heap)], progress)
        return scan(found, lookup=lookup, matcher=matcher, public=public, threads=processors())

    def trace(self, workspace: Workspace, leak: Path, dossier: Path, progress: Progress) -> Traced:
        traced = trace_leak(workspace, [str(leak)], progress=progress)
        write_dossier(dossier, traced, {})
        return traced

    def _copy(self, number: int) -> Path:
        return self.folder / f"copy-for-recipient-{number + 1:02}.csv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _retyped(row: dict[str, str]) -> str:
    """MURPHY, Mary - 086/5233925 - MARY.MURPHY@… - 2410380: nothing is spelled as it was."""
    given, family = row["name"].split(" ", 1)
    digits = "0" + "".join(filter(str.isdigit, row["phone"])).removeprefix("353")
    ticket = row["ticket"].removeprefix("TS-")
    return f"{family.upper()}, {given} - {digits[:3]}/{digits[3:]} - {row['email'].upper()} - #{ticket}"


def _chatter(random: Random) -> str:
    """A text of the kind that pastes are: logs, numbers, prose."""
    words = (
        "the a error of request and connection to user failed retry 200 404 at in cache line host is".split()
    )
    lines = []
    for _ in range(random.randint(40, 400)):
        stamp = f"2019-0{random.randint(1, 9)}-1{random.randint(0, 9)} {random.randint(10, 23)}:00"
        lines.append(f"{stamp} {random.randint(1, 10**9)} {' '.join(random.choices(words, k=8))}")
    return "\n".join(lines)
