"""One world of bench/proofs_mariadb.py: made, worked in, advised, worked in again, and given back."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from proofs_mariadb_clients import Outcome, run
from proofs_mariadb_making import world_of
from proofs_mariadb_server import Server
from proofs_mariadb_work import Session, work_of
from proofs_mariadb_world import World
from trapstreet.plugins.changes._mariadb.asking import NO_RIGHT

COMMAND = Path(sys.executable).with_name("trapstreet")
_FINE = (0, 6)
_SHOWN = 300

WORLDS = "worlds"
DONE, REFUSED = "statements that were done", "statements that the server refused at first"
UNSTEADY = "of those done: gave something else with all rights, too"
CHECKED, UNCHECKED = "past uses that advice proves", "past uses that could not be checked"
THERE, GONE = "rights that can be taken away one by one", "rights taken away"
SPARED = "rights kept for what could not be checked alone"
FALSE, GAINED = "FALSE PROOFS", "done with fewer rights only"
NOT_BACK, NO_NO = "rights that did not come back, or others", "tables read that the map says nobody reads"
PAIRS = "pairs of account and table asked of the map"
FAILURES = (FALSE, GAINED, NOT_BACK, NO_NO)
FIGURES = (WORLDS, DONE, REFUSED, UNSTEADY, CHECKED, UNCHECKED, THERE, GONE, SPARED, PAIRS, *FAILURES)


class Doing(NamedTuple):
    """A statement of a session; 0 is the coming in."""

    session: int
    place: int


class Desk:
    """A folder to work in, and a workspace that is new for each world."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.plan = folder, folder / "less"
        kit = ("--kit", folder / "kit.txt", "--kit-confirmed")
        self.run("init", self._workspace, "--keys", folder / "keys", *kit)
        self._workspace.rename(self._kept)

    @property
    def _workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def _kept(self) -> Path:
        return self.folder / "kept"

    def begin(self) -> None:
        """Nothing is there but an empty workspace."""
        for each in (self._workspace, self.plan):
            shutil.rmtree(each, ignore_errors=True)
        shutil.copytree(self._kept, self._workspace)

    def run(self, *arguments: object) -> str:
        """What a command says; ends the program where it fails."""
        line = [str(COMMAND), *map(str, arguments)]
        env = {each: value for each, value in os.environ.items() if not each.startswith("TRAPSTREET_")}
        env |= {"TRAPSTREET_WORKSPACE": str(self._workspace), "TRAPSTREET_KIT_PASSPHRASE": "for benchmarks"}
        ended = subprocess.run(line, capture_output=True, text=True, cwd=self.folder, env=env, check=False)
        if ended.returncode not in _FINE:
            told = f"{ended.stderr}{ended.stdout}"
            sys.exit(f"{' '.join(line[1:])} ended with {ended.returncode}\n{told}")
        return ended.stdout


class Trial:
    """One world from making it to having its rights back."""

    def __init__(self, server: Server, clone: str, desk: Desk, seed: int) -> None:
        self._server, self._clone, self._desk, self._seed = server, clone, desk, seed
        rng = random.Random(seed)
        file = desk.folder / "rows.csv"
        file.write_text("801\n802\n")
        self._world: World = world_of(rng)
        self._work: list[Session] = work_of(self._world, rng, str(file))
        self._found: Counter[str] = Counter({WORLDS: 1})

    def figures(self) -> Counter[str]:
        server, log = self._server, self._desk.folder / "server_audit.log"
        self._desk.begin()
        server.make(self._world)
        with server.logged(log):
            first = self._done()
        server.make(self._world)
        again = self._done()
        server.make(self._world)
        rights = server.grants()
        plan = self._advised(log)
        self._map()
        if plan is not None:
            less = self._applied(rights)
            last = self._done()
            self._compare(first, again, last, plan)
            server.make(self._world)
            self._there_and_back(rights, less)
        return self._found

    def _done(self) -> list[list[Outcome]]:
        return [run(each, self._server.port) for each in self._work]

    def _advised(self, log: Path) -> dict[str, Any] | None:
        """The plan; None where nothing can go."""
        desk, url, less = self._desk, self._server.url, self._desk.plan
        desk.run("access", "import", log, "--place", url)
        said = json.loads(desk.run("access", "advise", url, "--clone", self._clone, "--out", less, "--json"))
        unproven = sum(each["times"] for each in said["proof"]["unproven"])
        self._found += Counter({CHECKED: said["proof"]["uses"] - unproven, UNCHECKED: unproven})
        if said["out"] is None:
            return None
        plan: dict[str, Any] = json.loads((less / "plan.json").read_bytes())
        gone, kept = len(plan["changes"]), plan["needed"]
        spared = sum(not each["proved"] for each in kept)
        self._found += Counter({THERE: gone + len(kept), GONE: gone, SPARED: spared})
        return plan

    def _applied(self, rights: set[str]) -> set[str]:
        self._desk.run("access", "apply", self._desk.plan)
        less = self._server.grants()
        assert less != rights, "nothing was taken away"
        return less

    def _there_and_back(self, rights: set[str], less: set[str]) -> None:
        """The script does what `apply` does, and `--undo` takes that back."""
        self._server.script((self._desk.plan / "forward.sql").read_text())
        differing = self._server.grants() ^ less
        self._desk.run("access", "apply", self._desk.plan, "--undo")
        differing |= self._server.grants() ^ rights
        self._found[NOT_BACK] += len(differing)
        for each in sorted(differing):
            print(f"seed {self._seed}: NOT BACK {each}")

    def _compare(
        self,
        first: list[list[Outcome]],
        again: list[list[Outcome]],
        last: list[list[Outcome]],
        plan: dict[str, Any],
    ) -> None:
        told = False
        for number, session in enumerate(self._work):
            for place in range(1 + len(session.statements)):
                then, steady, now = (each[number][place] for each in (first, again, last))
                self._found[REFUSED if then.code else DONE] += 1
                if then[:2] != steady[:2]:
                    self._found[UNSTEADY] += not then.code
                elif then.code in NO_RIGHT and not now.code:
                    self._found[GAINED] += 1
                    self._tell("GAINED", Doing(number, place), then, now)
                elif not then.code and then[:2] != now[:2]:
                    self._found[FALSE] += 1
                    if not told:
                        self._tell("FALSE", Doing(number, place), then, now)
                        self._blame(Doing(number, place), then, plan)
                        told = True

    def _tell(self, what: str, doing: Doing, then: Outcome, now: Outcome) -> None:
        session = self._work[doing.session]
        (user, client, _), database, how = session[:3]
        print(f"seed {self._seed}: {what} {user} from {client} in {database!r}, {how}:")
        for each in session.statements[: doing.place]:
            print(f"    {each}")
        for when, told in (("was", then), ("now", now)):
            print(f"  {when} {told.code} {told.rows[:_SHOWN]!r} {told.message}", flush=True)

    def _blame(self, doing: Doing, then: Outcome, plan: dict[str, Any]) -> None:
        """Which of the rights, given back alone, lets the session pass again."""
        session = self._work[doing.session]
        for change in plan["changes"]:
            self._server.do_all(change["back"])
            if run(session, self._server.port)[doing.place][:2] == then[:2]:
                print(f"  gone was {change['key']}")
            self._server.do_all(change["forward"])

    def _map(self) -> None:
        """For some logins: what they read beside what the map says that their account may."""
        rng = random.Random(self._seed)
        for login in rng.sample(self._world.logins, 3):
            account, reads = self._server.reads(login, self._world)
            if not account:
                continue
            said = json.loads(self._desk.run("access", "map", self._server.url, "--reach", account, "--json"))
            reached = {
                (each["what"][0], each["what"][1]) for each in said["readings"] if len(each["what"]) > 1
            }
            self._found[PAIRS] += len(self._world.relations)
            for each in sorted(reads - reached):
                self._found[NO_NO] += 1
                print(f"seed {self._seed}: NO {account} from {login.client} reads {each}", flush=True)
