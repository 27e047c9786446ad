"""Every kind of breadcrumb: found by its file, drawn under a key, recognisable to its owner alone."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log2
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner

from baits import CONTACT, LETTER, LIST, OPTIONS, OWN, PRINT, bait, draws
from trapstreet.cli.manifest import manifest_options
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.plugins import breadcrumbs
from trapstreet.plugins.breadcrumbs import Made, Resources
from trapstreet.plugins.breadcrumbs.awskey import account

T = TypeVar("T")
KINDS = sorted(breadcrumbs.kinds())
BY_RESOURCE = {
    "domains": "domains under [decoys]",
    "urls": "urls under [trap]",
    "zones": "zones under [trap]",
}
TELLING = re.compile(
    rb"trapstreet|trap street|canary|honey|decoy|bait|segno|pikepdf|breadcrumb", re.IGNORECASE
)


def shown(made: Made) -> bytes:
    """All that gets to where the breadcrumb is placed."""
    return b"\n".join(made.files.values()) or made.text.splitlines()[0].encode()


def test_a_kind_is_there_by_its_file_alone() -> None:
    folder = Path(breadcrumbs.__file__).parent
    assert {path.stem for path in folder.glob("[!_]*.py")} == set(KINDS) == set(OPTIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_manifest_says_what_it_needs_reveals_and_hears(kind: str) -> None:
    manifest = breadcrumbs.kinds()[kind]
    assert manifest.title and manifest.reveals.endswith(".")
    assert set(manifest.needs) <= set(BY_RESOURCE)
    assert set(manifest.channels) >= {token.channel for token in bait(kind).tokens} != set()


def test_the_table_of_kinds_is_what_the_code_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "breadcrumbs.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| ?(.*?) \| (.+?) \|$", text, re.MULTILINE)
    assert {row[0]: row[1:] for row in rows if row[0] in KINDS} == {
        name: (kind.title, ", ".join(kind.needs), ", ".join(kind.channels))
        for name, kind in breadcrumbs.kinds().items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_makes_its_bait_again_and_no_other(kind: str) -> None:
    first, again, other = bait(kind), bait(kind), bait(kind, 1)
    assert (first.tokens, first.files, first.owner) == (again.tokens, again.files, again.owner)
    assert kind == "awskey" or not set(first.tokens) & set(other.tokens)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_stands_in_what_is_placed(kind: str) -> None:
    made = bait(kind)
    if kind in (
        "excel",
        "word",
        "folder",
    ):  # packed: test_breadcrumb_documents.py and the readers look into it
        made = Made(made.text + "".join(token.value for token in made.tokens), made.tokens)
    for token in made.tokens:
        value = token.value if token.channel != "http" else urlsplit(f"//{token.value}").path.strip("/")
        assert value.encode() in shown(made) + made.text.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_placed_says_what_it_is(kind: str) -> None:
    for number in range(20 if kind not in ("pdf", "folder") else 2):
        made = bait(kind, number)
        for name, content in (*made.files.items(), ("", shown(made)), *made.owner.items()):
            assert not TELLING.search(content.replace(b"example", b"")), name
            assert not TELLING.search(name.encode())


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_made_does_not_get_into_a_log(kind: str) -> None:
    made = bait(kind)
    assert not any(token.value in repr(made) for token in made.tokens)
    assert len(repr(made)) < 20


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_the_owners_is_not_used(kind: str) -> None:
    needs = breadcrumbs.kinds()[kind].needs
    if not needs:
        assert bait(kind, own=Resources())
        return
    with pytest.raises(UnusableInput) as said:
        bait(kind, own=Resources())
    assert any(BY_RESOURCE[need] in said.value.hint for need in needs)


def test_hosts_and_domains_are_the_owners_and_below_his_addresses() -> None:
    for number in range(100):
        url = bait("url", number).text.splitlines()[0]
        assert url.startswith(("https://cdn.harbour.example/", "https://files.harbour.example/public/"))
        assert bait("dns", number).tokens[0].value.endswith(".harbour-net.example")
        assert bait("email", number).tokens[0].value.endswith("@post.harbour.example")


class Counted(KeyedDraws):
    """Counts the random bits that go into letters."""

    bits = 0.0

    def choice(self, items: Sequence[T]) -> T:
        self.bits += log2(len(items)) if isinstance(items, str) else 0.0
        return super().choice(items)


BANNER = "https://www.harbour.example/wp-content/uploads/2024/03/banner.png"
UNTYPED = [
    ("url", {}),
    ("url", {"form": "image"}),
    ("url", {"like": BANNER}),
    ("html", {}),
    ("dns", {}),
    ("dns", {"host": "vpn2"}),
    ("dblogin", {}),
    ("apikey", {}),
]


@pytest.mark.parametrize(("kind", "options"), UNTYPED)
def test_what_nobody_types_cannot_be_guessed(kind: str, options: dict[str, object]) -> None:
    for number in range(100):
        counted = Counted(bytes(16), number)
        made = breadcrumbs.make(kind, {**OPTIONS[kind], **options}, OWN, counted)
        assert counted.bits >= 96, made.tokens


@pytest.mark.parametrize(("kind", "options"), UNTYPED[:5])
def test_no_length_folder_or_ending_is_common_to_all(kind: str, options: dict[str, object]) -> None:
    values = [bait(kind, number, **options).tokens[0].value for number in range(300)]
    assert len(set(values)) == 300
    assert len({len(value) for value in values}) >= 15
    if options != {"like": BANNER}:  # there the owner says what is common
        words = Counter(word for value in values for word in set(re.findall(r"[a-z]{3,}", value)))
        of_the_host = set(re.findall(r"[a-z]+", "cdn files public harbour example harbour-net css png"))
        assert max(count for word, count in words.items() if word not in of_the_host) < 120


@pytest.mark.parametrize(
    ("like", "form"),
    [
        (
            "https://w.example/wp-content/uploads/2024/03/banner.png",
            r"wp-content/uploads/202\d/\d\d/banner[-_].+\.png",
        ),
        ("https://w.example/assets/main.8f3e2a1b.js", r"assets/main[-_].+\.[0-9a-f]{8}\.js"),
        ("https://w.example/f/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d/plan.pdf", r"f/[0-9a-f-]{36}/plan\.pdf"),
        ("https://w.example/a/d41d8cd98f00b204e9800998ecf8427e.gif", r"a/[0-9a-f]{32}\.gif"),
        ("w.example/brand/logo", r"brand/logo[-_].+"),
    ],
)
def test_an_address_takes_the_style_of_the_owners_site(like: str, form: str) -> None:
    for number in range(50):
        value = bait("url", number, like=like).tokens[0].value
        assert re.fullmatch(
            r"cdn\.harbour\.example/" + form + r"|files\.harbour\.example/public/" + form, value
        )


@pytest.mark.parametrize(
    ("like", "form"),
    [
        ("m.keller@harbour.example", r"a\.ni-?shuilleabhain|a\.shuilleabhain"),
        ("maria.keller@harbour.example", r"aine\.shuilleabhain"),
        ("keller_m@harbour.example", r"aine_s"),
        ("mkeller82@harbour.example", r"ashuilleabhain[1-9]\d"),
    ],
)
def test_an_address_is_written_like_those_of_the_organisation(like: str, form: str) -> None:
    address = bait("email", like=like, name="Áine Shúilleabháin").tokens[0].value
    assert re.fullmatch(form + r"@post\.harbour\.example", address)


def test_names_are_of_the_country_asked_for() -> None:
    names = {bait("email", number, names_of="de_DE").tokens[0].value for number in range(60)}
    assert len(names) > 50
    assert all(re.fullmatch(r"[a-z0-9._-]+@post\.harbour\.example", name) for name in names)


def test_a_key_has_the_form_of_the_example_and_stands_among_ordinary_lines(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("APP_NAME=desk\nPORT=8080\n")
    for number in range(30):
        made = bait("apikey", number, template=str(env), service="desk")
        (key,) = (token.value for token in made.tokens if token.channel == "login")
        assert re.fullmatch(r"hbr_live_[0-9a-zA-Z]{21}", key)
        text = made.files[".env"].decode()
        assert {"APP_NAME=desk", "PORT=8080"} < set(text.splitlines())
        assert re.search(rf"^DESK_\w+=https://(cdn|files)\.harbour.+\nDESK_\w+={key}$", text, re.MULTILINE)


def test_the_key_of_an_account_is_the_owners_and_says_whose(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bait("awskey", profile="backup")
    assert made.tokens == (("login", "AKIAIOSFODNN7EXAMPLE"),)
    assert made.files["credentials"] == (
        b"[backup]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
        b"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    )
    assert made.files["config"] == b"[profile backup]\nregion = eu-west-1\n"
    assert "place it only if the account is yours" in made.text  # a key as they were before 2019
    assert account("AKIA" + "QNZGKIQY56JQ7WML") == "029608264753"  # as published by those who found it out
    monkeypatch.setenv("TRAPSTREET_AWS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("TRAPSTREET_AWS_SECRET", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    assert bait("awskey", profile="backup", key=None).files == made.files


def test_a_folder_has_a_file_of_each_template_and_no_two_of_one() -> None:
    made = bait("folder", template=(LETTER, LIST, PRINT), name=("Salaries 2025",))
    assert sorted(Path(name).suffix for name in made.files) == [".docx", ".pdf", ".xlsx"]
    assert "Salaries 2025.docx" in made.files
    assert len(set(made.tokens)) == 3
    assert (
        len({name for number in range(8) for name in bait("folder", number, template=(LETTER, LIST)).files})
        >= 15
    )


BAD = {
    "no kind": ("fax", {}, "no breadcrumb is of the kind 'fax'"),
    "no template": ("word", {"template": None}, "--template is missing"),
    "a template that is not there": (
        "word",
        {"template": "/nowhere/x.docx"},
        "/nowhere/x.docx: no such file",
    ),
    "a folder as a template": ("pdf", {"template": "/tmp"}, "/tmp is a folder"),
    "a device as a template": ("html", {"template": "/dev/zero"}, "/dev/zero has more than 64 MB"),
    "an empty template": ("html", {"template": "/dev/null"}, "/dev/null is empty"),
    "another engine": ("dblogin", {"engine": "oracle"}, "--engine: invalid enum value"),
    "a port that is none": ("dblogin", {"port": 70000}, "--port: expected `int` <= 65535"),
    "a host with a colon": ("dblogin", {"host": "db:5432"}, "--host: 'db:5432' cannot be used"),
    "a user with a quote": ("dblogin", {"user": "a'b"}, '--user: "a\'b" cannot be used'),
    "a host word with a dot": ("dns", {"host": "vpn.x"}, "'vpn.x' is no word of a host name"),
    "an example without a path": ("url", {"like": "https://x.example/"}, "no address with a path"),
    "an example with a blank": ("url", {"like": "https://x.example/a b"}, "no address with a path"),
    "an example of a short key": ("apikey", {"like": "abc_12345"}, "no key whose random part is long enough"),
    "a service of signs": ("apikey", {"service": "a=b\nc"}, "--service is no word"),
    "an address that is no person's": ("email", {"like": "+1@x"}, "--like is no address of a person"),
    "half a name": ("email", {"name": "Maria"}, "--name has no given and family name"),
    "no such country": ("email", {"names_of": "xx_YY"}, "there are no names of 'xx_YY'"),
    "no key of an account": ("awskey", {"key": LETTER}, "this is not one long-term key"),
    "a profile with a bracket": ("awskey", {"profile": "a]\n[b"}, "--profile and --region are plain words"),
    "a name that climbs": ("folder", {"name": ("../x",)}, "'../x' is no name of a file"),
    "too many names": ("folder", {"name": tuple("abcd")}, "more names than templates"),
    "a template of no kind": ("folder", {"template": ("/tmp/x.pptx",)}, "no bait is made of .pptx"),
    "an address that is not there": (
        "word",
        {"replace": CONTACT + "s"},
        "no picture and no link at that address",
    ),
    "a link that is not there": ("pdf", {"replace": CONTACT + "s"}, "has no link to that address"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_will_not_do_is_one_clear_line(case: str) -> None:
    kind, options, words = BAD[case]
    with pytest.raises(TrapstreetError) as said:
        breadcrumbs.make(kind, {**OPTIONS.get(kind, {}), **options}, OWN, draws())
    assert words in said.value.message
    assert said.value.hint and "\n" not in str(said.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kinds_settings_are_the_options_of_a_command(kind: str) -> None:
    given: dict[str, object] = {}

    @click.command()
    @manifest_options(breadcrumbs.kinds()[kind].settings)
    def command(**options: object) -> None:
        given.update(options)

    arguments = [
        word
        for name, value in OPTIONS[kind].items()
        for each in (value if isinstance(value, tuple) else (value,))
        for word in (f"--{name}", str(each))
    ]
    runner = CliRunner()
    result = runner.invoke(command, arguments)
    assert result.exit_code == 0, result.output
    made = breadcrumbs.make(kind, given, OWN, draws())
    assert made.tokens == bait(kind).tokens
    text = runner.invoke(command, ["--help"]).output
    fields = breadcrumbs.kinds()[kind].settings.__struct_fields__
    assert all(f"--{name.replace('_', '-')}" in text for name in fields)
