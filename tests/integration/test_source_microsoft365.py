"""SharePoint and OneDrive by Graph: what has changed, who may read it, and how one logs in."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from source_yards._graph import Drive
from source_yards.microsoft365 import Here
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import Changed, Later, microsoft365, source_of


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    yard = Here(request, tmp_path)
    yield yard
    yard.close()
    yard.cloud.users.clear()
    yard.cloud.certificates.clear()
    yard.cloud.busy = 0
    yard.cloud.lies.clear()


def refs_of(source: Source, cursor: str = "") -> tuple[dict[str, Ref], Mark]:
    *found, mark = source.list(cursor)
    assert isinstance(mark, Mark)
    return {each.path: each for each in found if isinstance(each, Ref)}, mark


def read(source: Source, ref: Ref) -> bytes:
    with source.open(ref) as file:
        return file.read()


def test_a_quiet_round_asks_each_library_once_and_a_change_lists_what_changed(yard: Here) -> None:
    yard.put_many({f"d{number % 9}/{number}.txt": b"%d" % number for number in range(300)})
    with closing(yard.source()) as source:
        before, mark = refs_of(source)
        assert len(before) == 300
        assert mark.whole
        yard.cloud.asked.clear()
        assert refs_of(source, mark.cursor)[0] == {}
        assert len([each for each in yard.cloud.asked if "/delta?" in each]) == 1
        yard.put("d1/1.txt", b"anew")
        yard.put("new.txt", b"new")
        yard.remove("d2/2.txt")
        after, mark = refs_of(source, mark.cursor)
        assert {path: read(source, ref) for path, ref in after.items()} == {
            yard.name("d1/1.txt"): b"anew",
            yard.name("new.txt"): b"new",
        }
        assert not mark.whole


def test_where_changes_are_forgotten_the_library_is_listed_anew(yard: Here) -> None:
    yard.put_many({"a.txt": b"a", "b.txt": b"b"})
    with closing(yard.source()) as source:
        before, mark = refs_of(source)
        yard.put("c.txt", b"c")
        yard.drive.oldest = yard.drive.changes
        after, _ = refs_of(source, mark.cursor)
    assert set(after) == {*before, yard.name("c.txt")}


def test_after_a_week_all_is_listed_anew_to_see_what_is_gone(
    yard: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.put("a.txt", b"a")
    with closing(yard.source()) as source:
        _, mark = refs_of(source)
        assert refs_of(source, mark.cursor)[1].cursor == mark.cursor
        monkeypatch.setattr(microsoft365, "_ANEW", 0)
        _, mark = refs_of(source, mark.cursor)
        assert mark == Mark("")
        found, mark = refs_of(source, mark.cursor)
    assert set(found) == {yard.name("a.txt")}
    assert mark.whole


def shared(scope: str) -> dict[str, Any]:
    return {"id": "1", "roles": ["read"], "link": {"scope": scope, "type": "view"}}


def account(name: str) -> dict[str, Any]:
    return {"id": "2", "roles": ["read"], "grantedToV2": {"siteUser": {"loginName": name}}}


def test_who_may_read_is_told_by_file_or_else_by_folder_which_is_asked_about_once(yard: Here) -> None:
    def put(path: str, *permissions: dict[str, Any]) -> None:
        yard.drive.permissions[yard.drive.put(path, b"x", shared={"scope": "users"})] = [*permissions]

    put("open.csv", account("i:0#.f|membership|anna@acme.example"), shared("users"), shared("anonymous"))
    put("company.csv", shared("organization"))
    put("known.csv", {**shared("anonymous"), "hasPassword": True})
    put("guests.csv", account("c:0(.s|true"))
    yard.put_many({f"team/{number}.csv": b"x" for number in range(50)})
    everyone = account("c:0-.f|rolemanager|spo-grid-all-users/5a7d2f8e-0000-4000-8000-5d9a1c0b7e11")
    yard.drive.permissions["01FOLDERteam"] = [everyone]
    yard.put("mine.csv", b"x")
    with closing(yard.source()) as source:
        yard.cloud.asked.clear()
        refs, _ = refs_of(source)
    readers = {path.rpartition("Documents/")[2]: ref.readers for path, ref in refs.items()}
    assert readers == {
        "open.csv": "everybody who has the link",
        "company.csv": "everybody at the company",
        "known.csv": "",
        "guests.csv": "everybody at the company and its guests",
        "mine.csv": "",
    } | {f"team/{number}.csv": "everybody at the company" for number in range(50)}
    assert len([each for each in yard.cloud.asked if "team/permissions" in each]) == 1


def test_all_sites_are_looked_at_and_one_that_may_not_be_is_listed(yard: Here) -> None:
    yard.put("a.txt", b"a")
    other = Drive("b!locked", "https://acme.sharepoint.com/sites/locked/Documents", denied=True)
    yard.cloud.sites["https://acme.sharepoint.com/sites/locked"] = [other]
    below = Drive("b!below", f"{yard.url}/below/Documents")
    yard.cloud.sites[f"{yard.url}/below"] = [below]
    below.put("b.txt", b"b")
    try:
        with closing(yard.source(yard.settings() | {"url": "https://acme.sharepoint.com"})) as source:
            found = [*source.list("")]
        with closing(yard.source()) as source:
            of_site, _ = refs_of(source)
    finally:
        del yard.cloud.sites["https://acme.sharepoint.com/sites/locked"]
        del yard.cloud.sites[f"{yard.url}/below"]
    there = {yard.name("a.txt"), f"{below.web_url}/b.txt"}
    assert there <= {each.path for each in found if isinstance(each, Ref)}
    assert [each.path for each in found if isinstance(each, Unread)] == [other.web_url]
    assert set(of_site) == there


def test_somebodys_onedrive_is_looked_at_by_name(yard: Here) -> None:
    own = Drive("b!anna", "https://acme-my.sharepoint.com/personal/anna_acme_example/Documents")
    yard.cloud.users["anna@acme.example"] = [own]
    own.put("CRM export.csv", b"mine")
    with closing(yard.source(yard.settings() | {"user": ["anna@acme.example"]})) as source:
        refs, _ = refs_of(source)
        assert {path: read(source, ref) for path, ref in refs.items()} == {
            f"{own.web_url}/CRM%20export.csv": b"mine"
        }
    with (
        closing(yard.source(yard.settings() | {"user": ["nobody@acme.example"]})) as source,
        pytest.raises(UnusableInput, match=r"nobody@acme\.example has no OneDrive"),
    ):
        refs_of(source)


def test_what_is_no_file_is_listed_and_not_read(yard: Here) -> None:
    for name, facet in (("Notes", "package"), ("Elsewhere", "remoteItem")):
        yard.drive.put(name, b"", **{facet: {}})
    with closing(yard.source()) as source:
        found = [each for each in source.list("") if not isinstance(each, Mark)]
    assert [type(each) for each in found] == [Unread, Unread]


def test_what_changed_since_it_was_listed_is_not_read(yard: Here) -> None:
    yard.put("a.txt", b"one")
    with closing(yard.source()) as source:
        refs, _ = refs_of(source)
        yard.put("a.txt", b"two")
        with pytest.raises(Changed):
            read(source, refs[yard.name("a.txt")])


@pytest.mark.parametrize(
    "lie",
    [
        {"@odata.nextLink": "http://127.0.0.1:1/v1.0/drives/x/root/delta?token=1"},
        {"@odata.nextLink": "https://graph.microsoft.com@evil.example/v1.0/drives/x"},
        {"@odata.deltaLink": None},
        {"value": [{"name": "no id"}]},
        {"value": {}},
    ],
)
def test_a_listing_that_leads_elsewhere_or_nowhere_is_an_error(yard: Here, lie: dict[str, Any]) -> None:
    yard.put("a.txt", b"a")
    yard.cloud.lies |= lie
    with closing(yard.source()) as source, pytest.raises(Unreachable) as refused:
        refs_of(source)
    assert refused.value.hint
    assert "evil" not in str(refused.value)


def test_a_listing_that_goes_on_for_ever_ends(yard: Here) -> None:
    yard.put("a.txt", b"a")
    here = f"{yard.options['graph']}/v1.0/drives/{yard.drive.id}/root/delta?token=0"
    yard.cloud.lies |= {"@odata.nextLink": here}
    with closing(yard.source()) as source, pytest.raises(Unreachable, match="again and again"):
        refs_of(source)


@pytest.mark.parametrize(
    "where", ["https://169.254.169.254/latest", "http://127.0.0.1:9/x", "file:///etc/passwd", None]
)
def test_a_file_that_lies_where_no_file_of_graphs_lies_is_not_fetched(yard: Here, where: str | None) -> None:
    yard.put("a.txt", b"a")
    with closing(yard.source()) as source:
        refs, _ = refs_of(source)
        yard.cloud.lies |= {"@microsoft.graph.downloadUrl": where}
        with pytest.raises(OSError):
            read(source, refs[yard.name("a.txt")])


def certificate(folder: Path, *, own: bool = True) -> tuple[x509.Certificate, Path]:
    """A certificate, and the file with it and its key, or another's."""
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    name, now = x509.Name([]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    signed = made.sign(key, SHA256())
    kept = (key if own else other).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "application.pem"
    file.write_bytes(signed.public_bytes(Encoding.PEM) + kept)
    file.chmod(0o600)
    return signed, file


def test_an_application_logs_in_by_certificate(yard: Here, tmp_path: Path) -> None:
    yard.put("a.txt", b"a")
    signed, file = certificate(tmp_path)
    settings = {name: value for name, value in yard.settings().items() if name != "secret_file"}
    settings["certificate_file"] = str(file)
    with closing(yard.source(settings)) as source, pytest.raises(AccessDenied, match="invalid_client"):
        refs_of(source)
    yard.cloud.certificates.append(signed)
    with closing(yard.source(settings)) as source:
        assert set(refs_of(source)[0]) == {yard.name("a.txt")}
    certificate(tmp_path, own=False)
    with pytest.raises(UnusableInput, match="not that of the certificate"):
        yard.source(settings)


def test_a_token_that_ends_before_its_time_is_followed_by_another(yard: Here) -> None:
    yard.put("a.txt", b"a")
    with closing(yard.source()) as source:
        refs_of(source)
        yard.cloud.token = "an0ther"
        assert set(refs_of(source)[0]) == {yard.name("a.txt")}


def test_where_no_library_may_be_read_the_source_fails(yard: Here) -> None:
    yard.drive.denied = True
    with closing(yard.source()) as source, pytest.raises(AccessDenied) as refused:
        refs_of(source)
    assert "Sites.Read.All" in str(refused.value.hint)


def test_when_graph_has_had_enough_it_is_left_alone(yard: Here) -> None:
    yard.cloud.busy = 1
    with closing(yard.source()) as source, pytest.raises(Later) as asked:
        refs_of(source)
    assert asked.value.seconds == 120


@pytest.mark.parametrize(
    "given",
    [
        {"url": "m365://acme"},
        {"url": "https://files.acme.example/sites/x"},
        {"secret_file": None},
        {"login": "http://login.acme.example"},
    ],
)
def test_settings_that_do_not_do_are_refused_with_what_to_do(yard: Here, given: dict[str, Any]) -> None:
    settings = {name: value for name, value in (yard.settings() | given).items() if value is not None}
    with pytest.raises(UnusableInput) as refused:
        source_of("microsoft365", settings, folder=Path(), where="here")
    assert refused.value.hint
