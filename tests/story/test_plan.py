"""What `share --plan` foresees is what the next copy gets."""

from pathlib import Path

import pytest

from desk import Desk
from people import customer_file


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """3,000 customers, registered."""
    monkeypatch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setattr("trapstreet.keys.kit._LOG2_N", 8)
    desk = Desk(tmp_path, capsys)
    kit = ("--kit", tmp_path / "kit.txt", "--kit-confirmed")
    assert desk.run("init", desk.workspace, "--keys", tmp_path / "keys", *kit) == 0
    desk.do("register", customer_file(tmp_path / "customers.csv", 3_000), "--name", "customers")
    return desk


@pytest.mark.slow
def test_a_plan_shares_what_the_pool_of_the_data_set_gives(desk: Desk) -> None:
    """Two copies of 250 decoys made a pool of 164; one of 600 gets some 57 of them, and not 138."""

    def shared(number: int, decoys: int) -> int:
        asked = ("--to", f"Recipient {number}", "--decoys", decoys, "--out", desk.folder / f"{number}.csv")
        return int(desk.json("share", "customers", *asked)["shared"])

    assert shared(1, 250) == 0
    assert shared(2, 250) > 0
    planned = desk.json("share", "customers", "--plan", "--decoys", 600)["design"]
    assert planned["pool"] == 164
    assert planned["chance"] == pytest.approx(0.35)
    assert planned["unique"] == 600 - 57
    assert abs(shared(3, 600) - 57.4) <= 4 * 6.2, "four standard deviations"
