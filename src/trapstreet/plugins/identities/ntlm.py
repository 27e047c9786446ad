"""Windows' password hashes, exported by who may: by Samba's `pdbedit -L -w`, or as NAME:RID:LM:NT::: lines.

Whoever has such a file can log in as everybody in it: make it where it is checked, and delete it.
"""

import re
from collections.abc import Iterator

from trapstreet.core.model.accounts import UNTOLD_USE, Account, Flaw, Form, Identities, Verifier
from trapstreet.core.model.protected import Protected
from trapstreet.plugins.identities import contents, text_of

title = "an export of Windows' password hashes"
schemes = ()

_LINE = re.compile(
    r"(?P<name>[^:]+):(?P<id>\d+):(?P<lm>[0-9A-Fa-f]{32}|X{32}|[^:]{0,64}):(?P<nt>[0-9A-Fa-f]{32}|X{32}|[^:]{0,64}):"
    r"(?:\[(?P<flags>[A-Z ]+)\]:LCT-(?P<set>[0-9A-Fa-f]{8}):|:*.*)"
)
_HASH = re.compile(r"[0-9A-Fa-f]{32}")
_EMPTY_LM, _EMPTY_NT = "aad3b435b51404eeaad3b435b51404ee", "31d6cfe0d16ae931b73c59d7e0c089c0"
_HISTORY = re.compile(r"_history\d+$")


def recognises(head: str) -> bool:
    first = next((line for line in head.splitlines() if line.strip()), "")
    found = _LINE.fullmatch(first.strip())
    return found is not None and any(
        _HASH.fullmatch(found[each]) or set(found[each]) == {"X"} for each in ("lm", "nt")
    )


def identities(location: str, *, verifiers: bool) -> Identities:
    """The accounts of an export, without computers. Raises UnusableInput and AccessDenied."""
    found = Identities(location, "an export of password hashes")
    found.untold += [UNTOLD_USE, "second factors"]
    strange = 0
    for line in text_of(contents(location)).splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None:
            strange += bool(line.strip())
        elif not match["name"].endswith("$") and not _HISTORY.search(match["name"]):
            found.accounts.append(_account(match))
            if verifiers:
                found.verifiers += _verifier(match)
    if strange:
        found.unknown.append(f"{strange} lines of {location}: not as such exports are written")
    return found


def _account(line: re.Match[str]) -> Account:
    flags, nt, lm = line["flags"] or "", line["nt"].lower(), line["lm"].lower()
    form = Form.NTLM if _HASH.fullmatch(nt) else Form.LOCKED
    flaws = set()
    if nt == _EMPTY_NT or "N" in flags:
        form = Form.NONE
        flaws.add(Flaw.EMPTY)
    if _HASH.fullmatch(lm) and lm != _EMPTY_LM:
        flaws.add(Flaw.WEAK_FORM)
    changed = int(line["set"], 16) * 1_000_000 if line["set"] else 0
    return Account(
        name=line["name"],
        enabled="D" not in flags if flags else None,
        form=form,
        password_set=changed or None,
        password_expires=False if "X" in flags else None,
        flaws=frozenset(flaws),
    )


def _verifier(line: re.Match[str]) -> Iterator[Verifier]:
    if _HASH.fullmatch(line["nt"]) and line["nt"].lower() != _EMPTY_NT:
        yield Verifier(line["name"], Form.NTLM, Protected(bytes.fromhex(line["nt"])))
