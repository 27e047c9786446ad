"""Where a table lies, as it is kept."""

from pathlib import Path

import pytest

from trapstreet.app.places import lasting, same_place


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a folder beside a file, and another folder under a name of its own."""
    (tmp_path / "office").mkdir()
    (tmp_path / "customers.csv").touch()
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "today").symlink_to(tmp_path / "elsewhere" / "deep")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "spelled",
    ["customers.csv", "./customers.csv", "office/../customers.csv", "office//.././customers.csv"],
)
def test_one_file_has_one_place(here: Path, spelled: str) -> None:
    assert lasting(spelled) == str(here / "customers.csv")
    assert lasting(f"{spelled}?sheet=a") == f"{here}/customers.csv?sheet=a"
    assert lasting(f"sqlite:///{spelled}?table=t") == f"sqlite:///{here}/customers.csv?table=t"


def test_a_link_is_followed_where_it_decides_what_is_opened(here: Path) -> None:
    (here / "elsewhere" / "orders.csv").touch()
    assert lasting("today/../orders.csv") == str(here / "elsewhere" / "orders.csv")


def test_a_link_stays_where_it_may_stand_for_another_file_tomorrow(here: Path) -> None:
    assert lasting("today/orders.csv") == str(here / "today" / "orders.csv")
    assert lasting("office/../today/orders.csv") == str(here / "today" / "orders.csv")


def test_a_password_is_not_kept() -> None:
    assert "secret" not in lasting("postgresql://me:secret@db/crm?table=t")


def test_places_that_were_kept_before_are_compared_as_they_would_be_now(here: Path) -> None:
    assert same_place(f"{here}/office/../customers.csv", f"{here}/customers.csv")
    assert not same_place(f"{here}/customers.csv", f"{here}/office/customers.csv")
