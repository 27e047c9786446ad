"""The workspace's keys: derived from one master key, kept apart from what they open.

Formats and their reasons are in docs/adr/0001-keys-and-kit.md.
"""

from trapstreet.keys.folder import KeyFolder
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal

__all__ = ["KeyFolder", "KeyRing", "open_sealed", "seal"]
