"""The recovery kit: what a person does with paper and a keyboard."""

import pytest

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.keys import kit as kits
from trapstreet.keys.inventory import Inventory, open_with, open_with_workspace, seal_to
from trapstreet.keys.kit import RecoveryKit, from_lines, read_kit, to_lines, write_kit
from trapstreet.keys.ring import KeyRing

PASSPHRASE = Protected("five words on a card")
RING = KeyRing("abcdefghijklmnop", Protected(bytes(range(32))))
KIT = RecoveryKit.of(RING)
DATA = bytes(range(100))


@pytest.fixture(scope="module")
def page() -> str:
    return write_kit(KIT, PASSPHRASE)


def test_a_kit_brings_back_the_keys(page: str) -> None:
    kit = read_kit(page, PASSPHRASE)
    assert kit == KIT
    assert kit.ring().check() == RING.check()


def test_the_page_shows_no_key(page: str) -> None:
    assert RING.master.reveal().hex() not in page
    assert KIT.private.reveal().hex() not in page
    assert KIT.public_key.hex() in page


def test_the_wrong_passphrase_is_told_apart_from_a_mistyped_line(page: str) -> None:
    with pytest.raises(UnusableInput, match="passphrase does not open"):
        read_kit(page, Protected("five words on a cart"))


@pytest.mark.slow
def test_a_passphrase_means_the_same_however_it_is_composed(page: str) -> None:
    again = write_kit(KIT, Protected("caf\u00e9 au lait"))
    assert read_kit(again, Protected("cafe\u0301 au lait")) == KIT


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(UnusableInput, match="too short"):
        write_kit(KIT, Protected("seven77"))


@pytest.mark.parametrize(
    "retype",
    [
        str.lower,
        lambda text: text.replace("  ", " ").replace(" ", "   "),
        lambda text: text.replace("O", "0").replace("I", "1").replace("B", "8"),
        lambda text: "\r\n".join(f"\t{line}  " for line in text.splitlines()),
        lambda text: text.replace("\n", "\n\n"),
    ],
)
def test_case_spaces_and_look_alike_digits_do_not_matter(retype: object) -> None:
    begin, *body, end = to_lines(DATA).splitlines()
    typed = "\n".join([begin, retype("\n".join(body)), end])  # type: ignore[operator]
    assert from_lines(typed, label="kit") == DATA


def test_every_slip_of_a_letter_is_named_by_its_line() -> None:
    begin, *body, end = to_lines(DATA).splitlines()
    missed = 0
    for number, line in enumerate(body, start=1):
        for at in range(line.index("  ") + 2, len(line)):
            if line[at] == " ":
                continue
            slip = line[:at] + ("A" if line[at] != "A" else "Q") + line[at + 1 :]
            lines = [begin, *body[: number - 1], slip, *body[number:], end]
            with pytest.raises(UnusableInput, match=f"line {number} is mistyped"):
                from_lines("\n".join(lines), label="kit")
            missed += 1
    assert missed > 150


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda body: body[:2] + body[3:], 3),
        (lambda body: [body[0], body[2], body[1], *body[3:]], 2),
        (lambda body: [*body[:2], body[1], *body[2:]], 3),
        (lambda body: body[:-1], 5),
        (lambda body: [body[0], "what is this", *body[1:]], 2),
        (lambda body: [], 1),
    ],
)
def test_a_missing_or_misplaced_line_is_named(change: object, line: int) -> None:
    begin, *body, end = to_lines(DATA).splitlines()
    with pytest.raises(UnusableInput, match=f"line {line} is (mistyped|missing)"):
        from_lines("\n".join([begin, *change(body), end]), label="kit")  # type: ignore[operator]


def test_another_file_is_no_kit() -> None:
    with pytest.raises(UnusableInput, match="is no recovery kit"):
        read_kit("Dear all,\n", PASSPHRASE)


def test_a_kit_of_another_format_is_not_guessed_at() -> None:
    with pytest.raises(UnusableInput, match="another kind"):
        read_kit(to_lines(b"ts-kit-9" + bytes(100)), PASSPHRASE)


def test_hostile_costs_are_refused_before_they_are_paid() -> None:
    with pytest.raises(UnusableInput, match="another kind"):
        read_kit(to_lines(kits._MAGIC + bytes([40, 8, 1]) + bytes(28) + bytes(100)), PASSPHRASE)


def test_an_inventory_opens_with_its_kit_and_its_workspace_only() -> None:
    inventory = Inventory.from_bytes(
        seal_to(KIT.public_key, b"decoys", inventory_key=RING.inventory_key()).to_bytes()
    )
    assert open_with(KIT.private.reveal(), inventory) == b"decoys"
    assert open_with_workspace(RING.inventory_key(), inventory) == b"decoys"
    with pytest.raises(UnusableInput):
        open_with(RecoveryKit.of(RING).private.reveal(), inventory)
    with pytest.raises(UnusableInput):
        open_with_workspace(bytes(32), inventory)


def test_a_changed_inventory_does_not_open() -> None:
    data = seal_to(KIT.public_key, b"decoys", inventory_key=RING.inventory_key()).to_bytes()
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(UnusableInput):
            inventory = Inventory.from_bytes(changed)
            open_with(KIT.private.reveal(), inventory)
            open_with_workspace(RING.inventory_key(), inventory)
