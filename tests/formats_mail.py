"""Mails around rows of cells, by the standard library's mail package and Aspose's Outlook writer."""

import io
import mailbox
import struct
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aspose.email_foss.msg import MapiMessage

Rows = list[list[str]]
Make = Callable[[Rows], bytes]
NAME = "Kündigungen & Käufe.csv"


def lines(rows: Rows) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def table(rows: Rows) -> str:
    cells = ("".join(f"<td>{escape(cell[:3])}<b>{escape(cell[3:])}</b></td>" for cell in row) for row in rows)
    return f"<html><table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table></html>"


def message(text: str = "", **how: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Received"] = "from a.example by b.example; Mon, 2 Feb 2026 10:00:00 +0000"
    mail["From"] = "Jürgen Müßig <office@example.org>"
    mail["To"] = "list@example.org"
    mail["Subject"] = "Wochenliste für Łukasz"
    if text or how:
        mail.set_content(text, **how)
    return mail


def with_page(rows: Rows) -> EmailMessage:
    mail = message("a page\n")
    mail.add_alternative(table(rows), subtype="html")
    return mail


def attached(content: bytes, name: str = NAME) -> EmailMessage:
    mail = message("see there\n")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail


def forwarded(mail: EmailMessage) -> EmailMessage:
    around = message("see below\n")
    around.add_attachment(mail)
    return around


def flowed(rows: Rows) -> bytes:
    """Lines broken in the middle of their values, as DelSp says that they are to be joined."""
    body = "".join(f"{line[:9]} \r\n{line[9:]}\r\n" for line in lines(rows).splitlines())
    head = b"From: a@example.org\r\nSubject: x\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n"
    return head + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + body.encode()


def uuencoded(rows: Rows) -> bytes:
    import binascii

    data = lines(rows).encode()
    body = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return (
        b"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 list.csv\n" + body + b"`\nend\n"
    )


def apple(rows: Rows) -> bytes:
    content = message(lines(rows)).as_bytes()
    return b"%d \n" % len(content) + content + b'<?xml version="1.0"?><plist version="1.0"></plist>\n'


def mailboxed(mails: list[EmailMessage]) -> bytes:
    with TemporaryDirectory() as folder:
        box = mailbox.mbox(Path(folder, "box"))
        for mail in mails:
            box.add(mail)
        box.close()
        return Path(folder, "box").read_bytes()


def with_lengths(mails: list[bytes]) -> bytes:
    """As mboxcl2 has it: each says how long it is, and nothing in it is quoted."""
    out = b""
    for mail in mails:
        head, body = mail.split(b"\n\n", 1)
        out += b"From x Mon Feb  2 10:00:00 2026\n%b\nContent-Length: %d\n\n%b\n" % (head, len(body), body)
    return out


def outlook(
    text: str = "", *, page: str = "", attach: tuple[str, bytes] | None = None, people: Rows = ()
) -> bytes:  # type: ignore[assignment]
    return _outlook(text, page, attach, people).to_bytes()


def _outlook(text: str, page: str, attach: tuple[str, bytes] | None, people: Rows) -> "MapiMessage":
    from aspose.email_foss.msg import MapiMessage

    mail = MapiMessage.create("Wochenliste", text)
    if page:
        mail.body_html = page
    for name, address, *_ in people:
        mail.add_recipient(address, display_name=name)
    if attach:
        mail.add_attachment(*attach)
    return mail


def outlook_forwarded(rows: Rows) -> bytes:
    mail = _outlook("see there", "", None, [])
    mail.add_embedded_message_attachment(_outlook(lines(rows), "", None, []), filename="forwarded")
    return mail.to_bytes()


def zipped(rows: Rows) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", lines(rows))
    return out.getvalue()


def winmail(text: str, name: str, content: bytes) -> bytes:
    """As [MS-OXTNEF] says: a body in properties, and an attachment with a long name."""

    def attribute(level: int, number: int, raw: bytes) -> bytes:
        return struct.pack("<BHHL", level, number, 6, len(raw)) + raw + struct.pack("<H", sum(raw) & 0xFFFF)

    def unicode(number: int, value: str) -> bytes:
        raw = value.encode("utf-16-le") + b"\0\0"
        named = bytes(16) + struct.pack("<LL", 0, 7) if number >= 0x8000 else b""
        return (
            struct.pack("<HH", 0x1F, number)
            + named
            + struct.pack("<LL", 1, len(raw))
            + raw
            + bytes(-len(raw) % 4)
        )

    number = struct.pack("<HHL", 3, 0x0017, 1)
    message = struct.pack("<L", 3) + number + unicode(0x8001, "named") + unicode(0x1000, text)
    return (
        b"\x78\x9f\x3e\x22\x01\x00"
        + attribute(1, 0x9007, struct.pack("<LL", 1252, 0))
        + attribute(1, 0x9003, message)
        + attribute(2, 0x9002, bytes(14))
        + attribute(2, 0x8010, b"SHORT~1.ZIP\0")
        + attribute(2, 0x800F, content)
        + attribute(2, 0x9005, struct.pack("<L", 1) + unicode(0x3707, name))
    )


SAMPLES: list[tuple[str, Make, str]] = [
    ("mail 8bit", lambda rows: message(lines(rows), cte="8bit").as_bytes(), ""),
    ("mail quoted-printable", lambda rows: message(lines(rows), cte="quoted-printable").as_bytes(), ""),
    ("mail base64", lambda rows: message(lines(rows), cte="base64").as_bytes(), ""),
    (
        "mail with CR LF",
        lambda rows: message(lines(rows), cte="base64").as_bytes().replace(b"\n", b"\r\n"),
        "",
    ),
    ("mail with a page", lambda rows: with_page(rows).as_bytes(), ""),
    ("mail with a file", lambda rows: attached(lines(rows).encode()).as_bytes(), f"!/{NAME}"),
    ("mail with an archive", lambda rows: attached(zipped(rows), "a.zip").as_bytes(), "!/a.zip!/a.csv"),
    ("mail in a mail", lambda rows: forwarded(message(lines(rows), cte="base64")).as_bytes(), ""),
    (
        "file in a mail in a mail",
        lambda rows: forwarded(attached(zipped(rows), "a.zip")).as_bytes(),
        "!/a.zip!/a.csv",
    ),
    ("mail flowed", flowed, ""),
    ("mail uuencoded", uuencoded, ""),
    ("emlx", apple, ""),
    ("mbox", lambda rows: mailboxed([message("x"), message(lines(rows), cte="base64")]), "!/2"),
    (
        "mbox with a file",
        lambda rows: mailboxed([message("x"), attached(zipped(rows), "a.zip")]),
        "!/2/a.zip!/a.csv",
    ),
    ("mbox of one", lambda rows: mailboxed([message(lines(rows), cte="base64")]), ""),
    (
        "mboxcl2",
        lambda rows: with_lengths(
            [
                message("hello\n\nFrom me to you\nSubject: quoted\n").as_bytes(),
                message(lines(rows), cte="base64").as_bytes(),
            ]
        ),
        "!/2",
    ),
    ("winmail.dat", lambda rows: winmail(lines(rows), "a.zip", b"x"), ""),
    ("winmail.dat with a file", lambda rows: winmail("x", "a.zip", zipped(rows)), "!/a.zip!/a.csv"),
    (
        "winmail.dat in a mail",
        lambda rows: attached(winmail("x", "a.zip", zipped(rows)), "winmail.dat").as_bytes(),
        "!/winmail.dat!/a.zip!/a.csv",
    ),
    ("msg", lambda rows: outlook(lines(rows)), ""),
    ("msg with a page", lambda rows: outlook(page=table(rows)), ""),
    ("msg with a file", lambda rows: outlook("x", attach=("a.zip", zipped(rows))), "!/a.zip!/a.csv"),
    ("msg in msg", outlook_forwarded, "!/forwarded"),
]
"""The name, how it is made of rows of cells, the way in to their text."""
