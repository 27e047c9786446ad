"""Sealing: bytes that only the holder of a key can read, and nobody can change or move elsewhere."""

import secrets

from trapstreet.core.model.errors import UnusableInput

NONCE_BYTES = 12


def seal(key: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """The plaintext under AES-256-GCM-SIV: a random 12-byte nonce, then ciphertext and tag (28 bytes longer).

    key  32 bytes; aad  what the sealed bytes belong to: they open with the same aad only
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCMSIV(key).encrypt(nonce, plaintext, aad)


def open_sealed(key: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    """The plaintext. Raises UnusableInput for another key, another aad or changed bytes."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    try:
        return AESGCMSIV(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise UnusableInput(
            "sealed data does not open",
            hint="it was changed, or it belongs to other keys; run trapstreet doctor",
        ) from error
