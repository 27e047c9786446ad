"""Mathematics: keyed hashes, Merkle trees, exact tails."""
