"""Accounts of a Unix system: passwd, and beside it shadow, group and sudoers, as far as they may be read."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from trapstreet.core.model.accounts import UNTOLD_USE, Account, Flaw, Form, Group, Identities
from trapstreet.core.model.errors import TrapstreetError
from trapstreet.plugins.identities import contents, text_of

title = "/etc/passwd, with what lies beside it"
schemes = ()

_LINE = re.compile(r"[^:\n]+:[^:\n]*:\d+:\d+:[^:\n]*:[^:\n]*:[^:\n]*")
_DAY = 86_400_000_000
_NO_SHELL = ("/nologin", "/false", "/sync", "/halt", "/shutdown")
_MIGHTY = {
    "sudo": "becomes root", "wheel": "becomes root", "docker": "becomes root", "lxd": "becomes root",
    "root": "reads what root's group may", "disk": "reads every file", "shadow": "reads hashes of passwords",
}  # fmt: skip
_WEAK = re.compile(r"\$1\$|[./0-9A-Za-z]{13}$")
"""MD5-crypt and the DES of crypt(3)."""
_SUDOERS = Path("/etc/sudoers")
"""Where it is missing there is no sudo; beside a copy of passwd it may only not have been copied."""
_EVERYTHING = re.compile(r"^(?P<who>%?[^\s#]+)\s+\S+\s*=\s*(?:\([^)]*\)\s*)?(?P<quiet>NOPASSWD:\s*)?ALL\s*$")


def recognises(head: str) -> bool:
    lines = [line for line in head.splitlines()[:-1] or head.splitlines() if line.strip()]
    return bool(lines) and all(map(_LINE.fullmatch, lines))


def identities(location: str, *, verifiers: bool) -> Identities:
    """The accounts of a system that have a password or a shell. Raises UnusableInput and AccessDenied."""
    folder = Path(location).parent
    found = Identities(location, "Unix accounts")
    found.untold += [UNTOLD_USE, "second factors"]
    shadow = dict(
        _fields(folder / "shadow", found, "in which form passwords are kept, and when they were set")
    )
    for line in text_of(contents(location)).splitlines():
        if not _LINE.fullmatch(line):
            continue
        name, kept, number, primary, *_, shell = line.split(":")
        if not shell.endswith(_NO_SHELL):
            found.accounts.append(_account(name, kept, int(number), shadow.get(name)))
            found.memberships.append((name, f"gid {primary}"))
    for name, rest in _fields(folder / "group", found, "groups"):
        _, number, members = [*rest, "", "", ""][:3]
        found.groups.append(Group(f"%{name}", _MIGHTY.get(name, "")))
        found.memberships += [(each, f"%{name}") for each in members.split(",") if each]
        found.memberships.append((f"gid {number}", f"%{name}"))
    _sudoers(folder, found)
    return found


def _fields(path: Path, found: Identities, what: str) -> Iterator[tuple[str, list[str]]]:
    try:
        text = text_of(contents(str(path)))
    except TrapstreetError:
        found.unknown.append(f"{what}: {path.name} is not there, or may not be read")
        return
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, *rest = line.split(":")
            yield name, rest


def _account(name: str, kept: str, number: int, shadow: list[str] | None) -> Account:
    text = shadow[0] if shadow and kept == "x" else None if kept == "x" else kept
    form = None if text is None else _form(text)
    changed, longest, ends = ((shadow or [])[at : at + 1] or [""] for at in (1, 3, 6))
    flaws = {Flaw.EMPTY} if form is Form.NONE else set()
    if form is Form.MD5:
        flaws.add(Flaw.WEAK_FORM)
    days = [
        int(each[0]) if each[0].isdecimal() and len(each[0]) < 7 else None
        for each in (changed, longest, ends)
    ]
    return Account(
        name=name,
        # A locked password does not keep keys out.
        enabled=True,
        form=form,
        rules="is root" if number == 0 else "",
        password_set=days[0] * _DAY if days[0] else None,
        password_expires=None if shadow is None else days[1] is not None and days[1] < 99_999,
        expires=days[2] * _DAY if days[2] else None,
        flaws=frozenset(flaws),
    )


def _form(text: str) -> Form:
    if not text:
        return Form.NONE
    if text.startswith(("!", "*")):
        return Form.LOCKED
    return Form.MD5 if _WEAK.match(text) else Form.OTHER


def _sudoers(folder: Path, found: Identities) -> None:
    """Who may run everything as root by a line of its own; aliases are not followed."""
    files = [folder / "sudoers"]
    with suppress(OSError):
        files += sorted(each for each in (folder / "sudoers.d").iterdir() if "." not in each.name)
    found.groups.append(Group("sudoers", "becomes root"))
    for path in files:
        try:
            text = text_of(contents(str(path)))
        except TrapstreetError:
            if path != _SUDOERS or path.exists():
                found.unknown.append(
                    f"who becomes root by sudo: {path.name} is not there, or may not be read"
                )
            continue
        for line in text.splitlines():
            if (rule := _EVERYTHING.match(line.strip())) and rule["who"] not in ("root", "Defaults"):
                found.memberships.append((rule["who"], "sudoers"))
