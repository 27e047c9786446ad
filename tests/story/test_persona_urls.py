"""The web addresses of decoy customers, as users meet them: planted live, listed, tested, never twice."""

import sqlite3
from pathlib import Path

import pytest

from desk import Desk
from trapstreet.app.workspace import Workspace
from trapstreet.cli import run
from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.hit import Hit
from trapstreet.decoys import read_url
from trapstreet.keys.sealing import seal
from trapstreet.store import plantings
from trapstreet.store.models import Planting
from url_world import with_parcels
from working import spooled

pytestmark = pytest.mark.slow

DECOYS = 60
DOMAINS = tuple(f"fern-post{number}.ie" for number in range(20))
TRAP = "https://track.us.example.ie/p/"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at a company that owns mail domains and the host that its parcels are followed at."""
    workspace = tmp_path / "workspace"
    monkeypatch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setattr("trapstreet.keys.kit._LOG2_N", 8)
    arguments = ("--keys", tmp_path / "keys", "--kit", tmp_path / "kit.txt", "--kit-confirmed")
    assert run([str(each) for each in ("init", workspace, *arguments)]) == 0
    own(workspace, domains=DOMAINS, urls=(TRAP,))
    written(tmp_path / "crm.sqlite3")
    desk = Desk(tmp_path, capsys)
    desk.do("register", table_of(desk), "--name", "customers", "--key", "id")
    return desk


def own(workspace: Path, *, domains: tuple[str, ...], urls: tuple[str, ...]) -> None:
    file = workspace / "trapstreet.toml"
    lines = file.read_text().splitlines()
    new = {"domains": domains, "urls": urls}
    lines = [
        f"{name} = {list(new[name])}" if (name := line.partition(" =")[0]) in new else line for line in lines
    ]
    file.write_text("\n".join(lines).replace("'", '"') + "\n")


def written(path: Path) -> None:
    """The customers and their parcels as a database with foreign keys."""
    world = with_parcels()
    with sqlite3.connect(path) as database:
        for table, rows in zip(world.tables, world.rows, strict=True):
            columns = [
                f"{name} TEXT" if at else f"{name} INTEGER PRIMARY KEY"
                for at, name in enumerate(table.columns)
            ]
            if table.parent is not None:
                above = world.tables[table.parent]
                columns[1] = f"{table.columns[1]} INTEGER REFERENCES {above.name} ({above.columns[0]})"
            database.execute(f"CREATE TABLE {table.name} ({', '.join(columns)})")
            marks = ", ".join("?" for _ in columns)
            database.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)


def table_of(desk: Desk) -> str:
    return f"sqlite:///{desk.folder / 'crm.sqlite3'}?table=customers"


def rows(desk: Desk, statement: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(desk.folder / "crm.sqlite3") as database:
        return database.execute(statement).fetchall()


def tokens(desk: Desk) -> dict[tuple[str, str], tuple[str, tuple[int, ...]]]:
    return plantings.all_tokens(Workspace.open(desk.workspace).ring)


def test_a_visit_of_a_decoys_address_names_the_decoy(desk: Desk) -> None:
    before = {row[0] for row in rows(desk, "SELECT id FROM customers")}

    result = desk.json("plant", "customers", "--decoys", DECOYS)

    (note,) = [
        note for note in result["notes"] if "not live" in note and "website" not in note and "avatar" in note
    ]
    assert "cdn.us.example.ie" in note
    known = {value: decoy for (channel, value), decoy in tokens(desk).items() if channel == "http"}
    planting = plantings.planting_named(result["planting"])
    ids = [row[0] for row in plantings.rows_of(planting, Workspace.open(desk.workspace).ring)[0]]
    assert not before & set(ids)
    sites = dict(rows(desk, "SELECT id, website FROM customers"))
    live = 0
    for at, number in enumerate(ids):
        if url := read_url(sites[number]):
            live += 1
            assert known[url.visited][0] == planting.id
            assert at in known[url.visited][1]
    assert live > DECOYS // 2
    parcels = [row for row in rows(desk, "SELECT customer, link FROM parcels") if row[0] in ids]
    assert len(parcels) > DECOYS // 2
    assert all(known[read_url(link).visited] == (planting.id, (ids.index(of),)) for of, link in parcels)


def test_a_visit_of_a_companys_site_is_one_incident_and_touches_all_its_decoys(desk: Desk) -> None:
    planting = desk.json("plant", "customers", "--decoys", DECOYS)["planting"]
    sites = {value: of for (channel, value), (_, of) in tokens(desk).items() if channel == "http"}
    site, of = max(sites.items(), key=lambda item: len(item[1]))
    assert len(of) > 1
    facts = (("method", b"GET"), ("target", f"/{site.partition('/')[2]}".encode()))
    folder = spooled(
        desk, desk.folder / "trap", [Hit("http", 1_795_000_000_000_000, "192.0.2.7", 1, (site,), facts)]
    )
    desk.do("work", "--once", "--trap", folder)

    (incident,) = desk.json("sighting", "list")["incidents"]
    assert (incident["decoy"], incident["uses"]) == (f"p1/{of[0] + 1}", 1)
    assert f"the site of {len(of)} decoys of one company" in " ".join(incident["label"]["why"])
    touched = plantings.planting_named(planting).each.filter(state=plantings.TOUCHED)
    assert tuple(touched.order_by("at").values_list("at", flat=True)) == of


def test_list_and_test_show_what_is_live(desk: Desk) -> None:
    planting = desk.json("plant", "customers", "--decoys", DECOYS)["planting"]

    listed = desk.json("decoy", "list", "p1")["decoys"]
    assert all(each["channels"] in (["http", "smtp"], ["smtp"]) for each in listed)
    assert sum("http" in each["channels"] for each in listed) > DECOYS // 2
    assert "http" in desk.do("decoy", "list", "p1")
    (tested,) = desk.json("decoy", "test", "p1")["plantings"]
    assert (tested["planting"], tested["in_place"], tested["unheard"]) == (planting, DECOYS, [])

    ring = Workspace.open(desk.workspace).ring
    known = plantings.tokens_of(plantings.planting_named(planting), ring)
    hosts = {value.partition("/")[0].rpartition("@")[2] for _, value in known}
    for domains, urls, lost in ((DOMAINS, (), "track.us.example.ie"), (DOMAINS[1:], (TRAP,), DOMAINS[0])):
        own(desk.workspace, domains=domains, urls=urls)
        unheard = sorted(host for host in hosts if f".{host}".endswith(f".{lost}"))
        (tested,) = desk.json("decoy", "test", "p1", status=int(bool(unheard)))["plantings"]
        assert sorted(tested["unheard"]) == unheard


def test_a_second_planting_has_no_address_of_the_first(desk: Desk) -> None:
    first = desk.json("plant", "customers", "--decoys", DECOYS)["planting"]
    second = desk.json("decoy", "rotate", "p1")["planted"]["planting"]

    ring = Workspace.open(desk.workspace).ring
    one, other = (plantings.tokens_of(plantings.planting_named(name), ring) for name in (first, second))
    assert min(len(one), len(other)) > DECOYS
    assert not one.keys() & other.keys()


def test_a_bait_of_an_older_registry_is_still_known_by_its_token(desk: Desk) -> None:
    """Its token was kept without the position of a decoy."""
    planting = desk.json("bait", "email", "--place", "CRM")["planting"]
    ring = Workspace.open(desk.workspace).ring
    ((token, at),) = plantings.tokens_of(plantings.planting_named(planting), ring).items()
    old = seal(ring.storage_key(planting), canonical_cbor([list(token)]), aad=f"tokens {planting}".encode())
    Planting.objects.filter(id=planting).update(tokens=old)

    assert at == (0,)
    assert plantings.all_tokens(ring) == {token: (planting, at)}
