"""trapstreet.toml: what is wrong in it is said, with the line."""

import re

import pytest

from trapstreet.app.settings import new_settings_text, parse_settings, with_value
from trapstreet.core.model.errors import UnusableInput

TEXT = new_settings_text(
    workspace_id="abcdefghijklmnop",
    created="2026-11-21",
    url="sqlite:///registry.sqlite3",
    folder='/srv/a "quoted" folder\\x',
    log="trapstreet/abcdefghijklmnop+0123abcd+AAAA",
    kit="",
    check="0011223344556677",
)


def test_a_new_file_reads_back_and_explains_itself() -> None:
    settings = parse_settings(TEXT.encode(), label="trapstreet.toml")
    assert settings.workspace.id == "abcdefghijklmnop"
    assert settings.keys.folder == '/srv/a "quoted" folder\\x'
    assert settings.decoys.domains == ()
    assert settings.trace.bound == 1e-6
    assert settings.scan.public == ()
    assert settings.trap.urls == settings.trap.zones == ()
    assert settings.trap.inside == settings.trap.geography == settings.work.traps == ()
    assert TEXT.count("#") >= 8


def test_what_may_be_added_can_be_added_as_it_stands_there() -> None:
    text = TEXT.replace("# [discover]\n# texts", "[discover]\ntexts")
    assert parse_settings(text.encode(), label="trapstreet.toml").discover.texts == "en_core_web_md"


CASES = {
    "unknown key": (
        "domains = []",
        "domains = []\ndomain = []",
        "line {n}: unknown key 'domain'",
        "domain = ",
    ),
    "unknown section": ("[trace]", "[traces]", "line {n}: unknown section \\[traces\\]", "[traces]"),
    "wrong type": ("domains = []", "domains = 7", "line {n}: expected `array`, got `int`", "domains = 7"),
    "wrong item": ("phones = []", "phones = [1]", "line {n}: expected `str`, got `int`", "phones = [1]"),
    "wrong public value": (
        "public = []",
        "public = [7]",
        "line {n}: expected `str`, got `int`",
        "public = [7]",
    ),
    "missing key": ("url =", "# url =", "'url' is missing", None),
    "no TOML": ("domains = []", "domains = [", "is not TOML", None),
    "bound too large": ("bound = 1e-6", "bound = 2", "bound under \\[trace\\] lies between 0 and 1", None),
    "a kit that is none": ('kit = ""', 'kit = "no"', "kit under \\[keys\\] is 64 hexadecimal digits", None),
    "a trap without a scheme": (
        "urls = []",
        'urls = ["cdn.harbour.example"]',
        "line {n}: 'cdn.harbour.example' cannot be one of the urls under \\[trap\\]",
        "urls = ",
    ),
    "a trap's address with a query": ("urls = []", 'urls = ["https://a.example/?x=1"]', "of the urls", None),
    "a network inside that is none": (
        "inside = []",
        'inside = ["10.0.0.0/8", "office"]',
        "line {n}: 'office' cannot be one of the networks inside",
        "inside = ",
    ),
    "a zone with a dot at its end": (
        "zones = []",
        'zones = ["net.example", "other.example."]',
        "line {n}: 'other.example.' cannot be one of the zones",
        "zones = ",
    ),
    "an id with a path": ('id = "abc', 'id = "../abc', "is no workspace's", None),
    "another format": ("format = 1", "format = 2", "has format 2, this trapstreet reads 1", None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_named_with_its_line(case: str) -> None:
    old, new, message, where = CASES[case]
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    if where:
        line = next(n for n, each in enumerate(text.splitlines(), 1) if each.startswith(where))
        message = message.format(n=line)
    with pytest.raises(UnusableInput, match=message):
        parse_settings(text.encode(), label="trapstreet.toml")


def test_another_encoding_is_named() -> None:
    with pytest.raises(UnusableInput, match="is not UTF-8"):
        parse_settings(TEXT.encode("utf-16"), label="trapstreet.toml")


def test_a_value_is_replaced_and_the_rest_stays() -> None:
    changed = with_value(TEXT, section="keys", name="kit", value='f"f')
    assert changed.replace('kit = "f\\"f"', 'kit = ""') == TEXT
    with pytest.raises(UnusableInput, match="no line 'kit'"):
        with_value(TEXT, section="decoys", name="kit", value="")


def test_a_file_from_before_there_were_workers_is_read_as_it_was() -> None:
    without = re.sub(r"\[work\].*?(?=# \[share)", "", TEXT, flags=re.DOTALL)
    without = without.replace("inside = []\n", "").replace("geography = []\n", "")
    assert "work]" not in without
    settings = parse_settings(without.encode(), label="trapstreet.toml")
    assert settings.work.traps == settings.trap.inside == settings.trap.geography == ()
