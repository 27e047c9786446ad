"""Where the master key may lie, and how it is read."""

import base64
from pathlib import Path

import pytest

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.keys.files import publish, write_private
from trapstreet.keys.folder import KeyFolder, master_from_environment, read_master
from trapstreet.keys.ring import KeyRing, new_workspace_id
from trapstreet.keys.sealing import open_sealed, seal

MASTER = bytes(range(32))
WORKSPACE = "abcdefghijklmnop"


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    made = KeyFolder(tmp_path / "keys")
    made.save(KeyRing(WORKSPACE, Protected(MASTER)))
    return made


def test_a_kept_key_is_read_by_its_owner_only(folder: KeyFolder) -> None:
    file = folder.file_of(WORKSPACE)
    assert folder.load(WORKSPACE).master == Protected(MASTER)
    assert [each.stat().st_mode & 0o777 for each in (file, file.parent, folder.path)] == [0o600, 0o700, 0o700]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_key_that_others_may_touch_is_refused(folder: KeyFolder, mode: int) -> None:
    file = folder.file_of(WORKSPACE)
    file.chmod(mode)
    with pytest.raises(UnusableInput, match="others may read") as error:
        folder.load(WORKSPACE)
    assert error.value.hint == f"chmod 600 {file}"


def test_a_folder_that_others_may_enter_is_refused(folder: KeyFolder) -> None:
    folder.file_of(WORKSPACE).parent.chmod(0o755)
    with pytest.raises(UnusableInput, match="others may read"):
        folder.load(WORKSPACE)


def test_a_key_is_never_overwritten(folder: KeyFolder) -> None:
    with pytest.raises(UnusableInput, match="exists"):
        folder.save(KeyRing.generate(WORKSPACE))
    assert folder.load(WORKSPACE).master == Protected(MASTER)


def test_a_missing_key_says_where_it_was_looked_for(folder: KeyFolder) -> None:
    with pytest.raises(UnusableInput, match=f"no key of this workspace in {folder.path}"):
        folder.load("ponmlkjihgfedcba")


def test_a_damaged_key_is_not_shown(folder: KeyFolder) -> None:
    folder.file_of(WORKSPACE).write_text("not-quite-a-key")
    with pytest.raises(UnusableInput, match="holds no master key") as error:
        folder.load(WORKSPACE)
    assert "not-quite" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        MASTER.hex(),
        MASTER.hex().upper(),
        base64.b32encode(MASTER).decode(),
        base64.b32encode(MASTER).decode().rstrip("=").lower() + "\n",
    ],
)
def test_a_master_key_is_read_from_hexadecimal_or_base32(text: str) -> None:
    assert read_master(text, label="here") == Protected(MASTER)
    assert master_from_environment({"TRAPSTREET_MASTER_KEY": text}) == Protected(MASTER)


@pytest.mark.parametrize("text", ["x", "0" * 63, "1" * 52, base64.b32encode(bytes(31)).decode()])
def test_anything_else_is_no_master_key(text: str) -> None:
    with pytest.raises(UnusableInput, match="TRAPSTREET_MASTER_KEY holds no master key"):
        master_from_environment({"TRAPSTREET_MASTER_KEY": text})


def test_the_folder_that_has_the_key_is_found(folder: KeyFolder, tmp_path: Path) -> None:
    empty = str(tmp_path / "empty")
    configured = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    found = KeyFolder.holding(WORKSPACE, settled=str(folder.path), environ={"TRAPSTREET_KEYS": empty})
    assert found == folder
    found = KeyFolder.holding(WORKSPACE, settled=empty, environ={"TRAPSTREET_KEYS": str(folder.path)})
    assert found == folder
    found = KeyFolder.holding(WORKSPACE, settled="", environ=configured)
    assert found.path == tmp_path / "config" / "trapstreet" / "keys"


@pytest.mark.parametrize("inside", [".", "keys", "a/../keys"])
def test_keys_inside_the_workspace_are_refused(tmp_path: Path, inside: str) -> None:
    with pytest.raises(UnusableInput, match="inside the workspace"):
        KeyFolder(tmp_path / "ws" / inside).refuse_inside(tmp_path / "ws")
    KeyFolder(tmp_path / "ws-keys").refuse_inside(tmp_path / "ws")


def test_keys_differ_between_workspaces_purposes_and_ids() -> None:
    here, there = KeyRing(WORKSPACE, Protected(MASTER)), KeyRing("ponmlkjihgfedcba", Protected(MASTER))
    keys = [
        here.derive("code", "1"),
        there.derive("code", "1"),
        here.derive("code", "2"),
        here.derive("storage", "1"),
        here.derive("code", "1", ""),
        here.derive("code1"),
    ]
    assert len(set(keys)) == len(keys)


def test_a_ring_does_not_print_its_key() -> None:
    ring = KeyRing(WORKSPACE, Protected(MASTER))
    assert MASTER.hex() not in f"{ring!r} {ring} {ring.master}"


def test_workspace_ids_are_random() -> None:
    ids = {new_workspace_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == 16 for each in ids)


def test_sealed_bytes_open_only_where_they_belong() -> None:
    key = bytes(32)
    sealed = seal(key, b"secret", aad=b"copy-1")
    assert open_sealed(key, sealed, aad=b"copy-1") == b"secret"
    assert seal(key, b"secret", aad=b"copy-1") != sealed
    for wrong in (
        (bytes([1]) * 32, sealed, b"copy-1"),
        (key, sealed, b"copy-2"),
        (key, sealed[:-1], b"copy-1"),
        (key, b"", b"copy-1"),
    ):
        with pytest.raises(UnusableInput, match="does not open"):
            open_sealed(wrong[0], wrong[1], aad=wrong[2])


def test_a_file_is_never_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"one")
    with pytest.raises(UnusableInput, match="exists"):
        write_private(path, b"two")
    write_private(path, b"three", replace=True)
    assert path.read_bytes() == b"three"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_appears_on_file_systems_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    temporary, path = tmp_path / "temporary", tmp_path / "file"
    temporary.write_bytes(b"one")
    publish(temporary, path)
    assert path.read_bytes() == b"one"
    assert not temporary.exists()
