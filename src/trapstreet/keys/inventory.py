"""Sealed inventories: lists of decoys that the recovery kit can read when everything else is gone.

Writing one takes no secret of the kit. Reading one takes the kit's private key, or the workspace's keys: so
a lost kit can be replaced, and every inventory made readable by the new one (docs/adr/0001-keys-and-kit.md).
"""

import secrets
from dataclasses import dataclass
from itertools import pairwise

from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.sealing import open_sealed, seal

_MAGIC = b"ts-sealed-1\n"
_WRAPPED = 12 + 32 + 16


@dataclass(frozen=True, slots=True)
class Inventory:
    """A sealed inventory: its content under a key of its own, and that key wrapped for the kit and for the
    workspace.

    kit_public  the X25519 key of the kit that can open it
    """

    kit_public: bytes
    ephemeral: bytes
    for_kit: bytes
    for_workspace: bytes
    content: bytes

    def to_bytes(self) -> bytes:
        """The file: the parts one after another; all but the content have a fixed size."""
        return b"".join(
            (_MAGIC, self.kit_public, self.ephemeral, self.for_kit, self.for_workspace, self.content)
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Inventory":
        """The parts of a file. Raises UnusableInput if it is no sealed inventory."""
        body = data.removeprefix(_MAGIC)
        if len(body) == len(data) or len(body) < 64 + 2 * _WRAPPED + 28:
            raise UnusableInput("not a sealed inventory", hint="take the file from a backup")
        cuts = (0, 32, 64, 64 + _WRAPPED, 64 + 2 * _WRAPPED, len(body))
        return cls(*(body[start:stop] for start, stop in pairwise(cuts)))


def seal_to(kit_public: bytes, plaintext: bytes, *, inventory_key: bytes) -> Inventory:
    """The plaintext sealed to a kit's public key and to the workspace's `KeyRing.inventory_key`."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    content_key = secrets.token_bytes(32)
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(kit_public))
    return Inventory(
        kit_public=kit_public,
        ephemeral=public,
        for_kit=seal(_wrapping_key(shared, public, kit_public), content_key, aad=_MAGIC + b"kit"),
        for_workspace=seal(inventory_key, content_key, aad=_MAGIC + b"workspace"),
        content=seal(content_key, plaintext, aad=_MAGIC + kit_public),
    )


def open_with(kit_private: bytes, inventory: Inventory) -> bytes:
    """The plaintext, by the kit's private key. Raises UnusableInput if it is another kit's."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    private = X25519PrivateKey.from_private_bytes(kit_private)
    shared = private.exchange(X25519PublicKey.from_public_bytes(inventory.ephemeral))
    wrapping = _wrapping_key(shared, inventory.ephemeral, private.public_key().public_bytes_raw())
    return _content(inventory, open_sealed(wrapping, inventory.for_kit, aad=_MAGIC + b"kit"))


def open_with_workspace(inventory_key: bytes, inventory: Inventory) -> bytes:
    """The plaintext, by the workspace's own key. Raises UnusableInput if it is another workspace's."""
    return _content(inventory, open_sealed(inventory_key, inventory.for_workspace, aad=_MAGIC + b"workspace"))


def _content(inventory: Inventory, content_key: bytes) -> bytes:
    return open_sealed(content_key, inventory.content, aad=_MAGIC + inventory.kit_public)


def _wrapping_key(shared: bytes, ephemeral: bytes, kit_public: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=ephemeral + kit_public, info=_MAGIC).derive(shared)
