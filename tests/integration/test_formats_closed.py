"""What nobody here takes apart is listed by what it is, and what is plain text in it is found."""

import subprocess
from collections.abc import Callable, Iterator
from random import Random

import pytest

from readers import needs
from taken_apart import read, source

PLAIN = b"maria.huber@example.com\t+49 30 901820\n"
NOISE = bytes(range(256)) * 8
ENCRYPTED = "encrypted; passwords are not tried on it: unpack it first"

CLOSED = {
    "a PostgreSQL dump in the custom format": b"PGDMP\x01\x0e\0",
    "a Redis dump": b"REDIS0011",
    "an Avro file": b"Obj\x01\x04",
    "an Access database": b"\0\x01\0\0Standard ACE DB\0",
    "a Windows image": b"MSWIM\0\0\0\xd0",
    "a SquashFS image": b"hsqs",
    "a disk image": b"QFI\xfb\0\0\0\x03",
    "an lzop file": b"\x89LZO\0\r\n\x1a\n",
    "a StuffIt archive": b"SIT!",
    "an ACE archive": b"1234567**ACE**",
}
SEALED = {
    "age": b"age-encryption.org/v1\n-> X25519 abc\n",
    "age, as text": b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n",
    "OpenSSL": b"Salted__" + bytes(range(8)),
    "KeePass": b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\0\0\x04\0",
    "LUKS": b"LUKS\xba\xbe\0\x02",
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_format_is_listed_by_name_and_its_plain_text_found(name: str) -> None:
    texts, [unread] = read(source(CLOSED[name] + NOISE + b"\n" + PLAIN, "d"))
    assert PLAIN.split()[0] in texts["d"]
    assert unread.why == f"{name} is not taken apart; only what is plain text in it was read"


@pytest.mark.parametrize("name", SEALED)
def test_what_is_encrypted_as_a_whole_is_listed(name: str) -> None:
    _, [unread] = read(source(SEALED[name] + NOISE, "d"))
    assert unread.why == ENCRYPTED


GPG: dict[str, list[str]] = {
    "by a password": ["--symmetric"],
    "by a password, packed before": ["--symmetric", "--compress-algo", "bzip2", "-z", "9"],
    "by a password, without a check": ["--symmetric", "--rfc4880", "--cipher-algo", "CAST5"],
    "for a key": ["--recipient", "maria@example.com", "--encrypt"],
    "for two keys": ["--recipient", "maria@example.com", "--recipient", "two@example.com", "--encrypt"],
    "for somebody who is not named": ["--hidden-recipient", "maria@example.com", "--encrypt"],
    "for a key, as text": ["--armor", "--recipient", "maria@example.com", "--encrypt"],
}


Made = Callable[[bytes, list[str]], bytes]


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """What GnuPG makes of a content, with a key of RSA and one of an elliptic curve."""
    needs("gpg")
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    batch = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--trust-model", "always"]
    batch += ["--pinentry-mode", "loopback", "--passphrase", "open sesame"]
    for name, kind in (("maria@example.com", "default"), ("two@example.com", "future-default")):
        command = [*batch, "--quick-generate-key", name, kind, "default"]
        subprocess.run(command, check=True, capture_output=True)

    def made(content: bytes, how: list[str]) -> bytes:
        return subprocess.run([*batch, *how], input=content, capture_output=True, check=True).stdout

    yield made
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False)


@pytest.mark.system
@pytest.mark.parametrize("how", GPG)
def test_what_gnupg_encrypts_is_listed(gpg: Made, how: str) -> None:
    _, [unread] = read(source(gpg(PLAIN, GPG[how]), "d"))
    assert unread.why == ENCRYPTED


@pytest.mark.system
@pytest.mark.parametrize("packed", ["zip", "zlib", "bzip2"])
def test_what_gnupg_signs_and_packs_is_listed(gpg: Made, packed: str) -> None:
    signed = gpg(PLAIN * 100, ["--sign", "--compress-algo", packed])
    assert PLAIN * 2 not in signed
    _, [unread] = read(source(signed, "d"))
    assert "a packed OpenPGP file is not taken apart" in unread.why


@pytest.mark.system
def test_what_gnupg_signs_and_leaves_readable_is_read(gpg: Made) -> None:
    texts, unread = read(source(gpg(PLAIN, ["--sign", "--compress-algo", "none"]), "d"))
    assert PLAIN.split()[0] in texts["d"]
    assert unread == []


def enveloped() -> bytes:
    """PLAIN as S/MIME, for somebody with a key of RSA."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs7

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "maria")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + dt.timedelta(99))
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(PLAIN).add_recipient(made.sign(key, hashes.SHA256()))
    return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def test_what_is_encrypted_as_s_mime_is_listed() -> None:
    _, [unread] = read(source(enveloped(), "smime.p7m"))
    assert unread.why == ENCRYPTED


def test_what_only_begins_alike_is_text() -> None:
    random = Random(3)
    for first in (0x84, 0x85, 0x8C, 0xA3, 0xC1, 0xC3, 0x30):
        for size in (0, 1, 2, 7, 100, 5000):
            data = bytes([first]) + random.randbytes(size)
            assert read(source(data, "d"))[1] == [], (first, size)
    for text in ("Ähnlich: maria@example.com", "£ 20", "…", "à l'heure", "Ćwik", "0,1"):
        for encoding in ("utf-8", "cp1252", "cp850", "cp1250", "utf-16"):
            data = text.encode(encoding, "replace")
            assert read(source(data, "d"))[1] == [], (text, encoding)
