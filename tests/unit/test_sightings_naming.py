"""Which decoy a hit is a use of: spellings that mean a token, and those that don't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.model.hit import Hit, Swarm
from trapstreet.sightings import Names, Used
from trapstreet.trap.swarms import name_hash

TOKENS = {
    ("http", "cdn.you.example/img/Logo-1.png"): Used("p1", 0),
    ("http", "www.you.example/"): Used("p1", 1),
    ("http", "www.you.example/c?id=7&x=a%20b"): Used("p1", 2),
    ("http", "www.you.example/c?id=8"): Used("p1", 3),
    ("http", "www.you.example/m%C3%BCller"): Used("p1", 4),
    ("http", "münster.example/a"): Used("p1", 5),
    ("smtp", "maria.keller@you.example"): Used("p2", 0),
    ("smtp", "x+y@you.example"): Used("p2", 1),
    ("dns", "vpn-7f3a.zone.example"): Used("p3", 0),
    ("dns", "a.vpn-7f3a.zone.example"): Used("p3", 1),
    ("login", "svc_crm"): Used("p4", 0),
}

CASES = {
    "the page itself": ("http", "cdn.you.example/img/Logo-1.png", "", 0),
    "a query added": ("http", "cdn.you.example/img/Logo-1.png", "utm=1&fbclid=2", 0),
    "a slash at the end": ("http", "cdn.you.example/img/Logo-1.png/", "", 0),
    "a host in capitals": ("http", "CDN.you.example/img/Logo-1.png", "", 0),
    "another case of the path": ("http", "cdn.you.example/img/logo-1.png", "", None),
    "another host": ("http", "www.you.example/img/Logo-1.png", "", None),
    "below the page": ("http", "cdn.you.example/img/Logo-1.png/x", "", None),
    "the root": ("http", "www.you.example/", "", 1),
    "a query that names the decoy": ("http", "www.you.example/c", "id=7&x=a%20b", 2),
    "its parts in another order, with more": ("http", "www.you.example/c", "x=a%20b&z=1&id=7", 2),
    "half of it": ("http", "www.you.example/c", "id=7", None),
    "another decoy's": ("http", "www.you.example/c", "id=8", 3),
    "the page without it": ("http", "www.you.example/c", "", None),
    "a path that browsers escape": ("http", "www.you.example/müller", "", 4),
    "a host in punycode": ("http", "xn--mnster-3ya.example/a", "", 5),
    "an address": ("smtp", "maria.keller@you.example", "", 0),
    "in capitals": ("smtp", "Maria.Keller@YOU.example", "", 0),
    "with something behind a plus": ("smtp", "maria.keller+spam@you.example", "", 0),
    "a token with a plus": ("smtp", "x+y@you.example", "", 1),
    "another address": ("smtp", "keller@you.example", "", None),
    "no address": ("smtp", "postmaster", "", None),
    "a name": ("dns", "vpn-7f3a.zone.example", "", 0),
    "in capitals, with a dot": ("dns", "VPN-7f3A.zone.example.", "", 0),
    "far below it": ("dns", "_x.ns1.vpn-7f3a.zone.example", "", 0),
    "below the longer one": ("dns", "b.a.vpn-7f3a.zone.example", "", 1),
    "above it": ("dns", "zone.example", "", None),
    "a name that ends alike": ("dns", "xvpn-7f3a.zone.example", "", None),
    "a token of another channel": ("dns", "maria.keller@you.example", "", None),
    "a channel that is heard elsewhere": ("login", "svc_crm", "", None),
}


def known() -> Names:
    names = Names()
    names.add(TOKENS)
    return names


def hit(channel: str, *names: str, query: str = "") -> Hit:
    target = f"/{names[0].partition('/')[2]}{'?' if query else ''}{query}"
    return Hit(channel, 1, "192.0.2.1", 1, names, (("target", target.encode()),))


@pytest.mark.parametrize(("channel", "name", "query", "decoy"), CASES.values(), ids=CASES)
def test_spellings_of_a_token(channel: str, name: str, query: str, decoy: int | None) -> None:
    found = [used.at for used in known().of(hit(channel, name, query=query))]
    assert found == ([] if decoy is None else [decoy])


def test_a_mail_for_several_decoys_uses_each_of_them_once() -> None:
    found = known().of(
        hit("smtp", "x+y@you.example", "maria.keller@you.example", "maria.keller+a@you.example")
    )
    assert found == [Used("p2", 1), Used("p2", 0)]


def test_the_site_of_a_company_is_one_use_that_may_be_any_of_its_decoys() -> None:
    names = Names()
    names.add({("http", "www.firm.example/"): Used("p1", 2, (5, 7))})
    assert names.of(hit("http", "www.firm.example/")) == [Used("p1", 2, (5, 7))]


@given(st.text(), st.text(), st.sampled_from(["http", "smtp", "dns", ""]))
def test_any_text_is_taken(name: str, query: str, channel: str) -> None:
    facts = (("target", f"/?{query}".encode("utf-8", "replace")),)
    assert len(known().of(Hit(channel, 1, "", 0, (name, f"www.you.example/{name}"), facts))) <= 2


KEY = bytes(range(16))


def swarm(channel: str, *names: str) -> Swarm:
    hashes = sorted(name_hash(KEY, name) for name in names)
    return Swarm(channel, "192.0.2.0/24", 9, 1, 2, KEY, b"".join(hashes))


def test_tokens_in_a_swarm_are_found_among_thousands_of_names() -> None:
    noise = [f"cdn.you.example/{number}" for number in range(5_000)]
    found = known().among(
        swarm("http", *noise, "cdn.you.example/img/Logo-1.png", "www.you.example/"), name_hash
    )
    assert found == [Used("p1", 0), Used("p1", 1)]
    assert known().among(swarm("http", *noise), name_hash) == []
    assert known().among(swarm("smtp", "maria.keller@you.example"), name_hash) == [Used("p2", 0)]
    assert known().among(swarm("dns", "vpn-7f3a.zone.example"), name_hash) == [Used("p3", 0)]


def test_hashes_are_not_found_across_the_borders_of_two() -> None:
    whole = name_hash(KEY, "vpn-7f3a.zone.example")
    shifted = Swarm("dns", "", 2, 1, 2, KEY, b"1234" + whole + b"5678")
    assert known().among(shifted, name_hash) == []


def test_a_link_known_by_its_query_is_found_in_a_swarm() -> None:
    """The trap names a request both with and without its query."""
    link = next(value for channel, value in TOKENS if channel == "http" and "?" in value)
    found = known().among(swarm("http", link.partition("?")[0], link), name_hash)
    assert TOKENS["http", link] in found


def test_each_token_is_hashed_once_for_a_traps_swarms_and_new_ones_are_found() -> None:
    names, asked = known(), list[str]()

    def hashed(key: bytes, name: str) -> bytes:
        asked.append(name)
        return name_hash(key, name)

    for _ in range(3):
        assert names.among(swarm("dns", "vpn-7f3a.zone.example"), hashed) == [Used("p3", 0)]
    assert len(asked) == len(set(asked))
    names.add({("dns", "new.zone.example"): Used("p9", 4)})
    assert names.among(swarm("dns", "new.zone.example"), hashed) == [Used("p9", 4)]
