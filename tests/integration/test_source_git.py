"""Git repositories: all that was ever in them, and nothing of theirs is obeyed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from servers import Sshd, _free_port, _wait_for_port, sshd  # noqa: F401
from source_yards.git import Here, git
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import source_of


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a work tree: its file was replaced, taken back, and another was never committed."""
    place = tmp_path / "work"
    git("init", "--quiet", "--initial-branch=main", str(place))
    commit(place, {"customers.csv": "first"}, "the first")
    commit(place, {"customers.csv": "second", "b.txt": "b"}, "the second")
    commit(place, {"oops.sql": "taken back"}, "a mistake by 0151 5550100")
    at(place, "reset", "--quiet", "--hard", "HEAD~1")
    git("hash-object", "-w", "--stdin", place=place / ".git", given=b"never committed")
    return place


def at(place: Path, *arguments: str) -> bytes:
    return git("-C", str(place), "-c", "core.fsmonitor=", *arguments)


def commit(place: Path, contents: dict[str, str], message: str) -> None:
    for name, content in contents.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    at(place, "add", "--all")
    at(place, "commit", "--quiet", "-m", message)


def local(place: Path) -> Source:
    return source_of("git", {"url": f"git+file://{place}"}, folder=Path(), where="here")


def contents(source: Source, cursor: str = "") -> list[bytes]:
    """What is read of all that is listed, sorted."""
    return sorted(read(source, each) for each in source.list(cursor) if isinstance(each, Ref))


def read(source: Source, ref: Ref) -> bytes:
    with source.open(ref) as file:
        return file.read()


def test_states_that_were_taken_back_and_files_never_committed_are_read(place: Path) -> None:
    with closing(local(place)) as source:
        refs = [each for each in source.list("") if isinstance(each, Ref)]
        texts = {read(source, each) for each in refs}
    assert {b"first", b"second", b"b", b"taken back", b"never committed"} <= texts
    assert b"a mistake by 0151 5550100\n" in texts
    first = at(place, "rev-list", "--max-parents=0", "HEAD").decode()[:12]
    assert f"{first}:customers.csv" in {each.path for each in refs}
    assert all(each.version for each in refs)


def test_of_a_commit_its_message_is_read_and_not_who_made_it(place: Path) -> None:
    at(place, "tag", "-a", "v1", "-m", "for customer 4711")
    with closing(local(place)) as source:
        texts = contents(source)
    assert b"for customer 4711\n" in texts
    assert not any(b"nobody@example.com" in each for each in texts)


def test_a_bare_repository_is_read_as_well(place: Path, tmp_path: Path) -> None:
    bare = tmp_path / 'ba"re #1\\.git'
    git("clone", "--quiet", "--mirror", str(place), str(bare))
    with closing(local(bare)) as source:
        assert b"b" in contents(source)


def test_nothing_is_listed_again_until_something_is_added(place: Path) -> None:
    with closing(local(place)) as source:
        *_, mark = source.list("")
        assert isinstance(mark, Mark)
        assert mark.whole
        assert list(source.list(mark.cursor)) == [Mark(mark.cursor)]
        commit(place, {"new.txt": "new"}, "more")
        assert b"new" in contents(source, mark.cursor)


def test_what_a_repository_says_to_run_is_not_run(place: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o755)
    hooks = place / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc"):
        shutil.copy(script, hooks / hook)
    settings = [f"{name} = {script}" for name in ("fsmonitor", "pager", "sshCommand", "editor", "gitProxy")]
    (place / ".git" / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n" + "".join(f"\t{each}\n" for each in settings)
        + f"[uploadpack]\n\tpackObjectsHook = {script}\n[diff]\n\texternal = {script}\n[gc]\n\tauto = 1\n"
        + f'[filter "x"]\n\tclean = {script}\n\tsmudge = {script}\n[include]\n\tpath = {tmp_path}/more\n'
    )  # fmt: skip
    (place / ".gitattributes").write_text("* filter=x diff=x\n")
    with closing(local(place)) as source:
        assert b"first" in contents(source)
    assert not ran.exists()


def test_settings_that_git_cannot_read_do_no_harm(place: Path) -> None:
    (place / ".git" / "config").write_text("[core\n\0\0")
    with closing(local(place)) as source:
        assert b"first" in contents(source)


def test_a_repository_with_ids_of_sha256_is_read(tmp_path: Path) -> None:
    place = tmp_path / "long"
    git("init", "--quiet", "--object-format=sha256", str(place))
    commit(place, {"a.txt": "a"}, "one")
    git("hash-object", "-w", "--stdin", place=place / ".git", given=b"loose")
    with closing(local(place)) as source:
        assert contents(source) == [b"a", b"loose", b"one\n"]


def test_a_history_that_ends_in_the_middle_is_read_as_far_as_it_goes(place: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git("clone", "--quiet", "--depth=1", f"file://{place}", str(shallow))
    with closing(local(shallow)) as source:
        found = list(source.list(""))
        assert not [each for each in found if isinstance(each, Unread)]
        assert b"second" in contents(source)


def test_what_is_left_of_a_damaged_repository_is_read_and_the_damage_told(place: Path) -> None:
    tree = at(place, "rev-parse", "HEAD^{tree}").decode()
    broken = at(place, "rev-parse", "HEAD:b.txt").decode()
    for name in (tree, broken):
        file = place / ".git" / "objects" / name[:2] / name[2:]
        file.chmod(0o644)
        file.write_bytes(b"not what it was")
    with closing(local(place)) as source:
        found = list(source.list(""))
        texts = set()
        for each in found:
            if isinstance(each, Ref):
                try:
                    texts.add(read(source, each))
                except OSError:
                    continue
    assert [each for each in found if isinstance(each, Unread)]
    assert {b"first", b"second", b"never committed"} <= texts


def test_a_folder_that_holds_itself_ten_thousand_million_times_is_listed_at_once(tmp_path: Path) -> None:
    place = tmp_path / "bomb.git"
    git("init", "--quiet", "--bare", str(place))
    below = git("hash-object", "-w", "--stdin", place=place, given=b"boom").decode()
    entry = "100644 blob"
    for _ in range(10):
        lines = "".join(f"{entry} {below}\t{number}\n" for number in range(10))
        below, entry = git("mktree", place=place, given=lines.encode()).decode(), "040000 tree"
    head = git("commit-tree", below, "-m", "bomb", place=place).decode()
    git("update-ref", "refs/heads/main", head, place=place)
    began = time.monotonic()
    with closing(local(place)) as source:
        assert contents(source) == [b"bomb\n", b"boom"]
    assert time.monotonic() - began < 5


def test_only_new_states_of_another_machine_are_listed(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard = Here(request, tmp_path)
    yard.put_many({"a.txt": b"a", "b.txt": b"b"})
    with closing(yard.source()) as source:
        *_, mark = source.list("")
        assert isinstance(mark, Mark)
        assert mark.whole
        assert list(source.list(mark.cursor)) == [mark_again(mark)]
    yard.put("c.txt", b"c")
    with closing(yard.source()) as source:
        assert contents(source, mark.cursor) == [b"c"]
    git(
        "update-ref", "-d", "refs/heads/main", place=yard.place
    )  # and begun anew: what was known is not there
    git("gc", "--quiet", "--prune=now", place=yard.place)
    yard.put("d.txt", b"d")
    with closing(yard.source()) as source:
        assert contents(source, mark.cursor) == [b"d"]


def mark_again(mark: Mark) -> Mark:
    return Mark(mark.cursor)


def test_what_was_fetched_is_gone_when_the_source_is_closed(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yard = Here(request, tmp_path)
    yard.put("a.txt", b"a")
    with closing(yard.source()) as source:
        assert contents(source)
        assert list(tmp_path.glob("trapstreet-git-*"))
    assert not list(tmp_path.glob("*trapstreet-git-*"))


def test_what_a_killed_process_left_behind_is_removed_and_what_another_uses_is_not(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom trapstreet.plugins.sources._gitprogram import Git\n"
        "git = Git({})\nprint(git.folder, flush=True)\ntime.sleep(60)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert other.stdout
    left = Path(other.stdout.readline().decode().strip())
    with closing(local(place)) as source:
        assert contents(source)
        assert left.exists()
    other.send_signal(signal.SIGKILL)
    other.wait()
    other.stdout.close()
    with closing(local(place)) as source:
        assert contents(source)
        assert not left.exists()


def test_what_lies_at_a_git_daemon_is_read_by_everybody(place: Path, tmp_path: Path) -> None:
    git("clone", "--quiet", "--mirror", str(place), str(tmp_path / "all" / "app.git"))
    with daemon(tmp_path / "all") as port:
        with closing(remote(f"git://127.0.0.1:{port}/app.git")) as source:
            refs = [each for each in source.list("") if isinstance(each, Ref)]
            assert {each.readers for each in refs} == {"everybody"}
            assert b"second" in {read(source, each) for each in refs}
        with closing(remote(f"git://127.0.0.1:{port}/other.git")) as source, pytest.raises(Unreachable):
            list(source.list(""))


@pytest.mark.system
def test_what_lies_behind_ssh_is_read_by_key_from_a_known_host(
    place: Path,
    tmp_path: Path,
    sshd: Sshd,  # noqa: F811
) -> None:
    known, other, stranger = tmp_path / "known hosts", tmp_path / "other", tmp_path / "stranger"
    known.write_text(f"{sshd.known}\n")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger], check=True)
    other.write_text(f"[127.0.0.1]:{sshd.port} {stranger.with_suffix('.pub').read_text()}")
    url = f"git+ssh://{sshd.user}@127.0.0.1:{sshd.port}{place}"
    given = {"url": url, "key_file": str(sshd.key), "known_hosts": str(known)}
    with closing(source_of("git", given, folder=Path(), where="here")) as source:
        assert b"second" in contents(source)
    for wrong, kind in (
        ({"known_hosts": str(other)}, UnusableInput),
        ({"known_hosts": str(tmp_path / "none")}, UnusableInput),
        ({"key_file": str(stranger)}, AccessDenied),
    ):
        with closing(source_of("git", given | wrong, folder=Path(), where="here")) as source:
            with pytest.raises(kind) as refused:
                list(source.list(""))
            assert type(refused.value) is kind


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("git+https://git.example.com", UnusableInput),
        ("git+https://git.example.com:99999/a.git", UnusableInput),
        ("git+ext://sh -c touch", UnusableInput),
        ("git+file://host/a.git", UnusableInput),
        ("git+file:///nowhere/at/all", Unreachable),
        ("git+ssh://-oProxyCommand=x/a.git", TrapstreetError),
    ],
)
def test_addresses_that_lead_to_no_repository_say_so(url: str, kind: type[TrapstreetError]) -> None:
    with pytest.raises(kind) as refused, closing(remote(url)) as source:
        list(source.list(""))
    assert refused.value.hint


def remote(url: str) -> Source:
    return source_of("git", {"url": url}, folder=Path(), where="here")


@contextmanager
def daemon(root: Path) -> Iterator[int]:
    port = _free_port()
    program = ["git", "daemon", f"--base-path={root}", "--export-all", "--reuseaddr", "--listen=127.0.0.1"]
    process = subprocess.Popen([*program, f"--port={port}", str(root)], start_new_session=True)
    try:
        _wait_for_port(port, process)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
