"""A paste site and a web server's open folder under watch, by the commands that people type."""

from collections.abc import Iterator

import pytest

from desk import Desk
from hostile_web import HostileWeb, answer
from source_yards.poller import PasteSite
from trapstreet.store.models import Alert
from watched import leak, once, registered


@pytest.fixture
def office(desk: Desk) -> Desk:
    return registered(desk)


@pytest.fixture
def site() -> Iterator[PasteSite]:
    made = PasteSite()
    yield made
    made.close()


def test_a_leak_on_a_paste_site_is_told_once_and_no_paste_is_fetched_twice(
    office: Desk, site: PasteSite
) -> None:
    site.pastes = {f"p{number}": (number, b"nothing of yours") for number in range(20)}
    site.pastes["ours"] = (100, leak(0, 1).encode())
    office.do(
        "watch", "add", "poller", "--name", "pastes", "--url", f"{site.url}/list?page={{page}}",
        "--items", "data.pastes", "--id", "key", "--date", "meta.at", "--item", f"{site.url}/raw/{{id}}",
        "--rate", "5000",
    )  # fmt: skip
    first = once(office, status=1)["pastes"]
    assert (first["read"], first["findings"]) == (21, 1)
    site.asked.clear()
    site.pastes["again"] = (101, b"more of others")
    second = once(office)["pastes"]
    assert (second["read"], second["findings"]) == (1, 0)
    assert site.asked == ["/list?page=1", "/raw/again"]
    assert Alert.objects.filter(kind="finding").count() == 1


def test_a_paste_is_kept_as_it_was_when_it_is_gone_and_only_a_large_one_is_fetched_twice(
    office: Desk, site: PasteSite
) -> None:
    large = leak(2, 3).encode() + b"x y z\n" * 200_000
    site.pastes = {"small": (1, leak(0, 1).encode()), "large": (2, large)}
    office.do(
        "watch", "add", "poller", "--name", "pastes", "--url", f"{site.url}/list?page={{page}}",
        "--items", "data.pastes", "--id", "key", "--date", "meta.at", "--item", f"{site.url}/raw/{{id}}",
        "--rate", "5000", "--later",
    )  # fmt: skip
    once(office, status=1)
    assert sorted(each for each in site.asked if "raw" in each) == ["/raw/large", "/raw/large", "/raw/small"]
    site.pastes.clear()
    shown = office.json("case", "show", "k1")
    kept = {each["path"].rpartition("/")[2]: each for each in shown["snapshots"]}
    assert {name: (each["again"], each["whole"]) for name, each in kept.items()} == {
        "small": (False, True),
        "large": (True, True),
    }
    assert {each["readers"] for each in kept.values()} == {"everybody in the network"}
    for name, content in (("small", leak(0, 1).encode()), ("large", large)):
        out = office.folder / name
        office.do(
            "case", "evidence", "k1", "--snapshot", kept[name]["snapshot"], "--out", out, "--reason", "x"
        )
        assert out.read_bytes() == content
    happened = [line for each in shown["alerts"] for line in each["happened"]]
    assert "Everybody in the network may read it there." in happened


def test_a_site_that_bans_us_is_marked_and_left_alone_and_the_others_go_on(
    office: Desk, site: PasteSite
) -> None:
    site.pastes["ours"] = (100, leak(0, 1).encode())
    office.do(
        "watch", "add", "poller", "--name", "pastes", "--url", f"{site.url}/list?page={{page}}",
        "--items", "data.pastes", "--id", "key", "--item", f"{site.url}/raw/{{id}}",
    )  # fmt: skip
    banned = answer(status="429 Enough", Retry_After=7200)
    with HostileWeb(lambda client, _: client.sendall(banned)) as server:
        office.do("watch", "add", "web", "--name", "dump", "--url", f"{server.url}/dump/", "--later")
        rounds = once(office, status=1)
        shown = office.do("watch", "status", "dump")
    assert rounds["pastes"]["findings"] == 1
    assert "asks to be left alone for 7,200 seconds" in shown
    assert len(server.asked) == 1


def test_pastes_read_before_a_data_set_came_are_found_whether_the_site_still_lists_them_or_not(
    desk: Desk, site: PasteSite
) -> None:
    site.pastes = {f"p{number}": (number, b"somebody.else@elsewhere.example") for number in range(20)}
    site.pastes |= {"listed": (30, leak(0, 1).encode()), "dropped": (31, leak(2, 3).encode())}
    desk.do(
        "watch", "add", "poller", "--name", "pastes", "--url", f"{site.url}/list?page={{page}}",
        "--items", "data.pastes", "--id", "key", "--date", "meta.at", "--item", f"{site.url}/raw/{{id}}",
        "--rate", "5000",
    )  # fmt: skip
    assert once(desk)["pastes"]["read"] == 22
    del site.pastes["dropped"]
    site.asked.clear()
    registered(desk)
    found = once(desk, status=1)["pastes"]
    assert [each for each in site.asked if each.startswith("/raw")] == ["/raw/listed"]
    assert (found["read"], found["findings"]) == (1, 2)
    site.asked.clear()
    assert once(desk)["pastes"]["findings"] == 0
    assert site.asked == ["/list?page=1"]
    assert Alert.objects.filter(kind="finding").count() == 2
