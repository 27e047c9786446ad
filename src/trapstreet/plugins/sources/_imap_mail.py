"""Names of folders as IMAP writes them (RFC 3501, 5.1.3), and the mails that are put into folders."""

from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256


def readable(name: str) -> str:
    """A folder's name as people read it; as it is where it cannot be decoded."""
    from imapclient import imap_utf7

    try:
        return str(imap_utf7.decode(name.encode("latin-1")))
    except ValueError:
        return name


def encoded(name: str) -> str:
    """A folder's name as the server has it. INBOX is called so however it is written."""
    from imapclient import imap_utf7

    return "INBOX" if name.upper() == "INBOX" else str(imap_utf7.encode(name).decode())


def chosen(there: Iterable[tuple[str, str]], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The folders of these names and those in them, all where there is none; and the names that none has.

    there  folders as the server has them, and what stands between folders in their names
    """
    if not names:
        return sorted(name for name, _ in there), []
    found, missing = set[str](), []
    for each in map(encoded, names):
        inside = {
            name for name, between in there if name == each or (between and name.startswith(each + between))
        }
        if not inside:
            missing.append(each)
        found |= inside
    return sorted(found), missing


def id_of(path: str) -> str:
    """What the mail is known by that was put at a path."""
    return f"<{sha256(path.encode(errors='surrogateescape')).hexdigest()[:40]}@localhost>"


def mail_of(path: str, content: bytes) -> bytes:
    """A mail that has the content attached; the same each time."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = path
    mail["Message-ID"] = id_of(path)
    mail.set_content(content, maintype="application", subtype="octet-stream", filename=path)
    return mail.as_bytes()
