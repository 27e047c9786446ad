"""Repositories of other machines, fetched whole by the program git."""

import hashlib
import os
import shlex
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import SplitResult, unquote, urlunsplit

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.core.model.urls import password_of
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.sources import Later, Place
from trapstreet.plugins.sources._gitobjects import objects, opened
from trapstreet.plugins.sources._gitprocess import Failed
from trapstreet.plugins.sources._gitprogram import Git
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._reaching import reachable

_TIPS = 1000
"""States that a cursor names; of what others lead to, some is listed again."""

_PAUSE = 900.0


class Settings(Place, frozen=True, forbid_unknown_fields=True, kw_only=True):
    user: Annotated[str, option("the user's name, where it is not in the address", "NAME")] = ""
    token_file: Annotated[Path | None, option("a file with the password or access token", "FILE")] = None
    key_file: Annotated[Path | None, option("the private key for ssh; else the user's own", "FILE")] = None
    known_hosts: Annotated[Path | None, option("the keys of hosts for ssh; else the user's", "FILE")] = None
    ca: Annotated[Path | None, option("the authority's certificate, PEM", "FILE")] = None


class Remote:
    def __init__(self, parts: SplitResult, port: int, settings: Settings) -> None:
        self._host, self._port = parts.hostname or "", port
        given = secret(settings.token_file, what="the token") if settings.token_file else None
        token = given or password_of(settings.url)
        user = settings.user or unquote(parts.username or "")
        where = parts.netloc.rpartition("@")[2]
        login = f"{user}@" if user and parts.scheme == "ssh" else ""
        self._url = urlunsplit(parts._replace(netloc=login + where, query="", fragment=""))
        self._shown = printable(urlunsplit(parts._replace(netloc=where, query="", fragment="")))
        self._readers = "" if user or token or parts.scheme == "ssh" else "everybody"
        self._settings = {f"protocol.{parts.scheme}.allow": "always"}
        if settings.ca:
            self._settings["http.sslCAInfo"] = str(settings.ca.resolve())
        if token:
            login = b64encode(f"{user or 'git'}:{token.reveal()}".encode()).decode()
            root = urlunsplit((parts.scheme, where, "/", "", ""))
            self._settings[f"http.{root}.extraHeader"] = f"Authorization: Basic {login}"
        if parts.scheme == "ssh":
            self._settings["core.sshCommand"] = _ssh(settings)
        self._git: Git | None = None
        self._cloned = ""

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Raises Unreachable, AccessDenied, UnusableInput, Later as the server answers."""
        reachable(self._host, self._port)
        git = self._ours()
        tips, state = self._tips(git)
        known, *before = cursor.split(" ")
        if cursor and known == state:
            yield Mark(cursor)
            return
        self._fetched(git, state)
        yield from objects(git, self._shown, without=before, readers=self._readers)
        yield Mark(" ".join([state, *tips[:_TIPS]]), whole=not cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        try:
            git = self._ours()
            if not self._cloned:
                reachable(self._host, self._port)
                self._fetched(git, "?")
        except TrapstreetError as error:
            raise OSError(str(error)) from error
        return opened(git, ref.handle, start, end)

    def close(self) -> None:
        if self._git:
            self._git.close()
        self._git, self._cloned = None, ""

    def _ours(self) -> Git:
        self._git = self._git or Git(self._settings)
        return self._git

    def _tips(self, git: Git) -> tuple[Sequence[str], str]:
        """The ids of all branches and tags, and a text that is another one when one of them is."""
        try:
            said = git.said("ls-remote", "--", self._url)
        except Failed as error:
            raise self._why(error) from error
        ids = {line.partition(b"\t")[0].decode(errors="replace") for line in said.splitlines()}
        return sorted(ids), hashlib.sha256(said).hexdigest()

    def _fetched(self, git: Git, state: str) -> None:
        if self._cloned == state:
            return
        self._cloned = ""
        try:
            git.clone(self._url)
        except Failed as error:
            raise self._why(error) from error
        self._cloned = state

    def _why(self, error: Failed) -> TrapstreetError:
        for words, kind, message, hint in _SAID:
            if any(each in error.said for each in words):
                more: dict[str, Any] = {"seconds": _PAUSE} if kind is Later else {}
                return kind(f"{self._shown}: {message}", hint=hint, **more)
        return Unreachable(f"{self._shown}: no repository could be fetched", hint="try git ls-remote there")


def _ssh(settings: Settings) -> str:
    """How ssh is called: it asks nothing, and trusts no host that it does not know."""
    command = ["ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=20"]
    command += ["-oServerAliveInterval=15", "-oServerAliveCountMax=4", "-oPermitLocalCommand=no"]
    if settings.key_file:
        command += ["-oIdentitiesOnly=yes", "-i", str(settings.key_file.resolve())]
    if settings.known_hosts:
        command += [f"-oUserKnownHostsFile={_within(settings.known_hosts)}", "-oGlobalKnownHostsFile=none"]
    return shlex.join(command)


def _within(file: Path) -> str:
    return f'"{os.fspath(file.resolve())}"'  # ssh takes blanks for the space between two files


_SAID: Sequence[tuple[tuple[str, ...], type[TrapstreetError], str, str]] = [
    (
        ("Host key verification failed", "REMOTE HOST IDENTIFICATION"),
        UnusableInput,
        "the host's key is not a known one",
        "add its line (ssh-keyscan) to known_hosts once you have compared it",
    ),
    (
        ("certificate", "self-signed", "unable to get local issuer"),
        UnusableInput,
        "its certificate is not trusted",
        "mend it there, or name its authority's PEM file as ca",
    ),
    (("error: 429",), Later, "it has had enough of us for now", "it is tried again"),
    (
        ("Authentication failed", "could not read", "error: 403", "error: 401", "Permission denied"),
        AccessDenied,
        "it does not let us in",
        "give a user and token_file (or key_file for ssh) that may read it",
    ),
    (
        ("unable to update url base", "error: 30"),
        Unreachable,
        "it has moved",
        "give the address that it redirects to",
    ),
    (
        ("not found", "not exported", "does not appear to be a git repository", "error: 404"),
        Unreachable,
        "there is no repository, or none that we may see",
        "check the address",
    ),
    (
        ("No space left", "index-pack died of signal 25", "File size limit"),
        Unreachable,
        "it is larger than half of the free space of the temporary folder",
        "set TMPDIR to a larger one",
    ),
]
