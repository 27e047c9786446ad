"""Mails: every planted record comes out of every kind, and a hostile one harms nothing beside it."""

import io
import os
import random
import time
import zipfile
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from formats_mail import (
    SAMPLES,
    Make,
    attached,
    lines,
    mailboxed,
    message,
    outlook,
)
from mails import corpus, mails
from mutations import mutated
from planted import ROWS, everything, lost
from taken_apart import read, source
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import _mail, _mapi, mbox
from tries import FUZZ

HEAD = b"From: Maria Huber <maria@example.com>\nSubject: x\n"


def beside(data: bytes) -> tuple[dict[str, bytes], list[Unread]]:
    """What is read of a file that lies in an archive before a good one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bad", data)
        archive.writestr("good.eml", message(lines(ROWS), cte="base64").as_bytes())
    texts, unread = everything(out.getvalue(), "z")
    assert lost(texts["z!/good.eml"]) == []
    assert all(each.path.startswith("z!/bad") for each in unread)
    return texts, unread


@pytest.mark.parametrize(("make", "inner"), [s[1:] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_every_planted_row_is_found_with_its_cells_beside_each_other(make: Make, inner: str) -> None:
    texts, unread = read(source(make(ROWS), "d"))
    assert lost(texts["d" + inner]) == []
    assert unread == []


@pytest.mark.parametrize("charset", ["iso-8859-15", "koi8-r", "iso-2022-jp", "gb18030", "utf-16", "utf-7"])
def test_a_text_is_read_in_the_encoding_that_it_declares(charset: str) -> None:
    words = {
        "koi8-r": "Мария Губер",
        "iso-2022-jp": "山田花子",
        "gb18030": "王小明",
        "iso-8859-15": "Œuvre € Žak",
    }
    text = words.get(charset, "Zoë Łukasz") + " maria@example.com"
    mail = EmailMessage()
    mail["From"] = "a@example.org"
    mail["Subject"] = "x"
    mail.set_content(text.encode(charset), "text", "plain", cte="base64")
    mail.set_param("charset", charset)
    assert text in read(source(mail.as_bytes(), "m"))[0]["m"].decode()


def test_headers_are_told_as_they_are_written_and_as_they_are_shown() -> None:
    raw = (
        b"From: =?utf-8?B?SsO8cmdlbiBNw7w=?=\n =?UTF-8?B?w59pZw==?= <j@example.de>\n"
        b"To: =?iso-8859-2?Q?=A3ukasz_=AFak?= <l@example.pl>\nBcc: hidden@example.com\n"
        b"X-Note: +49 30 901820\n"
        b"Subject: =?utf-8?q?Gr=C3=BC=C3?= =?utf-8?q?=9Fe?=\n\nhello\n"
    )
    text = read(source(raw, "m"))[0]["m"].decode()
    for said in (
        "Jürgen Müßig <j@example.de>",
        "Łukasz Żak <l@example.pl>",
        "Bcc: hidden@example.com",
        "Subject: Grüße",
    ):
        assert said in text
    assert "X-Note: +49 30 901820" in text
    assert "=?iso-8859-2?Q?=A3ukasz_=AFak?=" in text


ALMOST_MAIL = [
    b"Date: 2026-02-02\nFrom: maria@example.com\nLevel: info\nmessage: 4711\nnot a header any more\n",
    b"from: maria@example.com\nsubject: yaml\nlist:\n  - maria@example.com\n",
    HEAD + b"Content-Type: multipart/mixed; boundary=x\n\nno part at all, maria@example.com\n",
    HEAD + b"Content-Type: multipart/mixed\n\n--x\n\nmaria@example.com\n",
    HEAD + b"Content-Transfer-Encoding: base64\n\nmaria@example.com, not base64\n",
    HEAD + b"Content-Transfer-Encoding: quoted-printable\n\nid=41maria@example.com x=y\n",
    HEAD + b"Content-Type: text/plain; charset=klingon\n\nmaria@example.com \xfc\n",
    HEAD + b"Content-Type: text/plain; charset=punycode\n\nmaria@example.com \xfc\n",
    HEAD
    + b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nmaria@example.com\n",
    HEAD + b"Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nmaria@example.com\n",
    HEAD.replace(b"\n", b"\r\n") + b"\r\nmaria@example.com\r\n",
    b"From x\n" + HEAD + b"\nmaria@example.com\nFrom here on\nFrom: again\n",
]


@pytest.mark.parametrize("raw", ALMOST_MAIL)
def test_what_stands_in_the_bytes_is_found_however_wrong_it_is_to_take_them_for_mail(raw: bytes) -> None:
    texts, _ = read(source(raw, "m"))
    together = b"\n".join(texts.values())
    assert together.count(b"maria@example.com") >= raw.count(b"maria@example.com")


def test_encrypted_parts_are_listed() -> None:
    pgp = message("x\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n").as_bytes()
    assert read(source(pgp, "m"))[1] == [Unread("m", "holds a part that is encrypted with PGP", partly=True)]
    enveloped = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0" + bytes(240)
    mail = message("x")
    mail.add_attachment(enveloped, maintype="application", subtype="pkcs7-mime", filename="smime.p7m")
    assert read(source(mail.as_bytes(), "m"))[1] == [
        Unread("m!/smime.p7m", "encrypted; passwords are not tried on it: unpack it first")
    ]


def test_names_of_files_are_read_as_mail_programs_write_them() -> None:
    head = HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n"
    wanted = {
        b'filename="=?utf-8?B?w7xiZXI=?=.csv"': "über.csv",
        b"filename*=utf-8''%C3%BCber.csv": "über.csv",
        b'filename*0="ver"; filename*1="long.csv"': "verlong.csv",
        b"filename=../../etc/passwd": "../../etc/passwd",
        b"": "part-2",
    }
    for named, name in wanted.items():
        part = (
            b"Content-Type: application/x-y\nContent-Disposition: attachment; %b\n\nmaria@example.com\n"
            % named
        )
        texts, unread = read(source(head + b"--x\n" + part + b"--x--\n", "m"))
        assert texts[f"m!/{name}"] == b"maria@example.com"
        assert unread == []


# ---- mailboxes


def test_a_mailbox_is_cut_where_its_messages_begin_wherever_blocks_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mbox, "CHUNK", 1)
    monkeypatch.setattr(mbox, "_STEP", 977)
    everybody = [
        message(f"From here\n\nFrom me: {number}\nperson{number}@example.com") for number in range(40)
    ]
    texts, unread = read(source(mailboxed(everybody), "b"))
    assert list(texts) == [f"b!/{number + 1}" for number in range(40)]
    assert all(f"person{number}@example.com".encode() in texts[f"b!/{number + 1}"] for number in range(40))
    assert unread == []


def test_a_message_too_large_for_memory_is_read_to_its_end_and_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_mail, "LARGEST", 100_000)
    large = message("".join(f"person{number}@example.com\n" for number in range(20_000)))
    texts, unread = read(source(mailboxed([message("one"), large, message("last@example.com")]), "b"))
    together = b"".join(texts.values())
    assert together.count(b"person") == 20_000
    assert b"last@example.com" in together
    assert {each.path for each in unread} <= set(texts)
    assert "of more than" in unread[0].why
    texts, [unread_one] = read(source(large.as_bytes(), "m"))
    assert texts["m"].count(b"person") == 20_000
    assert unread_one.partly
    assert unread_one.why.startswith("read as plain text: a mail of more than")


@pytest.mark.slow
def test_real_mails_say_what_the_standard_library_says() -> None:
    """Senders, and every line of every text part, of 6,000 mails."""
    for mail in mails(corpus()):
        raw = mail.path.read_bytes()
        texts, _ = read(source(raw, "m"))
        together = b"\n".join(texts.values()).decode("utf-8", "replace")
        spoken = together.replace("\\", "")
        if mail.sender:
            assert mail.sender.address in together.lower()
            assert all(word in spoken for word in mail.sender.name.split()), mail.path
        for part in message_from_bytes(raw).walk():
            lines_of_it = _lines(part)
            assert all(line in together for line in lines_of_it), mail.path


def _lines(part: EmailMessage) -> list[str]:
    """The lines of a text part that is what it says to be; ">From" may have lost a quotation mark."""
    if part.get_content_maintype() != "text":
        return []
    try:
        text = part.get_payload(decode=True).decode(part.get_content_charset() or "ascii")
    except (LookupError, UnicodeDecodeError):
        return []
    if part.defects:
        return []  # base64 that the standard library does not decode
    if not text.isascii() and part.get_content_charset() in ("iso-8859-1", "utf-8"):
        return []  # mails from Windows say so of cp1252
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(">")]


# ---- Outlook


def test_recipients_and_contacts_come_with_name_and_address_side_by_side() -> None:
    texts, unread = read(source(outlook("body", people=ROWS), "m.msg"))
    text = texts["m.msg"].decode()
    assert all(f"{name}\t{address}" in text for name, address, *_ in ROWS)
    assert unread == []


def test_rtf_is_unpacked_as_the_specification_shows() -> None:
    """[MS-OXRTFCP], sections 3.1.1.1 and 3.1.2.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert _mapi.unpacked_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert _mapi.unpacked_rtf(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


# ---- damaged and hostile


@pytest.mark.parametrize("make", [s[1] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_a_mail_damaged_anywhere_ends_and_raises_nothing(make: Make) -> None:
    chance = random.Random(11)
    whole = make(ROWS[:6])
    for _ in range(40):
        damaged = bytearray(whole)
        at = chance.randrange(len(damaged))
        damaged[at : at + 4] = chance.randbytes(4)
        texts, unread = beside(bytes(damaged))
        assert any(path.startswith("z!/bad") for path in [*texts, *(each.path for each in unread)])
    for share in (0.1, 0.5, 0.9):
        beside(whole[: int(len(whole) * share)])


def nested(depth: int) -> bytes:
    out = b"Content-Type: text/plain\n\nmaria@example.com\n"
    for number in range(depth):
        boundary = b"b%d" % number
        out = b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n%b\n--%b--\n" % (
            boundary,
            boundary,
            out,
            boundary,
        )
    return HEAD + out


HOSTILE = {
    "parts in each other": nested(3_000),
    "very many parts": HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 300_000,
    "very many delimiters": HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n" * 1_000_000,
    "mails in each other": HEAD + b"".join(b"Content-Type: message/rfc822\n\n" + HEAD for _ in range(50_000)),
    "a long header": HEAD + b"X: " + b"a;" * 4_000_000 + b"\n\nmaria@example.com",
    "many parameters": HEAD + b'Content-Type: x/y; name="' + b'\\";' * 1_000_000 + b"\n\nmaria@example.com",
    "many encoded words": HEAD + b"X: " + b"=?utf-8?q?=41?= " * 300_000 + b"\n\nmaria@example.com",
    "many halves of encoded words": HEAD + b"X: " + b"=?utf-8?q?" * 500_000 + b"\n\nmaria@example.com",
    "tags without an end": HEAD + b"Content-Type: text/html\n\n" + b"<a " * 1_000_000,
    "equal signs": HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * 5_000_000,
    "lines that begin like messages": b"From x\n" + HEAD + b"\nFrom " * 1_000_000,
    "lengths that lie": b"".join(
        b"From x\n" + HEAD + b"Content-Length: 9999999999\n\nmaria@example.com\n\n" for _ in range(20_000)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_mail_costs_seconds_and_its_neighbour_is_read(raw: bytes) -> None:
    began = time.process_time()
    texts, _ = beside(raw)
    assert time.process_time() - began < 30
    if b"maria@example.com" in raw:
        assert any(b"maria@example.com" in text for path, text in texts.items() if path.startswith("z!/bad"))


@pytest.mark.slow
def test_an_archive_in_a_mail_is_counted_like_any_other() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(200 << 20))
    _, unread = beside(attached(bomb.getvalue(), "bomb.zip").as_bytes())
    assert any("more than 200 times" in each.why for each in unread)


@pytest.fixture(scope="module")
def outlook_folders() -> Path:
    """Without them a test is skipped, or fails where they must be there."""
    folder = Path(os.environ.get("TRAPSTREET_PSTS") or Path(__file__).parents[2] / ".cache" / "psts")
    if not folder.is_dir():
        message = f"the Outlook folders are not in {folder} (.ci/run fetches them)"
        (pytest.fail if os.environ.get("TRAPSTREET_REQUIRE_SERVERS") == "1" else pytest.skip)(message)
    return folder


def test_real_outlook_folders_are_read(outlook_folders: Path) -> None:
    data = (outlook_folders / "enron.pst").read_bytes()
    texts, unread = read(source(data, "e.pst"))
    assert unread == []
    assert len([path for path in texts if path.rpartition("/")[2].isdigit()]) == 71
    said = texts[
        "e.pst!/Top of Personal Folders/lokay-m/MLOKAY (Non-Privileged)/TW-Commercial Group/1"
    ].decode()
    assert "Lee  Dennis\nDennis.Lee@ENRON.com\n" in said
    assert "Watson  Kimberly\tKimberly.Watson@ENRON.com\n" in said


@pytest.mark.slow
def test_outlook_folders_damaged_anywhere_end_and_raise_nothing(outlook_folders: Path) -> None:
    """Their first megabyte has the trees that lead to everything else."""
    data, chance = (outlook_folders / "enron.pst").read_bytes(), random.Random(5)
    for number in range(max(4, FUZZ // 8)):
        done, damaged = mutated(data[: 1 << 20], chance, [outlook("x")])
        texts, unread = beside(damaged + data[1 << 20 :])
        what = f"{number}: {done}"
        assert all(each.why.isprintable() for each in unread), what
        assert not any("a bug in" in each.why for each in unread), what
        assert any(path.startswith("z!/bad") for path in texts) or unread, what
