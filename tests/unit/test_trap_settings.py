"""trap.toml: what cannot be used is one clear line."""

import re
from pathlib import Path

import pytest

from traps import WORKER, settings_text
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.listeners import http
from trapstreet.trap.settings import LimitsSection, SpoolSection, StatusSection, read_settings


def read(folder: Path, text: str) -> object:
    (folder / "trap.toml").write_text(text)
    return read_settings(folder)


def test_a_listener_runs_if_it_has_a_section_and_paths_lie_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "trap.toml").write_text(settings_text('[http]\nsite = "pages"'))
    read = read_settings(tmp_path)
    assert read.worker == WORKER
    assert read.listeners == {"http": http.Settings(site=tmp_path / "pages")}


def test_the_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "trap.md"
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        text = block.replace("…", WORKER.hex())
        read(tmp_path, text if "worker =" in text else f'worker = "{WORKER.hex()}"\n{text}')


def test_the_page_names_every_setting() -> None:
    page = (Path(__file__).parents[2] / "docs" / "trap.md").read_text()
    sections = [SpoolSection, LimitsSection, StatusSection, http.Settings]
    named = [name for section in sections for name in section.__struct_fields__]
    assert [name for name in named if f"`{name}`" not in page] == []


def test_a_folder_without_settings_is_told_so_and_where_it_may_be_misspelled(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"holds no trap\.toml: .*trap under \[serve\]"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker = 'x'", "says nothing to listen at"),
        ("worker = 'x'\n[http]", "worker is not 64 hexadecimal digits"),
        ("[http]", "'worker' is missing"),
        ("worker = ", "is not TOML"),
        (settings_text("[http]\nlisten = 80"), r"\[http\]: expected `array`, got `int`"),
        (settings_text("[http]\nlistne = []"), r"\[http\]: unknown key 'listne'"),
        (settings_text("[https]"), r"unknown section \[https\]"),
        ("works = 'x'\n[http]", "unknown key 'works'"),
        (settings_text(spool="megabytes = 0"), "more than 0"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UnusableInput, match=said):
        read(tmp_path, text)
