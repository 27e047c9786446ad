"""Lists of users that identity providers export as CSV: Entra ID, Okta, Google Workspace, AWS, and others.

Known by their headers: one that names the account, and one at least that says something of it.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trapstreet.core.model.accounts import UNTOLD_USE, Account, Form, Identities
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins.identities import contents, text_of
from trapstreet.plugins.identities._csv_cells import Times, never, yes

title = "a CSV export of an identity provider"
schemes = ()

# What columns are called, as `_plain` writes it. Sources: Microsoft's "Download a list of users" and Graph's
# userRegistrationDetails; Okta's reports "Password Health" and "MFA Enrollment by User"; the header of
# Google's "Download users"; AWS' "credential report".
_NAMES = (
    "userprincipalname upn emailaddress login username useremail primaryemail samaccountname email user"
    " account"
).split()
_COLUMNS = {
    "enabled": "accountenabled enabled isaccountenabled blockcredential suspended status userstatus".split(),
    "last_use": (
        "lastsignindatetime lastsuccessfulsignindatetime lastnoninteractivesignindatetime"
        " signinactivitylastsignindatetime signinactivitylastsuccessfulsignindatetime"
        " signinactivitylastnoninteractivesignindatetime lastinteractivesignindatetime lastsignin lastlogin"
        " lastlogindate lastlogon lastlogondate passwordlastused"
    ).split(),
    "made": "createddatetime creationdate created whencreated activationdate usercreationtime".split(),
    "password_set": (
        "lastpasswordchangedatetime lastpasswordchange lastpasswordchangetimestamp passwordlastset"
        " passwordlastchanged"
    ).split(),
    "never_expires": "passwordneverexpires passwordpolicies".split(),
    "mfa": (
        "ismfacapable multifactorauthenticationcapable mfacapable ismfaregistered mfaregistered"
        " multifactorauthenticationregistered 2svenrolled mfaactive mfaenabled mfa mfastatus 2fa twofactor"
    ).split(),
    "factors": "authenticatorcount factorcount".split(),
    "rules": "isadmin userisadmin superadmin isadministrator admin".split(),
    "signs_in": "passwordenabled".split(),
}
_REVERSED = frozenset(("blockcredential", "suspended"))
_NOTES = re.compile(r"\[[^]]*\]|\([^)]*\)")
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class _Header:
    """Where what stands: plain name and number of the columns that are known, the best of a kind first."""

    name: int
    aliases: tuple[int, ...]
    columns: Mapping[str, Sequence[tuple[str, int]]]


def recognises(head: str) -> bool:
    rows = _rows("\n".join(head.splitlines()[:2]))
    return bool(rows) and _header(rows[0]) is not None


def identities(location: str, *, verifiers: bool) -> Identities:
    """The accounts of an export. Raises UnusableInput and AccessDenied."""
    rows = _rows(text_of(contents(location)))
    header = _header(rows[0]) if rows else None
    if header is None:
        raise UnusableInput(
            f"{location} is no export of users", hint="its first line has to name the columns"
        )
    found = Identities(location, "an identity provider's export", export=True)
    lines = [row for row in rows[1:] if len(row) > header.name and row[header.name].strip()]
    if short := len(rows) - 1 - len(lines):
        found.unknown.append(f"{short} lines of {location}: they name nobody")
    table = _Table(header, lines)
    found.accounts += [table.account(row) for row in lines]
    found.unknown += [
        f"times in column {printable(rows[0][number])}: day and month cannot be told apart"
        for number in table.unclear()
    ]
    found.untold += table.untold()
    return found


class _Table:
    """The lines of one export."""

    def __init__(self, header: _Header, lines: Sequence[Sequence[str]]) -> None:
        self._header = header
        self._times = {
            number: Times(row[number] for row in lines if len(row) > number)
            for what in ("last_use", "made", "password_set")
            for _, number in header.columns.get(what, ())
        }

    def account(self, row: Sequence[str]) -> Account:
        aliases = [row[number].strip() for number in self._header.aliases if len(row) > number]
        last_use = self._at(row, "last_use")
        never_used = last_use is None and any(map(never, self._cells(row, "last_use")))
        signs_in = yes(self._cell(row, "signs_in"))
        return Account(
            name=row[self._header.name].strip(),
            aliases=tuple(each for each in aliases if "@" in each),
            enabled=self._enabled(row),
            made=self._at(row, "made"),
            last_use=last_use,
            never_used=True if never_used and signs_in is not False else None,
            password_set=self._at(row, "password_set"),
            password_expires=_expires(self._cell(row, "never_expires")),
            mfa=None if signs_in is False else self._mfa(row),
            form=Form.LOCKED if signs_in is False else None,
            rules="administrator" if yes(self._cell(row, "rules")) else "",
        )

    def unclear(self) -> list[int]:
        """Columns whose times could be read in two ways."""
        return [number for number, times in self._times.items() if times.unclear]

    def untold(self) -> list[str]:
        """What no column says."""
        words = {
            "last_use": UNTOLD_USE,
            "mfa": "second factors",
            "enabled": "who is disabled",
        }
        known = {*self._header.columns, *(["mfa"] if "factors" in self._header.columns else [])}
        return [text for what, text in words.items() if what not in known]

    def _cells(self, row: Sequence[str], what: str) -> list[str]:
        return [row[number] for _, number in self._header.columns.get(what, ()) if number < len(row)]

    def _cell(self, row: Sequence[str], what: str) -> str:
        return next(iter(self._cells(row, what)), "")

    def _at(self, row: Sequence[str], what: str) -> int | None:
        """The latest of all that columns of a kind say: logins by a person, and by what runs for them."""
        columns = [number for _, number in self._header.columns.get(what, ()) if number < len(row)]
        found = [self._times[number].at(row[number]) for number in columns]
        return max((each for each in found if each is not None), default=None)

    def _enabled(self, row: Sequence[str]) -> bool | None:
        says = yes(self._cell(row, "enabled"))
        reversed_ = says is not None and self._header.columns["enabled"][0][0] in _REVERSED
        return not says if reversed_ else says

    def _mfa(self, row: Sequence[str]) -> bool | None:
        factors = self._cell(row, "factors").strip()
        if factors.isascii() and factors.isdigit():
            return int(factors[:4]) > 1
        return yes(self._cell(row, "mfa"))


def _expires(cell: str) -> bool | None:
    """Of "password never expires", or of Entra's list of policies."""
    if "disablepasswordexpiration" in cell.lower():
        return False
    says = yes(cell)
    return None if says is None else not says


def _header(cells: Sequence[str]) -> _Header | None:
    plain = [_plain(each) for each in cells]
    naming = [plain.index(each) for each in _NAMES if each in plain]
    columns = {
        what: found
        for what, names in _COLUMNS.items()
        if (found := [(each, plain.index(each)) for each in names if each in plain])
    }
    return _Header(naming[0], tuple(naming[1:]), columns) if naming and columns else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _NOTES.sub("", name.lower()))


def _rows(text: str) -> list[list[str]]:
    """All lines of cells; Excel's first line `sep=;` says by what they are parted."""
    first, _, rest = text.partition("\n")
    delimiter = max(_DELIMITERS, key=first.count)
    if first.startswith("sep=") and len(first.strip()) == 5:
        delimiter, text = first.strip()[4], rest
    try:
        return [row for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter) if row]
    except csv.Error as error:
        raise UnusableInput(f"not to be read as CSV: {error}", hint="export it again") from None
