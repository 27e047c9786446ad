"""Merkle trees of RFC 6962: roots, proofs, and a frontier that grows by one leaf in O(log n).

Source: RFC 6962, section 2.1 (hashes and proofs); RFC 9162, section 2.1 (checking proofs).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

EMPTY_ROOT = sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf: SHA-256 of 0x00 and its bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree that can grow: its size, and the roots of its perfect subtrees, largest first.

    There is one root per 1 bit of `size`, so a tree of a million leaves is 20 hashes at the most.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def add(self, hashed_leaf: bytes) -> "Frontier":
        """The tree with one more leaf, given as its leaf hash."""
        roots = list(self.roots)
        top = hashed_leaf
        bits = self.size
        while bits & 1:
            top = node_hash(roots.pop(), top)
            bits >>= 1
        return Frontier(self.size + 1, (*roots, top))

    def root(self) -> bytes:
        """The root hash of the whole tree."""
        if not self.roots:
            return EMPTY_ROOT
        *rest, top = self.roots
        for left in reversed(rest):
            top = node_hash(left, top)
        return top


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """The root over the leaves, given as their bytes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.add(leaf_hash(leaf))
    return frontier.root()


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of these leaf hashes, lowest sibling first.

    Raises IndexError if there is no such leaf. O(n).
    """
    if not 0 <= index < len(hashes):
        raise IndexError("no such leaf")
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*inclusion_proof(hashes[:split], index), _root(hashes[split:])]
    return [*inclusion_proof(hashes[split:], index - split), _root(hashes[:split])]


def consistency_proof(hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """The proof that the tree of the first `old_size` leaf hashes is a prefix of the tree of them all.

    Raises ValueError unless 0 < old_size <= len(hashes). O(n).
    """
    if not 0 < old_size <= len(hashes):
        raise ValueError("the older tree has at least one leaf and no more than the newer")
    return _subproof(hashes, old_size, whole=True)


def includes(hashed_leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows the leaf at `index` in the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        return False
    position, last, top = index, size - 1, hashed_leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            top = node_hash(sibling, top)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            top = node_hash(top, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and top == root


def is_consistent(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the older tree is a prefix of the newer."""
    if old_size == size:
        return not proof and old_root == root
    if not 0 < old_size < size:
        return False
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        return False
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_top = new_top = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_top, new_top = node_hash(sibling, old_top), node_hash(sibling, new_top)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_top = node_hash(new_top, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old_top == old_root and new_top == root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _root(hashes: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    for hashed in hashes:
        frontier = frontier.add(hashed)
    return frontier.root()


def _subproof(hashes: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2; `whole`: the older tree is the subtree that the reader knows."""
    if old_size == len(hashes):
        return [] if whole else [_root(hashes)]
    split = _split(len(hashes))
    if old_size <= split:
        return [*_subproof(hashes[:split], old_size, whole=whole), _root(hashes[split:])]
    return [*_subproof(hashes[split:], old_size - split, whole=False), _root(hashes[:split])]
