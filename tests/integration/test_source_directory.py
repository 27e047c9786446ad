"""Directories: what is mounted there, and who may read it."""

import errno
import grp
import os
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desk import Desk
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import _mounts, _rights, noticed, source_of
from watched import health, once, registered

ACCOUNTS = _rights.EVERYBODY


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder that everybody may go to."""
    place = tmp_path / "mnt"
    place.mkdir()
    changed = []
    for each in place.parents:
        mode = each.stat().st_mode
        if not mode & 0o001:
            each.chmod(mode | 0o001)
            changed.append((each, mode))
    place.chmod(0o755)
    yield place
    for each, mode in changed:
        each.chmod(mode)


def mount(monkeypatch: pytest.MonkeyPatch, folder: Path, *points: tuple[str, str, str]) -> None:
    """From now on these are mounted: point, kind of file system, and what."""
    table = folder / "mountinfo"
    device = Path("/").stat().st_dev
    lines = [f"1 0 {os.major(device)}:{os.minor(device)} / / rw - ext4 /dev/root rw"]
    for number, (point, kind, what) in enumerate(points, 2):
        at = Path(point).stat().st_dev
        shown = point.replace("\\", "\\134").replace(" ", "\\040")
        lines.append(f"{number} 1 {os.major(at)}:{os.minor(at)} / {shown} rw shared:1 - {kind} {what} rw")
    table.write_text("\n".join(lines) + "\nnonsense\n")
    monkeypatch.setattr(_mounts, "TABLE", str(table))


def listed(place: Path, mounted: object = ()) -> list[Ref | Unread | Mark]:
    settings = {"url": str(place), "mount": mounted}
    with closing(source_of("directory", settings, folder=place, where="here")) as source:
        return [*source.list("")]


def seen(place: Path) -> object:
    return noticed("directory", {"url": str(place)}, folder=place, where="here")["mount"]


def test_an_empty_mount_point_is_a_failing_source_and_not_all_gone(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "finance").mkdir()
    mount(monkeypatch, tmp_path, (str(place), "nfs4", "nas:/export"))
    assert seen(place) == [str(place)]
    assert seen(place / "finance") == [str(place)]
    assert [type(each) for each in listed(place, [str(place)])] == [Mark]
    mount(monkeypatch, tmp_path)
    with pytest.raises(Unreachable, match="nothing is mounted there any more") as lost:
        listed(place, [str(place)])
    assert "mount it" in str(lost.value.hint)
    assert seen(place) == []


def test_a_share_that_vanishes_while_it_is_listed_is_not_taken_for_listed(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "a").write_text("a")
    mount(monkeypatch, tmp_path, (str(place), "nfs4", "nas:/export"))
    settings = {"url": str(place), "mount": [str(place)]}
    with closing(source_of("directory", settings, folder=place, where="here")) as source:
        found = source.list("")
        assert isinstance(next(found), Ref)
        mount(monkeypatch, tmp_path)
        with pytest.raises(Unreachable):
            next(found)


def test_what_is_mounted_below_and_vanishes_is_listed_and_the_rest_goes_on(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a share", "b", "proc"):
        (place / name).mkdir()
    (place / "b" / "b.txt").write_text("b")
    (place / "a share" / "underneath.txt").write_text("not of the share")
    one, other = str(place / "a share"), str(place / "b")
    here = [(one, "cifs", "//nas/a"), (other, "xfs", "/dev/sdb1"), (str(place / "proc"), "proc", "proc")]
    mount(monkeypatch, tmp_path, *here)
    assert seen(place) == [one, other]
    mount(monkeypatch, tmp_path, *here[1:])
    link = tmp_path / "link"
    link.symlink_to(place)
    for location in (place, link):
        refs, unread = (
            [each.path for each in listed(location, [one, other]) if isinstance(each, kind)]
            for kind in (Ref, Unread)
        )
        assert refs == [f"{location}/b/b.txt"]
        assert unread == [f"{location}/a share"]


def test_mounts_that_are_named_are_kept_as_they_are(place: Path) -> None:
    given = {"url": str(place), "mount": ["/mnt/other"]}
    assert noticed("directory", given, folder=place, where="here") == {"mount": ["/mnt/other"]}
    with pytest.raises(Unreachable):
        listed(place, [str(place)])
    assert len(listed(place, ["/"])) == 1


def test_who_has_an_account_may_read_what_every_folder_on_the_way_lets_by(place: Path) -> None:
    for name in ("open/in/a.txt", "open/secret.txt", "closed/in/b.txt", "listless/c.txt"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("x")
        (place / name).chmod(0o644)
    (place / "open" / "secret.txt").chmod(0o640)
    (place / "closed").chmod(0o750)
    (place / "listless").chmod(0o711)  # who knows the name may read it
    found = {each.path: each.readers for each in listed(place) if isinstance(each, Ref)}
    assert {path.removeprefix(f"{place}/"): who for path, who in found.items()} == {
        "closed/in/b.txt": "",
        "listless/c.txt": ACCOUNTS,
        "open/in/a.txt": ACCOUNTS,
        "open/secret.txt": "",
    }
    place.chmod(0o700)
    assert {each.readers for each in listed(place) if isinstance(each, Ref)} == {""}
    assert [each.readers for each in listed(place / "open/in/a.txt") if isinstance(each, Ref)] == [""]


def acl(group: int, *, rights: int, most: int) -> bytes:
    """An ACL as the kernel keeps it: one group more, and what any group may at most."""
    entries = [(0x01, 7, -1), (0x04, 0, -1), (0x08, rights, group), (0x10, most, -1), (0x20, 0, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *each) for each in entries)


@pytest.mark.parametrize(
    ("name", "rights", "most", "who"),
    [
        ("ACME\\domain users", 4, 4, ACCOUNTS),
        ("users", 4, 4, ACCOUNTS),
        ("users", 4, 0, ""),
        ("users", 2, 6, ""),
        ("finance", 4, 4, ""),
    ],
)
def test_an_acl_that_lets_a_group_read_that_everybody_is_in_says_so(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str, rights: int, most: int, who: str
) -> None:
    file = place / "a.txt"
    file.write_text("x")
    try:
        os.setxattr(file, "system.posix_acl_access", acl(54321, rights=rights, most=most))
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        pytest.skip("temporary files have no ACLs here")
    entry = grp.struct_group((name, "x", 54321, []))
    monkeypatch.setattr(grp, "getgrgid", {54321: entry}.__getitem__)
    _rights._is_of_everybody.cache_clear()
    try:
        assert [each.readers for each in listed(place) if isinstance(each, Ref)] == [who]
    finally:
        _rights._is_of_everybody.cache_clear()


def test_rights_that_were_made_up_for_a_mounted_share_say_nothing(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "a.txt").write_text("x")
    mount(monkeypatch, tmp_path, (str(place), "cifs", "//nas/share"))
    assert [each.readers for each in listed(place) if isinstance(each, Ref)] == [""]


def test_what_lay_on_a_share_that_vanished_is_not_gone(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(desk)
    share = desk.folder / "share"
    share.mkdir()
    (share / "a.txt").write_text("nothing of ours")
    mount(monkeypatch, tmp_path, (str(share), "nfs4", "nas:/export"))
    desk.do("watch", "add", "directory", "--name", "share", "--url", share)
    assert once(desk, "share")["share"]["read"] == 1
    (share / "a.txt").unlink()
    mount(monkeypatch, tmp_path)
    assert "nothing is mounted there" in str(once(desk, "share", status=4)["share"]["error"])
    assert (health(desk, "share")["state"], health(desk, "share")["objects"]) == ("failing", 1)
    (share / "a.txt").write_text("nothing of ours")
    mount(monkeypatch, tmp_path, (str(share), "nfs4", "nas:/export"))
    again = once(desk, "share")["share"]
    assert (again["error"], again["gone"], again["listed"]) == ("", 0, 1)
