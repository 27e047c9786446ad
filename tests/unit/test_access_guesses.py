"""Passwords of a list, tried against what places keep."""

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

import pytest

from trapstreet.access.domain import guesses
from trapstreet.access.domain.guesses import Guesses
from trapstreet.core.maths.md4 import md4
from trapstreet.core.model.accounts import Form, Verifier
from trapstreet.core.model.protected import Protected

# RFC 1320, A.5.
MD4 = {
    "": "31d6cfe0d16ae931b73c59d7e0c089c0",
    "a": "bde52cb31de33e46245e05fbdbd6fb24",
    "abc": "a448017aaf21d8525fc10ae87aa6729d",
    "message digest": "d9130a8164549fe818874806e1c7014b",
    "abcdefghijklmnopqrstuvwxyz": "d79e1c308aa5bbcdeea8ed63df412da9",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789": "043f8582f241db351ce627e153e7f0e4",
    "1234567890" * 8: "e33b4ddc9c38f2199c3e7b164fcc0536",
}


def test_md4_is_that_of_its_standard() -> None:
    assert [each.hex() for each in md4([text.encode() for text in MD4])] == [*MD4.values()]


def scram(account: str, password: str, *, rounds: int = 64, salt: bytes = b"salt") -> Verifier:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return Verifier(account, Form.SCRAM, Protected(key), Protected(salt), rounds)


def plain(account: str, form: Form, digest: bytes, salt: bytes = b"") -> Verifier:
    return Verifier(account, form, Protected(digest), Protected(salt))


def kept(account: str, form: Form, password: str) -> Verifier:
    data = password.encode()
    match form:
        case Form.SCRAM:
            return scram(account, password)
        case Form.MD5:
            return plain(account, form, hashlib.md5(data + account.encode()).digest(), account.encode())
        case Form.NATIVE:
            return plain(account, form, hashlib.sha1(hashlib.sha1(data).digest()).digest())
        case Form.LDAP_SHA1:
            return plain(account, form, hashlib.sha1(data + b"pepper").digest(), b"pepper")
        case Form.NTLM:
            return plain(account, form, md4([password.encode("utf-16-le")])[0])
        case _:
            return plain(account, form, data)


FORMS = [Form.SCRAM, Form.MD5, Form.NATIVE, Form.LDAP_SHA1, Form.NTLM, Form.CLEAR]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("password", ["letmein", "pässwörd€", "x" * 100])
def test_a_password_of_the_list_is_found_and_another_is_not(form: Form, password: str) -> None:
    tried = Guesses([kept("anna", form, password), kept("bert", form, "Letmein")])
    with ThreadPoolExecutor(2) as pool:
        tried.attempt([b"123456", password.encode(), b"\xff\xfe"], pool)
    assert tried.found == {"anna"}
    assert tried.tries(None) == {"anna", "bert"}
    assert not tried.was_cut


def test_the_example_of_the_standard_is_recognised() -> None:
    """RFC 7677, 3: "pencil", by what the client and the server of the example say."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    said = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    made = scram("user", "pencil", rounds=4096, salt=salt)
    signature = hmac.digest(made.value.reveal(), said, "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == made.value.reveal()
    tried = Guesses([made])
    with ThreadPoolExecutor(1) as pool:
        tried.attempt([b"pencil"], pool)
    assert tried.found == {"user"}


def test_what_takes_long_is_bounded_by_the_first_passwords_of_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guesses, "DERIVED_ROUNDS", 64 * 2 * 10)
    tried = Guesses([scram("early", "p9"), scram("late", "p10")])
    assert tried.derives == 10
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, 40, 4):
            tried.attempt([f"p{n}".encode() for n in range(start, start + 4)], pool)
    assert tried.found == {"early"}
    assert tried.derived == ["early", "late"]
    assert tried.was_cut


def test_a_verifier_that_would_take_for_ever_is_not_tried() -> None:
    tried = Guesses([Verifier("anna", Form.SCRAM, Protected(b"x"), Protected(b"s"), 2**31)])
    assert tried.tries(None) == set()
    assert tried.derives == 0


def test_who_has_the_password_of_somebody_else_is_told_where_no_salt_hides_it() -> None:
    tried = Guesses(
        [kept(name, Form.NTLM, "same") for name in ("anna", "bert")] + [kept("carl", Form.NTLM, "own")]
    )
    assert tried.same() == [["anna", "bert"]]


def test_a_verifier_does_not_show_what_it_holds() -> None:
    assert "letmein" not in repr(kept("anna", Form.CLEAR, "letmein"))
