"""The worker: hits a second from a spool into the registry, of names that are nobody's and of decoys."""

import json
from pathlib import Path

from measuring import desk
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Hit
from trapstreet.store import plantings
from trapstreet.trap.sealing import Opener, encode
from trapstreet.trap.spool import Spool

NOBODYS, USES = 500_000, 50_000
AT_ONCE = 500
"""Hits of a record."""
NETWORKS = 200
_FACTS = (
    ("method", b"GET"),
    ("target", b"/"),
    ("version", b"1.1"),
    ("header", b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    ("header", b"Accept: */*"),
    ("header", b"Accept-Language: en-IE,en;q=0.5"),
)


def main() -> None:
    with desk() as at:
        at.begin()
        settings = at.workspace / "trapstreet.toml"
        settings.write_text(
            settings.read_text().replace("urls = []", 'urls = ["http://cdn.quayside.example/"]')
        )
        planting = json.loads(at.run("bait", "url", "--place", "wiki", "--json").output)["planting"]
        ring = Workspace.open(at.workspace).ring
        ((_, page),) = plantings.tokens_of(plantings.planting_named(planting), ring)
        worker, scale = Opener(ring.trap_key()).public, 10 if at.quick else 1
        for what, name, hits in (
            ("names that are nobody's", "cdn.quayside.example/favicon.ico", NOBODYS // scale),
            ("uses of one decoy", page, USES // scale),
        ):
            trap = _spooled(at.folder / what, worker, name, hits)
            at.say(what, at.run("work", "--once", "--trap", trap), items=hits)
        at.say("sighting list", at.run("sighting", "list"), items=USES // scale)


def _spooled(folder: Path, worker: bytes, name: str, hits: int) -> Path:
    """A trap's folder with hits that come one a millisecond, from networks in turn."""
    folder.mkdir()
    spool = Spool(folder, worker, limit=1 << 40)
    for start in range(0, hits, AT_ONCE):
        spool.append([encode(_hit(name, number)) for number in range(start, start + AT_ONCE)])
    spool.close()
    return folder


def _hit(name: str, number: int) -> Hit:
    address = f"198.51.{number % NETWORKS}.{number // NETWORKS % 256}"
    return Hit("http", 1_795_000_000_000_000 + 1_000 * number, address, 4711, (name,), _FACTS)


if __name__ == "__main__":
    main()
