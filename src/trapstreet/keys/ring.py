"""The key ring: every key of a workspace, derived from its master key when it is asked for."""

import hmac
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trapstreet.core.model.encoding import prefixed
from trapstreet.core.model.protected import Protected

if TYPE_CHECKING:
    from trapstreet.core.fields.kind import Kind
    from trapstreet.keys.notes import NoteSigner

MASTER_BYTES = 32


def new_workspace_id() -> str:
    """A name for a new workspace: 16 characters, 80 random bits."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(secrets.choice(alphabet) for _ in range(16))


class KeyRing:
    """The keys of one workspace: HKDF-SHA256 of the master key, salted with the workspace's id.

    Keys for different purposes or ids are independent; none tells anything about the master key.
    """

    def __init__(self, workspace_id: str, master: Protected[bytes]) -> None:
        if len(master.reveal()) != MASTER_BYTES:
            raise ValueError("a master key is 32 bytes")
        self.workspace_id = workspace_id
        self._master = master

    @classmethod
    def generate(cls, workspace_id: str) -> "KeyRing":
        """A ring around a new random master key."""
        return cls(workspace_id, Protected(secrets.token_bytes(MASTER_BYTES)))

    @property
    def master(self) -> Protected[bytes]:
        """The master key, for the key folder and the recovery kit only."""
        return self._master

    def derive(self, purpose: str, *ids: str | int) -> bytes:
        """32 bytes for this purpose and these ids. Source: RFC 5869, with info `prefixed(purpose, *ids)`."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        hkdf = HKDF(SHA256(), MASTER_BYTES, salt=self.workspace_id.encode(), info=prefixed(purpose, *ids))
        return hkdf.derive(self._master.reveal())

    def siphash_key(self, purpose: str, *ids: str | int) -> bytes:
        """The first 16 bytes of `derive`: a key for SipHash-2-4."""
        return self.derive(purpose, *ids)[:16]

    def fingerprint_key(self, kind: "Kind", epoch: int) -> bytes:
        """SipHash key of the fingerprints of one field kind: one hash of a candidate serves all data sets."""
        return self.siphash_key("fingerprint", kind.value, epoch)

    def record_key(self, data_set: str) -> bytes:
        """SipHash key of a data set's RecordIds; no rotation changes it."""
        return self.siphash_key("record", data_set)

    def code_key(self, copy: str) -> bytes:
        """SipHash key of a copy's code bits and draws; opened when the copy's commitment is."""
        return self.siphash_key("code", copy)

    def code_keys(self, copies: Iterable[str]) -> list[bytes]:
        """`code_key` of each copy in turn: 2 µs each instead of 7, for whoever needs those of 100,000 copies.

        The extract step of RFC 5869 and what all messages of its expand step begin with are hashed once.
        """
        extracted = hmac.digest(self.workspace_id.encode(), self._master.reveal(), "sha256")
        begun = hmac.new(extracted, prefixed("code"), "sha256")
        keys = []
        for copy in copies:
            expanded = begun.copy()
            expanded.update(prefixed(copy) + b"\x01")
            keys.append(expanded.digest()[:16])
        return keys

    def storage_key(self, copy: str) -> bytes:
        """Key under which a copy's decoys are kept."""
        return self.derive("storage", copy)

    def recipients_key(self) -> bytes:
        """Key under which the names of recipients are kept."""
        return self.derive("recipients")

    def inventory_key(self) -> bytes:
        """Key that opens sealed inventories beside the recovery kit, so that a kit can be replaced."""
        return self.derive("inventory")

    def trap_key(self) -> bytes:
        """X25519 private key that traps seal to what they hear; only the public half ever leaves."""
        return self.derive("trap")

    def sightings_key(self) -> bytes:
        """Key under which is kept what hits show of whoever made them."""
        return self.derive("sightings")

    def party_key(self) -> bytes:
        """Key of the hashes of parties, by which uses fold into incidents."""
        return self.derive("party")

    def found_key(self) -> bytes:
        """Key of the hashes of where leaks lie, and of what they show, by which they are known again."""
        return self.derive("found")

    def watch_key(self) -> bytes:
        """Key of the hashes by which objects of watched sources are known again."""
        return self.derive("watch")

    def scan_key(self) -> bytes:
        """Key under which a scan keeps what it has finished."""
        return self.derive("scan")

    def uses_key(self, place: str, path: tuple[str, ...], column: str) -> bytes:
        """SipHash key of the RecordIds that past uses of a table named by a column."""
        return self.siphash_key("uses", place, *path, column)

    def log_signer(self) -> "NoteSigner":
        """Signer of the log's checkpoints, under the name `trapstreet/<workspace id>`."""
        from trapstreet.keys.notes import NoteSigner

        return NoteSigner(f"trapstreet/{self.workspace_id}", self.derive("log"))

    def check(self) -> str:
        """16 hexadecimal digits by which the workspace knows its own key again."""
        return self.derive("check")[:8].hex()
