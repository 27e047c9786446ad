"""Signed notes: a text, and the Ed25519 signature that says who stands by it.

Source: C2SP signed-note (formats of notes, key ids and verifier keys) and C2SP tlog-checkpoint.
"""

import base64
import binascii
from hashlib import sha256

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "


class NoteSigner:
    """Signs notes under a name with the Ed25519 key of a 32-byte seed."""

    def __init__(self, name: str, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        """The public key as C2SP writes it: name+key id+base64."""
        encoded = base64.b64encode(_ED25519 + self._public).decode()
        return f"{self.name}+{_key_id(self.name, self._public).hex()}+{encoded}"

    def sign(self, text: str) -> str:
        """The note: the text, an empty line, the signature line. The text ends with a line break."""
        signature = _key_id(self.name, self._public) + self._key.sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {base64.b64encode(signature).decode()}\n"


def signed_text(note: str, verifier_key: str) -> str | None:
    """The text of a note that carries a good signature by this key, else None.

    Raises ValueError if the verifier key is none.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, public = read_verifier_key(verifier_key)
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.split("\n")[:-1]:
        signer, _, encoded = line.removeprefix(_DASH).partition(" ")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        if signer != name or signature[:4] != _key_id(name, public):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
        except InvalidSignature:
            return None
        return text
    return None


def read_verifier_key(verifier_key: str) -> tuple[str, bytes]:
    """Name and public key of a C2SP verifier key. Raises ValueError where it is none."""
    name, _, rest = verifier_key.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if key[:1] != _ED25519 or len(key) != 33 or _key_id(name, key[1:]).hex() != key_id:
        raise ValueError("no verifier key: name+id+key, where the id belongs to the others")
    return name, key[1:]


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]
