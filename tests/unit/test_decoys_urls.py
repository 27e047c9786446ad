"""Web addresses of decoys: live where their owner is, written as the table's, and nobody else's."""

import re
from collections import Counter
from functools import cache

import pytest

from decoys_tables import Table, column
from trapstreet.core.fields import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row
from trapstreet.decoys import Aim, Decoys, DecoySettings, generate, owned, read_url, tokens
from trapstreet.decoys.kin import Family, grow
from trapstreet.decoys.urls import Url
from url_world import URLS, customers, with_parcels

COUNT = 150
DOMAINS = tuple(
    f"{word}-post{number}.ie" for word in ("fern", "moss", "reed", "sedge") for number in range(10)
)
OWNED = DecoySettings(domains=DOMAINS)
TRACKED = DecoySettings(domains=DOMAINS, urls=("https://track.us.example.ie/p/",))
TRAP = DecoySettings(domains=DOMAINS, urls=("https://portal.us.example.ie/c/", "https://app.us.example.ie"))


@cache
def made(settings: DecoySettings = OWNED, aim: Aim = Aim.HIDE, key: bytes = b"a planting's key") -> Decoys:
    table = customers()
    return generate(table.learnt, settings, draws=KeyedDraws(key, 0), count=COUNT, taken=table.owned, aim=aim)


def pairs(name: str, settings: DecoySettings = OWNED) -> list[tuple[str, str]]:
    """Of each donor with an address in a column this, and its decoy's."""
    at, decoys = customers().position(name), made(settings)
    both = [(donor[at], decoy.cells[at]) for donor, decoy in zip(decoys.donors, decoys.decoys, strict=True)]
    return [(str(old), str(new)) for old, new in both if read_url(old)]


def hosts(texts: list[str]) -> list[str]:
    return [url.host.lower() for text in texts if (url := read_url(text))]


def model_of(cells: list[str], name: str = "link") -> bool:
    """Whether a column of these cells is taken for one of web addresses."""
    rows: list[Row] = [(str(1000 + 3 * at), cell) for at, cell in enumerate(cells)]
    table = Table([column("id", Kind.REFERENCE), column(name, Kind.TEXT)], ["id"], rows)
    return bool(table.learnt.urls)


@pytest.mark.parametrize(
    ("text", "site", "visited"),
    [
        ("https://www.Acme.ie", "acme.ie", "www.acme.ie/"),
        ("http://acme.ie:8080/Team/?a=B#top", "acme.ie", "acme.ie/Team/?a=B"),
        ("//cdn.acme.ie/x.png", "cdn.acme.ie", "cdn.acme.ie/x.png"),
        (" WWW.MÜLLER.DE/ ", "müller.de", "www.müller.de/"),
        ("acme.co.uk", "acme.co.uk", "acme.co.uk/"),
        ("https://acme.ie/caf%C3%A9?q=%20", "acme.ie", "acme.ie/café?q=%20"),
    ],
)
def test_an_address_is_read_however_it_is_written(text: str, site: str, visited: str) -> None:
    url = read_url(text)
    assert url is not None
    assert (url.site, url.visited, url.text) == (site, visited, text.strip())


@pytest.mark.parametrize(
    "text",
    ["", "n/a", "12.30", "a.byrne@acme.ie", "see https://acme.ie", "10.0.0.1", "https://", "x.", 7, None],
)
def test_what_is_no_address_is_not_read(text: str | int | None) -> None:
    assert read_url(text) is None


def test_columns_are_known_by_what_they_hold_and_then_by_their_header() -> None:
    table = customers()
    assert [table.columns[at].name for at in table.learnt.urls] == list(URLS)
    assert model_of([f"https://acme{at}.ie" for at in range(200)], "zzz")
    assert model_of([f"acme{at}.ie" for at in range(200)], "Homepage")
    assert not model_of([f"report{at}.pdf" for at in range(200)], "file")
    assert not model_of([f"https://us.ie/{'abcd'[at % 4]}" for at in range(200)], "url"), (
        "pages are categories"
    )
    assert not model_of([""] * 200, "website")


def test_a_column_that_is_empty_in_its_first_thousands_of_rows_is_known_all_the_same() -> None:
    assert model_of([""] * 6000 + [f"https://acme{at}.ie" for at in range(2000)], "zzz")


@pytest.mark.slow
@pytest.mark.parametrize("aim", Aim)
@pytest.mark.parametrize("settings", [OWNED, TRAP, DecoySettings()])
def test_no_address_is_a_rows_or_another_decoys(settings: DecoySettings, aim: Aim) -> None:
    table, decoys = customers(), made(settings, aim)
    for name in URLS:
        at = table.position(name)
        theirs = {url.form for row in table.rows if (url := read_url(row[at]))}
        ours = [url for cell in table.cells(decoys, name) if (url := read_url(cell))]
        assert len(ours) > 50
        assert not theirs & {url.form for url in ours}
        alone = [url.visited for url in ours if url.visited not in decoys.shared]
        assert len(set(alone)) == len(alone)
        assert aim is Aim.HIDE or len(alone) == len(ours)


def test_colleagues_share_a_site_where_their_donors_do() -> None:
    table, decoys = customers(), made()
    at, mail = table.position("website"), table.position("email")
    real = Counter(url.form for row in table.rows if (url := read_url(row[at])))
    sites: dict[tuple[str, str], list[tuple[Url, Url]]] = {}
    for donor, decoy in zip(decoys.donors, decoys.decoys, strict=True):
        old, new = read_url(donor[at]), read_url(decoy.cells[at])
        if old and new and real[old.form] > 1:
            sites.setdefault((str(decoy.cells[mail]).rpartition("@")[2], old.visited.casefold()), []).append(
                (old, new)
            )
    several = [pairs for pairs in sites.values() if len(pairs) > 1]
    assert sum(map(len, several)) > COUNT // 3
    for site in several:
        assert len({new.visited.casefold() for _, new in site}) == 1
        assert all(new.scheme == old.scheme and new.host.isupper() == old.host.isupper() for old, new in site)
    firms = Counter(
        (visited, str(decoy.cells[mail]).rpartition("@")[2])
        for decoy in decoys.decoys
        if (url := read_url(decoy.cells[at])) and (visited := url.visited) in decoys.shared
    )
    assert len(firms) == len(decoys.shared) > 5
    assert min(firms.values()) > 1


@pytest.mark.slow
def test_two_plantings_and_two_copies_have_no_address_in_common() -> None:
    table = customers()
    first = made()
    known = {url.visited for decoy in first.decoys for cell in decoy.cells if (url := read_url(cell))}
    again = generate(
        table.learnt,
        OWNED,
        draws=KeyedDraws(b"a planting's key", 0),
        count=COUNT,
        taken=table.owned,
        aim=Aim.HIDE,
        visited=known,
    )
    at = table.position("website")
    ours = {url.visited for decoy in again.decoys if (url := read_url(decoy.cells[at]))}
    assert not known & ours
    copies = [made(OWNED, Aim.PROVE, key) for key in (b"first copy's key", b"other copy's key")]
    one, other = ({read_url(cell) for cell in table.cells(copy, "website")} - {None} for copy in copies)
    assert not one & other


def test_a_site_of_a_firm_of_its_own_lies_at_the_decoys_mail_domain() -> None:
    table, decoys = customers(), made()
    at, mail = table.position("website"), table.position("email")
    own = 0
    for donor, decoy in zip(decoys.donors, decoys.decoys, strict=True):
        old, new = read_url(donor[at]), read_url(decoy.cells[at])
        theirs, mine = (str(row[mail]).rpartition("@")[2] for row in (donor, decoy.cells))
        if old and old.site.endswith(theirs):
            own += 1
            assert new
            assert (new.scheme, new.host) == (
                old.scheme,
                old.host.lower().replace(theirs, mine),
            ) or old.host.isupper()
    assert own > 80


@pytest.mark.slow
def test_no_address_is_at_a_host_of_a_stranger() -> None:
    table = customers()
    for settings in (OWNED, TRAP, DecoySettings()):
        strangers = set(hosts([str(row[table.position("website")]) for row in table.rows]))
        strangers -= {"www.facebook.example"}
        assert not strangers & set(hosts([new for _, new in pairs("website", settings)]))


def test_every_address_is_live_where_the_owner_has_the_hosts() -> None:
    heard = owned(TRAP)
    for name in ("website", "portal", "profile"):
        urls = [read_url(new) for _, new in pairs(name, TRAP)]
        assert all(url and heard.hears(url) for url in urls), name
    assert any(
        "linkedin (www.network.example" in note or "linkedin (network.example" in note
        for note in made(TRAP).notes
    )
    assert sum("not live" in note for note in made(TRAP).notes) == 1


def test_one_line_says_that_nothing_is_live_where_no_host_is_owned() -> None:
    decoys = made(DecoySettings())
    (note,) = [note for note in decoys.notes if "not live" in note]
    assert all(name in note for name in URLS)
    assert any("web addresses at example.com" in why for why in decoys.strippable)


@pytest.mark.parametrize("name", ["linkedin", "portal", "avatar", "profile"])
def test_where_a_column_is_at_one_host_a_decoy_has_a_new_token_of_the_same_shape(name: str) -> None:
    both = pairs(name)
    shape = {
        "linkedin": r"https://www\.network\.example/in/[a-z]+-[a-z]+-[0-9a-f]{8}/",
        "portal": r"https://portal\.us\.example\.ie/c/\d{5}\?t=[0-9A-Za-z]{12}",
        "avatar": r"https://cdn\.us\.example\.ie/a/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.png",
        "profile": r"https://app\.us\.example\.ie/profile/\d{6}",
    }[name]
    assert all(re.fullmatch(shape, old) for old, _ in both)
    assert sum(not re.fullmatch(shape, new) for _, new in both) <= len(both) // 50


def test_an_address_shows_the_decoys_name_and_number_where_the_donors_did() -> None:
    table, decoys = customers(), made()
    for decoy in decoys.decoys:
        name, number = str(decoy.cells[table.position("name")]).lower().split(), decoy.cells[0]
        assert f"/c/{number}?" in str(decoy.cells[table.position("portal")])
        seen = str(decoy.cells[table.position("linkedin")])
        assert not seen or f"/in/{name[0]}-{name[1]}-" in seen


def test_addresses_are_written_as_the_donors() -> None:
    """With scheme, www, letter case, path and slash, but where the site is another decoy's already."""
    table, decoys = customers(), made()
    at = table.position("website")
    for donor, decoy in zip(decoys.donors, decoys.decoys, strict=True):
        assert bool(donor[at]) == bool(decoy.cells[at])
    both = [(read_url(old), read_url(new)) for old, new in pairs("website")]
    assert all(new for _, new in both)
    same = Counter(
        what
        for old, new in both
        if old and new
        for what, kept in {
            "scheme": old.scheme == new.scheme,
            "www": (old.host[:4].lower() == "www.") == (new.host[:4].lower() == "www."),
            "case": old.text.isupper() == new.text.isupper(),
            "path": new.rest.startswith(old.rest.rstrip("/")),
        }.items()
        if kept
    )
    assert same["scheme"] == same["www"] == len(both)
    assert same["case"] > 0.95 * len(both)
    assert same["path"] > 0.6 * len(both)


def test_what_is_no_address_stays_only_where_it_is_nobodys() -> None:
    table, decoys = customers(), made()
    at, mail = table.position("website"), table.position("email")
    other = [decoy.cells for decoy in decoys.decoys if decoy.cells[at] and not read_url(decoy.cells[at])]
    assert len({row[at] for row in other}) > 1
    assert all(str(row[at]).lower() == "n/a" or row[at] == row[mail] for row in other)


def test_the_same_key_makes_the_same_addresses() -> None:
    first = made().decoys
    made.cache_clear()
    assert made().decoys == first


def test_an_address_of_the_trap_that_is_none_is_refused() -> None:
    with pytest.raises(UnusableInput, match="no web address"):
        made(DecoySettings(urls=("nonsense",)))


@cache
def grown() -> tuple[Decoys, Family]:
    """Decoys with parcels of their own."""
    decoys, world = made(TRACKED), with_parcels()
    rows = [decoy.cells for decoy in decoys.decoys]
    draws = KeyedDraws(b"a planting's key", 1)
    family = grow(world, customers().learnt, decoys.donors, rows, draws=draws, owned=owned(TRACKED))
    return decoys, family


@pytest.mark.slow
def test_linked_rows_show_the_decoys_site_where_they_showed_the_donors() -> None:
    decoys, family = grown()
    site = customers().position("website")
    of = {decoy.cells[0]: decoy.cells[site] for decoy in decoys.decoys}
    parcels = family.rows[1]
    assert sum(bool(row[3]) for row in parcels) > 50
    assert all(row[3] == of[row[1]] for row in parcels)


def test_links_of_linked_rows_are_live_new_and_show_the_rows_own_number() -> None:
    _, family = grown()
    theirs = {row[2] for row in with_parcels().rows[1]}
    links = [str(row[2]) for row in family.rows[1]]
    assert len(set(links)) == len(links) > 100
    assert not theirs & set(links)
    shape = r"https://track\.us\.example\.ie/p/(\d{6})-[0-9a-f]{10}"
    assert all((match := re.fullmatch(shape, row[2])) and int(match[1]) == row[0] for row in family.rows[1])
    (note,) = family.notes
    assert "asked.whom (network.example)" in note
    assert "parcels" not in note


def test_every_link_of_a_persona_names_it() -> None:
    decoys, family = grown()
    at = {decoy.cells[0]: number for number, decoy in enumerate(decoys.decoys)}
    found = tokens(with_parcels().tables, family.rows, owned(TRACKED))
    for row in family.rows[1]:
        assert found["http", str(row[2]).removeprefix("https://")] == (at[row[1]],)


def test_a_site_of_colleagues_names_them_together_and_what_others_have_too_names_none() -> None:
    decoys, family = grown()
    found = tokens(with_parcels().tables, family.rows, owned(TRACKED), shared=decoys.shared)
    several = {value: of for (_, value), of in found.items() if len(of) > 1}
    mail = customers().position("email")
    assert several.keys() == {each for each in decoys.shared if owned(TRACKED).hears_visit(each)}
    for of in several.values():
        assert list(of) == sorted(set(of))
        assert len({str(decoys.decoys[at].cells[mail]).rpartition("@")[2] for at in of}) == 1
    root = GroundTable("customers", ("id", "site"), (True,) * 2, (0,))
    rows = [[(1, "d.ie/pricing"), (2, "d.ie/pricing"), (3, "d.ie"), (4, "https://d.ie")]]
    assert tokens([root], rows, owned(DecoySettings(("d.ie",))), shared={"d.ie/"}) == {
        ("http", "d.ie/"): (2, 3)
    }


def test_a_token_names_one_decoy_and_only_what_is_the_owners_is_one() -> None:
    root = GroundTable("customers", ("id", "site", "mail"), (True,) * 3, (0,))
    child = GroundTable(
        "orders", ("no", "of", "link"), (True,) * 3, (0,), parent=0, refers=(1,), referred=(0,)
    )
    rows = [
        [
            (1, "https://D.ie/A?b=1", "x@d.ie"),
            (2, "https://else.ie/a", "y@else.ie"),
            (3, "http://d.ie/both", ""),
        ],
        [(7, "2", "https://cdn.us.ie/t/2"), (8, "1", "http://d.ie/both"), (9, "5", "https://cdn.us.ie/t/9")],
    ]
    found = tokens([root, child], rows, owned(DecoySettings(("d.ie",), urls=("https://cdn.us.ie/t/",))))
    assert found == {
        ("http", "d.ie/A?b=1"): (0,),
        ("smtp", "x@d.ie"): (0,),
        ("http", "cdn.us.ie/t/2"): (1,),
    }
