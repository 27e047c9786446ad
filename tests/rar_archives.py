"""RAR archives with passwords, as the format's description has them: RAR itself is not free.

tests/integration/test_formats_rar.py holds those of RAR 5 to unar, which has been written by others.
"""

import hashlib
import hmac
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

ROUNDS = 4
"""As a power of two: RAR takes 15."""

BLOCK = 5000
"""Bytes that are packed together."""


SALT = b"of RAR 4"


@dataclass(frozen=True)
class Held:
    """A file of an archive: encrypted if it has a password.

    packed  by Huffman codes; else it is stored
    solid   unpacked with the codes of the file before it
    salt    None: as the archive has it
    check   whether the archive tells by what the password is known
    keyed   its checksum depends on the password
    split   it goes on in another volume
    blake   its checksum is BLAKE2sp
    checked it has a checksum
    extra   further records of its header
    """

    name: str
    content: bytes
    password: str = ""
    packed: bool = False
    solid: bool = False
    salt: bytes | None = None
    check: bool = True
    keyed: bool = True
    split: bool = False
    blake: bool = False
    checked: bool = True
    extra: bytes = b""
    rounds: int = ROUNDS
    version: int = 0


def rar5(files: Sequence[Held], *, names: str = "", check: bool = True, rounds: int = ROUNDS) -> bytes:
    """names: the password of the headers, too."""
    begin, key = b"Rar!\x1a\x07\x01\0", b""
    if names:
        salt = os.urandom(16)
        key = _derived(names, salt, 1 << rounds)
        told = _check(names, salt, rounds) if check else b""
        begin += _block(_numbers(4, 0, 0, int(check)) + bytes([rounds]) + salt + told)

    def block(fields: bytes) -> bytes:
        plain = _block(fields)
        if not key:
            return plain
        vector = os.urandom(16)
        return vector + _encrypted(plain, key, vector)

    solid = any(each.solid for each in files)
    parts = [begin, block(_numbers(1, 0, 4 * solid))]
    for each in files:
        data, extra, checksum = _packed(each), b"", zlib.crc32(each.content).to_bytes(4, "little")
        if each.blake:
            checksum = _blake2sp(each.content)
        if each.password:
            salt, vector = os.urandom(16) if each.salt is None else each.salt, os.urandom(16)
            data = _encrypted(data, _derived(each.password, salt, 1 << each.rounds), vector)
            told = _check(each.password, salt, each.rounds) if each.check else b""
            how = each.check | each.keyed << 1
            record = _numbers(1, each.version, how) + bytes([each.rounds]) + salt + vector + told
            extra = _numbers(len(record)) + record
            if each.keyed:
                keyed = _derived(each.password, salt, (1 << each.rounds) + 16)
                checksum = hmac.digest(keyed, checksum, "sha256")
                checksum = checksum if each.blake else _folded(checksum, 4).to_bytes(4, "little")
        if each.blake:
            extra += _numbers(2 + len(checksum), 2, 0) + checksum
        extra = each.extra + extra
        flags = 2 | bool(extra) | 16 * each.split
        sizes = _numbers(len(extra), len(data)) if extra else _numbers(len(data))
        has_crc = each.checked and not each.blake
        about = _numbers(4 * has_crc, len(each.content), 0o100644)
        about += checksum if has_crc else b""
        method = _numbers(each.solid << 6 | (0x180 if each.packed else 0), 1)
        name = each.name.encode()
        parts += [
            block(_numbers(2, flags) + sizes + about + method + _numbers(len(name)) + name + extra),
            data,
        ]
    return b"".join([*parts, block(_numbers(5, 0, 0))])


def rar4(files: Sequence[Held], *, names: str = "", owners: bool = False) -> bytes:
    """Files are stored, and have one salt if they say no other.

    names   the password of the headers, too
    owners  it tells whose the files were
    """

    def block(kind: int, flags: int, body: bytes, *, sealed: bool = True) -> bytes:
        plain = _block4(struct.pack("<BHH", kind, flags, 7 + len(body)) + body)
        if not names or not sealed:
            return plain
        return SALT + _encrypted(plain, *_derived4(names, SALT))

    parts = [b"Rar!\x1a\x07\0", block(0x73, 0x80 * bool(names), bytes(6), sealed=False)]
    for each in files:
        data, salt, flags = each.content, b"", 0x8000 | 2 * each.split
        if each.password:
            salt, flags = SALT if each.salt is None else each.salt, flags | 0x404
            data = _encrypted(data, *_derived4(each.password, salt))
        name = each.name.encode()
        sizes = len(data), len(each.content), 3, zlib.crc32(each.content), 0x52000000
        about = struct.pack("<IIBIIBBHI", *sizes, each.version or 29, 0x30, len(name), 0o100644)
        parts += [block(0x74, flags, about + name + salt), data]
        if owners:
            parts += [
                block(0x7A, 0x8010, struct.pack("<IIBIIBBHI", 4, 4, 3, 0, 0, 29, 0x30, 3, 0) + b"UOW"),
                b"root",
            ]
    return b"".join([*parts, block(0x7B, 0x4000, b"")])


def _packed(each: Held) -> bytes:
    """The content in blocks. The first begins with a table of codes, of which those of bytes are these bytes.

    A solid file has none: it needs that of the file before it.
    """
    if not each.packed:
        return each.content
    lengths = {8: 1, 17: 2, 19: 2}  # of the codes for: eight, as before so often, zero so often
    eights = "0" + "10" + f"{127:07b}" + "10" + f"{106:07b}"
    zeros = "11" + f"{127:07b}" + "11" + f"{25:07b}"
    table = "".join(f"{lengths.get(symbol, 0):04b}" for symbol in range(20)) + eights + zeros
    starts, packed = range(0, len(each.content), BLOCK), b""
    for start in starts:
        has_table, is_last = start == 0 and not each.solid, start == starts[-1]
        bits = table * has_table
        bits += "".join(f"{byte:08b}" for byte in each.content[start : start + BLOCK])
        size = -(-len(bits) // 8)
        flags = 0x40 * is_last | 0x80 * has_table | 2 << 3 | (len(bits) - 1) % 8
        length = size.to_bytes(3, "little")
        checksum = 0x5A ^ flags ^ length[0] ^ length[1] ^ length[2]
        packed += bytes([flags, checksum]) + length + int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")
    return packed


def _block(fields: bytes) -> bytes:
    sized = _numbers(len(fields)) + fields
    return struct.pack("<I", zlib.crc32(sized)) + sized


def _block4(head: bytes) -> bytes:
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head


def _numbers(*values: int) -> bytes:
    out = bytearray()
    for value in values:
        left = value
        while left > 0x7F:
            out.append(left & 0x7F | 0x80)
            left >>= 7
        out.append(left)
    return bytes(out)


def _derived(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)


def _check(password: str, salt: bytes, rounds: int) -> bytes:
    told = _folded(_derived(password, salt, (1 << rounds) + 32), 8).to_bytes(8, "little")
    return told + hashlib.sha256(told).digest()[:4]


def _blake2sp(data: bytes) -> bytes:
    tree: dict[str, Any] = {"fanout": 8, "depth": 2, "inner_size": 32}
    root = hashlib.blake2s(**tree, node_depth=1, last_node=True)
    for leaf in range(8):
        own = b"".join(data[at : at + 64] for at in range(64 * leaf, len(data), 512))
        root.update(hashlib.blake2s(own, **tree, node_offset=leaf, last_node=leaf == 7).digest())
    return root.digest()


def _folded(data: bytes, size: int) -> int:
    folded = 0
    for at in range(0, len(data), size):
        folded ^= int.from_bytes(data[at : at + size], "little")
    return folded


@cache
def _derived4(password: str, salt: bytes) -> tuple[bytes, bytes]:
    """Key and vector, as RAR 3 and 4 make them."""
    digest, vector = hashlib.sha1(), bytearray()
    for number in range(1 << 18):
        digest.update(password.encode("utf-16-le") + salt + number.to_bytes(3, "little"))
        if number % (1 << 14) == 0:
            vector.append(digest.digest()[19])
    words = struct.unpack(">4I", digest.digest()[:16])
    return struct.pack("<4I", *words), bytes(vector)


def _encrypted(data: bytes, key: bytes, vector: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return cipher.update(data + bytes(-len(data) % 16))
