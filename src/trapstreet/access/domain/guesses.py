"""Which accounts use a password of a list, by what a place keeps of their passwords.

Nothing of a password or a hash is told: only names of accounts.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor

from trapstreet.core.maths.md4 import md4
from trapstreet.core.model.accounts import Form, Verifier

DERIVED_ROUNDS = 160_000_000
"""Rounds of PBKDF2 that are spent in all: 40 s of one core."""

_MOST_ROUNDS = 1_000_000


class Guesses:
    """Verifiers to try passwords against.

    found  accounts whose password was among those tried
    """

    def __init__(self, verifiers: Iterable[Verifier]) -> None:
        self.found: set[str] = set()
        self._alike: dict[Form, dict[bytes, list[str]]] = {}
        self._salted: list[Verifier] = []
        self._derived: list[Verifier] = []
        self._tried = 0
        for each in verifiers:
            if each.form is Form.SCRAM:
                if each.rounds <= _MOST_ROUNDS:
                    self._derived.append(each)
            elif each.salt.reveal():
                self._salted.append(each)
            else:
                self._alike.setdefault(each.form, {}).setdefault(each.value.reveal(), []).append(each.account)
        rounds = sum(each.rounds for each in self._derived)
        self.derives = DERIVED_ROUNDS // rounds if rounds else 0
        """How many of the list's passwords are tried where each takes a millisecond: the first ones."""

    @property
    def derived(self) -> list[str]:
        """The accounts that only the first `derives` passwords are tried with."""
        return sorted({each.account for each in self._derived})

    @property
    def was_cut(self) -> bool:
        """Whether some accounts were not tried with all that was on the list."""
        return bool(self._derived) and self._tried > self.derives

    def tries(self, form: Form | None) -> set[str]:
        """The accounts that a list of hashes of this form is for; None: a list of passwords."""
        if form is None:
            several = [*self._salted, *self._derived]
            forms = list(self._alike)
        else:
            several, forms = [], [form]
        names = {each.account for each in several}
        for each in forms:
            for accounts in self._alike.get(each, {}).values():
                names.update(accounts)
        return names

    def same(self) -> list[list[str]]:
        """Accounts that have one password, as far as a form without salt shows it."""
        return [sorted(each) for kept in self._alike.values() for each in kept.values() if len(each) > 1]

    def look_up(self, form: Form, holds: Callable[[bytes], bool]) -> None:
        """Ask a list of hashes of one form for each account."""
        for value, accounts in self._alike.get(form, {}).items():
            if holds(value):
                self.found.update(accounts)

    def attempt(self, passwords: Sequence[bytes], pool: Executor) -> None:
        """Try some more passwords of a list, in its order."""
        for form, values in self._alike.items():
            for digest in _digests(form, passwords):
                if accounts := values.get(digest):
                    self.found.update(accounts)
        for each in self._salted:
            if each.account not in self.found and _fits_salted(each, passwords):
                self.found.add(each.account)
        first = passwords[: max(0, self.derives - self._tried)]
        self._tried += len(passwords)
        if first:
            prepared = [_prepared(each) for each in first]
            left = [each for each in self._derived if each.account not in self.found]
            for each, fits in zip(
                left, pool.map(lambda one: _fits_derived(one, prepared), left), strict=True
            ):
                if fits:
                    self.found.add(each.account)


def _digests(form: Form, passwords: Sequence[bytes]) -> Sequence[bytes]:
    match form:
        case Form.NTLM:
            return md4([_text(each).encode("utf-16-le", "surrogatepass") for each in passwords])
        case Form.NATIVE:
            sha1 = hashlib.sha1
            return [sha1(sha1(each).digest()).digest() for each in passwords]
        case Form.LDAP_SHA1:
            return [hashlib.sha1(each).digest() for each in passwords]  # noqa: S324 - theirs
        case Form.CLEAR:
            return passwords
        case _:
            return ()


def _fits_salted(verifier: Verifier, passwords: Sequence[bytes]) -> bool:
    salt, value = verifier.salt.reveal(), verifier.value.reveal()
    digest = hashlib.md5 if verifier.form is Form.MD5 else hashlib.sha1
    return any(digest(each + salt).digest() == value for each in passwords)


def _fits_derived(verifier: Verifier, passwords: Sequence[bytes]) -> bool:
    """SCRAM's StoredKey (RFC 5802, 3)."""
    salt, value = verifier.salt.reveal(), verifier.value.reveal()
    for each in passwords:
        salted = hashlib.pbkdf2_hmac("sha256", each, salt, verifier.rounds)
        if hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest() == value:
            return True
    return False


def _prepared(password: bytes) -> bytes:
    return password if password.isascii() else unicodedata.normalize("NFKC", _text(password)).encode()


def _text(password: bytes) -> str:
    try:
        return password.decode()
    except UnicodeDecodeError:
        return password.decode("latin-1")
