"""Files that the Linux audit log names from an open folder, or by what a process has open: the inode tells.

The lines are those that auditd 3.0.9 wrote on Linux 6.18, with shorter fields.
"""

import io
import os
from pathlib import Path

import pytest

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log, auditd

SHARE_MODE, FILE_MODE = "042770", "0100660"
OPENAT, UNLINKAT, RENAMEAT2 = "257", "263", "316"


@pytest.fixture
def share(tmp_path: Path) -> Path:
    top = tmp_path / "share"
    (top / "sales" / "leads").mkdir(parents=True)
    (top / "sales" / "leads" / "a.csv").write_text("x")
    return top


def event(
    number: int,
    call: str,
    items: list[str],
    *,
    a0: str = "ffffff9c",
    a2: str = "20900",
    login: tuple[str, str] = ("4294967295", "unset"),
    used: tuple[str, str] = ("3056", "anna"),
) -> str:
    """login, used  who logged in, and whose rights were used: number and name"""
    head = f"msg=audit(1795410860.103:{number}):"
    asked = (
        f"type=SYSCALL {head} arch=c000003e syscall={call} success=yes exit=3 a0={a0} a1=561 a2={a2} a3=0"
        f" items={len(items)} ppid=1 pid=2 auid={login[0]} uid=3056 gid=5002 euid={used[0]} suid={used[0]}"
        f' fsuid={used[0]} egid=5002 sgid=5002 fsgid=5002 tty=(none) ses=4294967295 comm="grep"'
        f' exe="/usr/bin/grep" key=(null)\x1dARCH=x86_64 AUID="{login[1]}" UID="anna" FSUID="{used[1]}"\n'
    )
    paths = (f"type=PATH {head} item={n} {each}\n" for n, each in enumerate(items))
    return "".join([asked, f'type=CWD {head} cwd="/home/anna"\n', *paths])


def item(name: str, of: Path | tuple[str, int], mode: str = FILE_MODE, kind: str = "NORMAL") -> str:
    """A record of a path.  of  what is there, or its device and inode"""
    if isinstance(of, Path):
        status = of.lstat()
        of = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}", status.st_ino
    return (
        f"name={name} inode={of[1]} dev={of[0]} mode={mode} ouid=0 ogid=5002 rdev=00:00 nametype={kind}"
        " cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"
    )


def told(text: str, place: Path) -> tuple[list[tuple[Act, str]], list[str]]:
    found = [*auditd.read(Lines(io.BytesIO(text.encode())), Log("log", place=str(place)))]
    events = [each for each in found if isinstance(each, AccessEvent)]
    uses = [(each.act, os.path.relpath("/".join(each.on[0]), place)) for each in events]
    return uses, [each.why for each in found if isinstance(each, Unread)]


def test_what_grep_and_tar_open_from_folder_to_folder_is_found(share: Path) -> None:
    leads = share / "sales" / "leads"
    text = event(1, OPENAT, [item('"leads"', leads, SHARE_MODE)], a0="4")
    text += event(2, OPENAT, [item('"a.csv"', leads / "a.csv")], a0="5")
    assert told(text, share) == ([(Act.READ, "sales/leads"), (Act.READ, "sales/leads/a.csv")], [])


@pytest.mark.parametrize("name", ["/proc/self/fd/29", "/proc/714/task/715/fd/3", "/dev/fd/9", "/dev/stdin"])
def test_what_a_process_opens_by_what_it_has_open_is_found(share: Path, name: str) -> None:
    """As smbd does."""
    text = event(1, OPENAT, [item(f'"{name}"', share / "sales" / "leads" / "a.csv")])
    assert told(text, share) == ([(Act.READ, "sales/leads/a.csv")], [])


def test_what_is_known_of_a_process_is_a_file_elsewhere(share: Path) -> None:
    text = event(1, OPENAT, [item('"/proc/714/stat"', ("00:16", 4))])
    assert told(text, Path("/proc")) == ([(Act.READ, "714/stat")], [])


def test_a_file_with_two_names_is_the_one_that_was_named(share: Path) -> None:
    first = share / "sales" / "leads" / "a.csv"
    (share / "sales" / "b.csv").hardlink_to(first)
    text = event(1, OPENAT, [item('"a.csv"', first)], a0="5") + event(
        2, OPENAT, [item('"b.csv"', first)], a0="5"
    )
    assert told(text, share)[0] == [(Act.READ, "sales/leads/a.csv"), (Act.READ, "sales/b.csv")]


def test_what_is_deleted_was_in_the_folder_above_it_whose_name_in_the_record_is_another(share: Path) -> None:
    leads = share / "sales" / "leads"
    gone = ("00:1b", 429_247)
    parent = item('"/home/anna"', leads, SHARE_MODE, "PARENT")
    text = event(1, UNLINKAT, [parent, item('"old.csv"', gone, kind="DELETE")], a0="4", a2="0")
    assert told(text, share) == ([(Act.WRITE, "sales/leads/old.csv")], [])


def test_what_is_moved_may_have_been_in_either_folder(share: Path) -> None:
    """The records do not say which PARENT is whose."""
    leads = share / "sales" / "leads"
    items = [
        item('"/home/anna"', leads, SHARE_MODE, "PARENT"),
        item('"/home/anna"', share / "sales", SHARE_MODE, "PARENT"),
        item('"n"', leads / "a.csv", kind="DELETE"),
        item('"a.csv"', leads / "a.csv", kind="CREATE"),
    ]
    assert told(event(1, RENAMEAT2, items, a2="3"), share) == (
        [(Act.WRITE, "sales/leads/n"), (Act.WRITE, "sales/n"), (Act.WRITE, "sales/leads/a.csv")],
        [],
    )


def test_a_folder_that_is_gone_is_known_by_what_the_log_said_before(share: Path) -> None:
    gone = ("00:1b", 429_246)
    text = event(1, OPENAT, [item(f'"{share}/tmp.1"', gone, SHARE_MODE)])
    parent = item('"/home/anna"', gone, SHARE_MODE, "PARENT")
    text += event(2, UNLINKAT, [parent, item('"n"', ("00:1b", 429_247), kind="DELETE")], a0="4")
    assert told(text, share) == ([(Act.READ, "tmp.1"), (Act.WRITE, "tmp.1/n")], [])


def test_another_file_that_has_the_inode_now_is_not_taken_for_it(share: Path) -> None:
    text = event(1, OPENAT, [item('"june.csv"', share / "sales" / "leads" / "a.csv")], a0="5")
    assert told(text, share) == ([], ["a file is named from a folder that is not told, and is not there now"])


def test_a_place_that_is_not_there_has_no_inodes(share: Path) -> None:
    text = event(1, OPENAT, [item('"a.csv"', share / "sales" / "leads" / "a.csv")], a0="5")
    assert told(text, share / "elsewhere")[1]


@pytest.mark.parametrize(
    "record",
    [
        'name="a" inode=4 dev=ffffffffff:ffffffff mode=0100640 nametype=NORMAL',
        'name="a" inode=4 dev=fd:00 mode=0999 nametype=NORMAL',
        "name=(null) inode=4 dev=fd:00 mode=0100640 nametype=NORMAL",
        "name=(null) nametype=CREATE",
        'name="" inode=1 dev=fd:00 mode=0100640 nametype=NORMAL',
        "inode=1",
    ],
)
def test_a_record_that_names_no_file_is_said_and_the_next_event_is_read(share: Path, record: str) -> None:
    whole = event(2, OPENAT, [item(f'"{share}/b"', ("00:1b", 7))])
    uses, unread = told(event(1, OPENAT, [record], a0="5") + whole, share)
    assert uses == [(Act.READ, "b")] and len(unread) == 1


@pytest.mark.parametrize(
    ("login", "used", "who", "as_root"),
    [
        (("3056", "anna"), ("0", "root"), "anna", True),  # sudo, a set-uid program
        (("3056", "anna"), ("33", "www-data"), "www-data", False),  # sudo -u
        (("3056", "anna"), ("3056", "anna"), "anna", False),
        (("0", "root"), ("0", "root"), "root", False),
        (("4294967295", "unset"), ("0", "root"), "root", False),  # a service
    ],
)
def test_who_acted_with_roots_rights_is_told_with_that(
    share: Path, login: tuple[str, str], used: tuple[str, str], who: str, as_root: bool
) -> None:
    text = event(1, OPENAT, [item(f'"{share}/a"', ("00:1b", 7))], login=login, used=used)
    (use,) = auditd.read(Lines(io.BytesIO(text.encode())), Log("log", place=str(share)))
    assert isinstance(use, AccessEvent)
    assert (use.who, use.as_root) == (who, as_root)
