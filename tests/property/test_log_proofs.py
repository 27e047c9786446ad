"""Merkle proofs hold for every tree and for nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.maths.merkle import (
    Frontier,
    consistency_proof,
    includes,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    merkle_root,
    node_hash,
)

LEAVES = [b"%d" % number for number in range(70)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [merkle_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]


def root_by_definition(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word by word."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while 2 * split < len(hashes):
        split *= 2
    return node_hash(root_by_definition(hashes[:split]), root_by_definition(hashes[split:]))


def test_the_frontier_has_the_root_of_the_definition_at_every_size() -> None:
    frontier = Frontier()
    for size, hashed in enumerate(HASHES, start=1):
        frontier = frontier.add(hashed)
        assert frontier.root() == root_by_definition(HASHES[:size])
        assert len(frontier.roots) == size.bit_count()


def test_every_leaf_of_every_tree_is_proved() -> None:
    for size in range(1, 34):
        for index in range(size):
            proof = inclusion_proof(HASHES[:size], index)
            assert includes(HASHES[index], index=index, size=size, proof=proof, root=ROOTS[size])


def test_every_older_tree_is_proved_a_prefix() -> None:
    for size in range(1, 34):
        for old_size in range(1, size + 1):
            proof = consistency_proof(HASHES[:size], old_size)
            assert is_consistent(
                old_size=old_size, old_root=ROOTS[old_size], size=size, root=ROOTS[size], proof=proof
            )


@given(size=st.integers(2, 70), data=st.data())
def test_an_inclusion_proof_of_something_else_does_not_hold(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(HASHES[:size], index)
    other = data.draw(st.integers(0, size - 1).filter(lambda each: each != index))
    assert not includes(HASHES[other], index=index, size=size, proof=proof, root=ROOTS[size])
    assert not includes(HASHES[index], index=other, size=size, proof=proof, root=ROOTS[size])
    assert not includes(HASHES[index], index=index, size=size, proof=proof[:-1], root=ROOTS[size])
    assert not includes(HASHES[index], index=index, size=size, proof=[*proof, ROOTS[1]], root=ROOTS[size])


@given(size=st.integers(2, 70), data=st.data())
def test_a_rewritten_history_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old_size - 1))
    rewritten = [*HASHES[:changed], leaf_hash(b"forged"), *HASHES[changed + 1 : size]]
    frontier = Frontier()
    for hashed in rewritten:
        frontier = frontier.add(hashed)
    proof = consistency_proof(rewritten, old_size)
    assert not is_consistent(
        old_size=old_size, old_root=ROOTS[old_size], size=size, root=frontier.root(), proof=proof
    )
