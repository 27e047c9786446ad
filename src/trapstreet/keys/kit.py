"""The recovery kit: one printable page that brings the keys back when everything else is gone."""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from unicodedata import normalize

from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.keys.ring import KeyRing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SHORTEST_PASSPHRASE = 8
_MAGIC = b"ts-kit-1"
_LOG2_N, _R, _P = 17, 8, 1  # 128 MiB and 0.4 s a guess
_BEGIN, _END = "---- kit begins ----", "---- kit ends ----"
_LINE_BYTES = 20
_NUMBERED = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s+(.*)")
_READ_AS = str.maketrans("018abcdefghijklmnopqrstuvwxyz", "OIBABCDEFGHIJKLMNOPQRSTUVWXYZ", " \t-")

_PAGE = """\
TRAPSTREET RECOVERY KIT

This page brings back the keys of one trapstreet workspace. Without them nobody can read its
registry, and nobody can tell your decoys from your customers.

  Keep it      on paper or on a medium of its own, away from the workspace and from its backups.
  You need     this page, its passphrase (it is written nowhere), and a backup of the workspace.
  To recover   type the lines below into a file if you have them on paper only (spaces and letter case
               do not matter; each line ends with a checksum, so a slip is found by its line), then run
               trapstreet restore BACKUP DIR --kit FILE

  Workspace    {workspace}
  Kit          {kit}
  Log key      {log}

"""


@dataclass(frozen=True, slots=True)
class RecoveryKit:
    """What a kit holds: the workspace's master key, and a private key of its own that lies nowhere else."""

    workspace_id: str
    master: Protected[bytes]
    private: Protected[bytes]

    @classmethod
    def of(cls, ring: KeyRing) -> "RecoveryKit":
        """A new kit for these keys, with a private key made for it."""
        return cls(ring.workspace_id, ring.master, Protected(secrets.token_bytes(32)))

    @property
    def public_key(self) -> bytes:
        """The X25519 key that inventories are sealed to; it also names the kit."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        return X25519PrivateKey.from_private_bytes(self.private.reveal()).public_key().public_bytes_raw()

    def ring(self) -> KeyRing:
        """The keys that the kit brings back."""
        return KeyRing(self.workspace_id, self.master)


def write_kit(kit: RecoveryKit, passphrase: Protected[str]) -> str:
    """The page: instructions for people, then the encrypted keys in numbered lines.

    Raises UnusableInput for a passphrase shorter than 8 characters. 0.4 s, 128 MiB.
    """
    if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
        raise UnusableInput(
            "the passphrase is too short",
            hint=f"take {SHORTEST_PASSPHRASE} characters or more, better five words",
        )
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    header = _MAGIC + bytes([_LOG2_N, _R, _P]) + salt + nonce
    content = canonical_cbor([kit.workspace_id, kit.master.reveal(), kit.private.reveal()])
    log_key = kit.ring().log_signer().verifier_key
    page = _PAGE.format(workspace=kit.workspace_id, kit=kit.public_key.hex(), log=log_key)
    return page + to_lines(header + _cipher(header, passphrase).encrypt(nonce, content, header))


def read_kit(page: str, passphrase: Protected[str], *, label: str = "the kit") -> RecoveryKit:
    """The kit of a page. Raises UnusableInput, naming the line where one is mistyped or missing.

    label  the file, for messages
    """
    import cbor2
    from cryptography.exceptions import InvalidTag

    data = from_lines(page, label=label)
    header, sealed = data[: len(_MAGIC) + 31], data[len(_MAGIC) + 31 :]
    if not header.startswith(_MAGIC) or not sealed:
        raise UnusableInput(f"{label} is a kit of another kind", hint="use the trapstreet that wrote it")
    try:
        content = _cipher(header, passphrase).decrypt(header[-12:], sealed, header)
    except InvalidTag as error:
        raise UnusableInput(
            f"the passphrase does not open {label}", hint="try again; case and spaces count"
        ) from error
    workspace_id, master, private = cbor2.loads(content)
    return RecoveryKit(workspace_id, Protected(master), Protected(private))


def to_lines(data: bytes) -> str:
    """The bytes as numbered lines of base32 in groups of four; the last group of each is its checksum."""
    pieces = [data[at : at + _LINE_BYTES] for at in range(0, len(data), _LINE_BYTES)]
    lines = [_BEGIN]
    for number, piece in enumerate(pieces, start=1):
        text = base64.b32encode(piece).decode().rstrip("=")
        groups = [text[at : at + 4] for at in range(0, len(text), 4)]
        lines.append(f"{number:>2}/{len(pieces)}  {' '.join(groups)}  {_checksum(number, piece)}")
    return "\n".join([*lines, _END, ""])


def from_lines(page: str, *, label: str) -> bytes:
    """The bytes of a page's lines. Raises UnusableInput, naming the first line mistyped or missing."""
    pieces: dict[int, bytes] = {}
    total = 0
    for line in _lines_between(page, label=label):
        numbered = _NUMBERED.fullmatch(line)
        expected = len(pieces) + 1
        if not numbered or int(numbered[1]) != expected or (total and int(numbered[2]) != total):
            raise _mistyped(expected, label)
        total = int(numbered[2])
        pieces[expected] = _piece(expected, numbered[3], label=label)
    if not pieces or len(pieces) != total:
        raise UnusableInput(f"{label}: line {len(pieces) + 1} is missing", hint="copy all of its lines")
    return b"".join(pieces.values())


def _lines_between(page: str, *, label: str) -> list[str]:
    lines = [line.strip() for line in page.splitlines()]
    if _BEGIN not in lines:
        raise UnusableInput(f"{label} is no recovery kit", hint=f"it has no line {_BEGIN!r}")
    body = lines[lines.index(_BEGIN) + 1 :]
    end = body.index(_END) if _END in body else len(body)
    return [line for line in body[:end] if line]


def _piece(number: int, typed: str, *, label: str) -> bytes:
    text = typed.translate(_READ_AS)
    data, checksum = text[:-4], text[-4:]
    try:
        piece = base64.b32decode(data + "=" * (-len(data) % 8))
    except (ValueError, binascii.Error) as error:
        raise _mistyped(number, label) from error
    if checksum != _checksum(number, piece):
        raise _mistyped(number, label)
    return piece


def _mistyped(number: int, label: str) -> UnusableInput:
    return UnusableInput(f"{label}: line {number} is mistyped", hint="compare it with the printed page")


def _checksum(number: int, piece: bytes) -> str:
    """Four base32 characters, 20 bits, of SHA-256 over the line's number and bytes."""
    return base64.b32encode(sha256(bytes([number]) + piece).digest())[:4].decode()


def _cipher(header: bytes, passphrase: Protected[str]) -> "AESGCM":
    """AES-256-GCM under scrypt of the passphrase (NFC, UTF-8) with the header's parameters and salt."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    log2_n, r, p = header[len(_MAGIC) : len(_MAGIC) + 3]
    salt = header[len(_MAGIC) + 3 : len(_MAGIC) + 19]
    if log2_n > 20 or r != _R or p != _P:
        raise UnusableInput("a kit of another kind", hint="use the trapstreet that wrote it")
    kdf = Scrypt(salt=salt, length=32, n=1 << log2_n, r=r, p=p)
    return AESGCM(kdf.derive(normalize("NFC", passphrase.reveal()).encode()))
