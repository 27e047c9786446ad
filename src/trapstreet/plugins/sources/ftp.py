"""FTP servers, with and without TLS.

Folders are listed by MLSD, or by LIST where a server has no other; their links are not followed.
"""

import ftplib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, cast

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins._connecting import failure, tls_context
from trapstreet.plugins.sources import Changed, Later
from trapstreet.plugins.sources._address import Account, address_of, login_of
from trapstreet.plugins.sources._flow import exactly
from trapstreet.plugins.sources._ftp_control import Busy, Control, quoted, unwired, wire
from trapstreet.plugins.sources._ftp_listing import facts_entry, listed_entry, text_of, time_of
from trapstreet.plugins.sources._kept import Kept, Refused
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import Blocks
from trapstreet.plugins.sources._tree import MOST, Entry, lies_below, walk

title = "FTP servers"
schemes = ("ftp", "ftps")
reveals = "Logins, and each file that is read, in the server's log."

_PASSWORD = "TRAPSTREET_FTP_PASSWORD"  # noqa: S105 - the variable's name
_BUSY_SECONDS = 300.0
_PORTS = {"ftp": 21, "ftps": 990}
_LOST = (OSError, EOFError, ftplib.Error)


class settings(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):  # noqa: N801 - the kind's
    """Anonymous where there is no user."""

    plain: Annotated[bool, option("send the password without TLS where it is ftp://")] = False
    ca: Annotated[
        Path | None,
        option("certificates of the authorities to trust, PEM", "FILE"),
    ] = None


def source(settings: settings) -> "_Ftp":
    return _Ftp(settings)


class _Ftp:
    def __init__(self, settings: settings) -> None:
        self._url = settings.url
        self._address = address_of(settings.url, variable=_PASSWORD)
        self._port = self._address.port or _PORTS[self._address.scheme]
        self._user, self._password = login_of(settings, self._address, variable=_PASSWORD)
        if self._user and not self._password:
            raise UnusableInput(
                f"no password for {self._address.shown()}",
                hint=f"give a file with --password-file, or set {_PASSWORD}; without a user it is anonymous",
            )
        self._context = tls_context(settings.ca)
        self._tls = bool(self._user) and not settings.plain
        self._readers = "" if self._user else "everybody"
        self._top, self._facts = "", False
        self._kept = Kept(
            self._entered, close=Control.leave, alive=Control.alive, lost=_LOST, failed=self._failed
        )

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        return walk(self, cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        return self._kept.asked_for_object(lambda control: self._opened(control, ref, start, end))

    def put(self, path: str, content: bytes) -> str:
        def write(control: Control) -> None:
            with suppress(FileNotFoundError):
                self._looked(control, self._path(path))
                raise FileExistsError(f"{self.shown(path)} is there already")
            control.send(f"STOR {wire(self._path(path))}", content)

        self._kept.asked_for_object(write)
        return self.shown(path)

    def remove(self, path: str) -> None:
        self._kept.asked_for_object(lambda control: control.ask(f"DELE {wire(self._path(path))}"))

    def close(self) -> None:
        self._kept.drop()

    def shown(self, path: str) -> str:
        return self._address.shown(path)

    def look(self, path: str) -> Entry:
        return self._kept.asked(lambda control: self._looked(control, self._path(path)))

    def entries(self, path: str) -> Iterable[Entry]:
        return self._kept.asked(lambda control: [*islice(self._listed(control, path), MOST + 1)])

    def _path(self, path: str) -> str:
        return f"{self._top}/{self._address.below(path)}"

    def _entered(self) -> Control:
        control = Control(self._context)
        try:
            self._enter(control)
        except BaseException:
            control.close()
            raise
        return control

    def _enter(self, control: Control) -> None:
        host = self._address.host
        control.meet(host, self._port, implicit=self._address.scheme == "ftps")
        if self._tls and self._address.scheme == "ftp":
            try:
                control.secure()
            except Refused:
                raise UnusableInput(
                    f"{host} offers no TLS, and the password is not sent without",
                    hint="write ftps:// if it has TLS from the beginning; --plain sends it in the clear",
                ) from None
        password = self._password.reveal() if self._password else "anonymous@"
        try:
            control.enter(self._user or "anonymous", password)
        except Refused:
            hint = "look at user and password" if self._user else "give a user"
            raise AccessDenied(f"{host} does not let us in", hint=hint) from None
        with suppress(Refused):
            self._facts = " MLST" in control.ask("FEAT").upper()
            control.ask("OPTS UTF8 ON")
        home = "" if _is_absolute(self._url) else quoted(control.ask("PWD"))
        self._top = home.rstrip("/")

    def _looked(self, control: Control, path: str) -> Entry:
        if self._facts:
            try:
                lines = control.ask(f"MLST {wire(path)}").splitlines()
            except Refused as error:
                raise FileNotFoundError(str(error)) from None
            found = facts_entry(unwired(lines[1]).lstrip(" ")) if len(lines) == 3 else None
            return found[0] if found else Entry("", folder=True)
        try:
            size = int(control.ask(f"SIZE {wire(path)}")[4:])
        except (Refused, ValueError):
            try:
                control.ask(f"CWD {wire(path)}")
            except Refused as error:
                raise FileNotFoundError(str(error)) from None
            return Entry("", folder=True)
        modified = None
        with suppress(Refused):
            modified = control.ask(f"MDTM {wire(path)}")[4:]
        return Entry("", version=f"{size} {modified}", size=size, modified=time_of(modified or ""))

    def _listed(self, control: Control, path: str) -> Iterator[Entry]:
        at = self._path(path)
        control.ask(f"CWD {wire(at)}")
        parsed = facts_entry if self._facts else listed_entry
        for line in control.lines("MLSD" if self._facts else "LIST"):
            found = parsed(text_of(line))
            if found is None:
                continue
            entry, target = found
            if not (target and lies_below(target, at, self._path("").strip("/"))):
                yield replace(entry, readers=self._readers)

    def _opened(self, control: Control, ref: Ref, start: int, end: int | None) -> BinaryIO:
        path = self._path(self._address.relative(ref.path))
        now = self._looked(control, path)
        if now.folder or (now.version != ref.version if self._facts else now.size != ref.size):
            raise Changed("it has changed since it was listed")
        if start in (end, ref.size):
            return BytesIO()
        transfer = control.receive(f"RETR {wire(path)}", start=start)
        promised = None if ref.size is None else max(0, min(ref.size, end or ref.size) - start)
        blocks = exactly(self._watched(transfer.blocks()), promised, more=end is not None and end != ref.size)
        return cast(BinaryIO, Blocks(blocks, size=promised, close=transfer.close))

    def _watched(self, came: Iterator[bytes]) -> Iterator[bytes]:
        while block := self._kept.asked_for_object(lambda _: next(came, b"")):
            yield block

    def _failed(self, error: BaseException) -> TrapstreetError:
        host = self._address.host
        if isinstance(error, Busy):
            return Later(f"{host} has too many users", hint="it is tried later", seconds=_BUSY_SECONDS)
        return failure(error, host, self._port)


def _is_absolute(url: str) -> bool:
    """Whether the path begins at the server's root, not in the user's folder: ftp://host//srv."""
    return url.partition("://")[2].partition("/")[2].lower().startswith(("/", "%2f"))
